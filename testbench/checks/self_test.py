#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each check of this directory is seen to fail: a violation of every rule is reported, and what
keeps the rules is not.

Usage: self_test.py
"""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import committed_text
import cpp_text
import documented_commands
import exported_ipxact
import exported_markdown
import exported_registers
import layering
import lspci_decodes
import map_against_csv
import map_against_driver
import readme_outputs
import register_map
import repository
import testplan
import tidy

HERE = Path(__file__).resolve().parent


def layering_of(name, text):
    """Problems of one C++ file at `name`."""
    return list(layering.problems_in(Path(name), text))


class Layering(unittest.TestCase):
    """Directions of dependency."""

    def test_every_upward_include_is_reported(self):
        for name, path in (("model/a.h", "traces/vcd_recorder.h"),
                           ("model/a.h", "tlm_bridge/device.h"),
                           ("model/a.cpp", "testbench/config/topology_file.h"),
                           ("traces/a.h", "model/regs/nt_map.h"),
                           ("traces/a.h", "model/config.h"),
                           ("traces/a.h", "tlm_bridge/device.h"),
                           ("tlm_bridge/a.h", "testbench/regs/export.h"),
                           ("tlm_bridge/a.h", "model/regs/map.h"),
                           ("testbench/a.h", "qemu_glue/a.h")):
            with self.subTest(name=name, path=path):
                self.assertEqual(len(layering_of(name, f'#include "{path}"\n')), 1)
                self.assertEqual(len(layering_of(name, f"#include <{path}>\n")), 1)

    def test_downward_includes_are_allowed(self):
        for name, path in (("model/a.h", "model/regs/map.h"), ("traces/a.h", "traces/b.h"),
                           ("traces/a.h", "model/trace_sink.h"), ("traces/a.h", "model/types.h"),
                           ("traces/a.h", "model/tlp_appearance.h"),
                           ("tlm_bridge/a.h", "model/pcie_extension.h"),
                           ("testbench/a.h", "model/regs/nt_map.h"),
                           ("testbench/a.h", "tlm_bridge/device.h")):
            with self.subTest(name=name, path=path):
                self.assertEqual(layering_of(name, f'#include "{path}"\n'), [])

    def test_relative_includes_are_reported(self):
        self.assertEqual(len(layering_of("model/a.h", '#include "../traces/b.h"\n')), 1)
        self.assertEqual(len(layering_of("model/a.h", '#include "b.h"\n')), 1)

    def test_model_includes_no_system_header_of_the_host(self):
        for header in ("thread", "mutex", "atomic", "chrono", "fstream", "filesystem", "cstdio",
                       "iostream", "unistd.h", "sys/socket.h", "time.h", "fmt/core.h"):
            with self.subTest(header=header):
                self.assertEqual(len(layering_of("model/a.h", f"#include <{header}>\n")), 1)
                self.assertEqual(layering_of("testbench/a.h", f"#include <{header}>\n"), [])
        for header in ("array", "systemc", "tlm", "tlm_utils/simple_target_socket.h"):
            with self.subTest(header=header):
                self.assertEqual(layering_of("model/a.h", f"#include <{header}>\n"), [])

    def test_model_uses_nothing_of_the_host(self):
        for code in ("std::thread t;", "std::mutex m;", "auto now = std::chrono::system_clock{};",
                     "std::ofstream f;", "int fd = ::open(path, 0);", "::write(fd, p, n);",
                     "printf(\"x\");", "auto* p = dynamic_cast<b*>(a);", "typeid(x).name();",
                     "std::cout << 1;"):
            with self.subTest(code=code):
                self.assertGreaterEqual(len(layering_of("model/a.cpp", f"void f() {{ {code} }}\n")),
                                        1)
                self.assertEqual(layering_of("tlm_bridge/a.cpp", f"void f() {{ {code} }}\n"), [])

    def test_comments_literals_and_members_are_not_code(self):
        for text in ("// std::thread\n", "/* a\n std::mutex */\n", "auto s = \"std::thread\";\n",
                     "// #include \"traces/a.h\"\n", "queue.write(1); socket(2); x.open(3);\n",
                     "auto big = 1'000'000; // printf(\n"):
            with self.subTest(text=text):
                self.assertEqual(layering_of("model/a.cpp", text), [])

    def test_code_behind_a_literal_is_seen(self):
        text = "char c = '\"'; std::thread t; char d = '\"';\n"
        self.assertEqual(len(layering_of("model/a.cpp", text)), 1)
        self.assertEqual(list(cpp_text.includes('x\n  # include "a/b.h"\n')), [(2, '"', "a/b.h")])

    def test_python_outside_the_glue_does_not_import_it(self):
        def problems(name, text):
            return list(layering.python_problems_in(Path(name), text, {"guest", "report"},
                                                    {"report", "client"}))

        path = 'import sys\nsys.path.insert(0, str(ROOT / "qemu_glue"))\n'
        for text in ("import guest\n", "from guest import Guest\n", "def f():\n    import guest\n",
                     "import os, guest\n", "from qemu_glue.report import Row\n", path,
                     'import sys\nsys.path += ["qemu_glue"]\n'):
            with self.subTest(text=text):
                self.assertEqual(len(problems("testbench/serve/a.py", text)), 1)
                self.assertEqual(problems("qemu_glue/tests/a.py", text), [])
        for text in ("import report\n", "from client import Client\n", "# import guest\n",
                     'CONFIG = ROOT / "qemu_glue" / "cosim.py"\n'):
            with self.subTest(text=text):
                self.assertEqual(problems("testbench/serve/a.py", text), [])

    def test_a_declared_exception_has_a_reason_and_is_used(self):
        for name, reason in layering.MAY_IMPORT_GLUE.items():
            self.assertTrue(reason)
            self.assertEqual(list(layering.python_problems_in(Path(name), "import guest\n",
                                                              {"guest"}, set())), [])
            self.assertEqual(len(list(layering.python_problems_in(Path(name), "import os\n",
                                                                  {"guest"}, set()))), 1)

    def test_the_check_fails_as_a_process(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model" / "a.h"
            file.parent.mkdir()
            for text, status in (('#include "traces/a.h"\n', 1), ("#include <array>\n", 0)):
                file.write_text(text, encoding="utf-8")
                run = subprocess.run([sys.executable, "-B", str(HERE / "layering.py"), folder],
                                     check=False, capture_output=True, text=True)
                self.assertEqual(run.returncode, status, run.stdout + run.stderr)

    def test_an_empty_tree_is_no_success(self):
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run([sys.executable, "-B", str(HERE / "layering.py"), folder],
                                 check=False, capture_output=True)
            self.assertEqual(run.returncode, 1)


class CommittedText(unittest.TestCase):
    """Licence lines and traces of the machine."""

    LICENSED = "// " + committed_text.LICENCE + "\n"

    def problems(self, name, text):
        """Problem lines of one file."""
        return list(committed_text.problems_in(Path(name), text))

    def test_source_without_licence_is_reported(self):
        for name in ("a.h", "b/a.cpp", "a.py", "CMakeLists.txt", "a.sh"):
            with self.subTest(name=name):
                self.assertEqual(len(self.problems(name, "int a;\n")), 1)
                self.assertEqual(self.problems(name, self.LICENSED), [])
        self.assertEqual(len(self.problems("ntb", "#!/bin/bash\n")), 1)
        self.assertEqual(self.problems("README.md", "text\n"), [])

    def test_what_runs_inside_qemu_has_a_licence_of_its_own(self):
        inside = "// " + committed_text.LICENCE_INSIDE_QEMU + "\n"
        self.assertEqual([], list(committed_text.problems_in(Path("qemu_glue/stub/x.h"), inside)))
        self.assertEqual(1, len(list(committed_text.problems_in(Path("qemu_glue/stub/x.h"),
                                                                self.LICENSED))))
        self.assertEqual(1, len(list(committed_text.problems_in(Path("model/x.h"), inside))))

    def test_a_licence_far_down_does_not_count(self):
        self.assertEqual(len(self.problems("a.h", "\n\n\n" + self.LICENSED)), 1)

    def test_a_path_of_the_machine_is_reported(self):
        for text in ("see /" + "data/x", "-I/" + "home/ada/include", "file:///" + "scratch/x",
                     "(/" + "build2/a.o)", "http://deb." + "debian.org/debian",
                     "https://mirror.example/debian" + "/dists"):
            with self.subTest(text=text):
                self.assertEqual(len(self.problems("README.md", text + "\n")) > 0, True)

    def test_ordinary_text_is_not_reported(self):
        for text in ("build/frame/data", "network/data/a", "https://www.debian.org/", "out/data/x",
                     "/usr/include/x.h", "`/tmp/x/y`", "a/b/c", "rx/tx/both", "</svg/x>"):
            with self.subTest(text=text):
                self.assertEqual(self.problems("README.md", text + "\n"), [])


def small_map(**changes):
    """A map with one register, NTINTSTS, in its place."""
    row = {"name": "NTINTSTS", "offset": 0x404, "size": 4, "reset": 0, "confidence": "documented",
           "members": [{"name": "NTINTSTS", "offset": 0x404}],
           "fields": [{"name": "MSG", "msb": 0, "lsb": 0, "access": "ro", "reset": 0},
                      {"name": "SEVENT", "msb": 3, "lsb": 3, "access": "rw1c", "reset": 0}]}
    row.update(changes)
    return register_map.RegisterMap({"spaces": [{"name": "nt", "registers": [row]}]})


def declared_map():
    """A map with a function base, a mapped and a declared register with declared fields."""
    def fields(*names):
        return [{"name": name, "access": "rw", "reset": 0} for name in names]
    mapped = {"name": "SWPART{x}CTL", "offset": 0x100, "size": 4, "confidence": "documented",
              "members": [{"name": "SWPART0CTL", "offset": 0x100}], "fields": [],
              "declared_fields": fields("FEN", "FCAPSEL")}
    unplaced = {"name": "DMAC{x}STS", "offset": None, "size": 4, "confidence": "documented",
                "fields": [], "declared_fields": fields("RUN", "A")}
    base = {"name": "NT_FUNCTION_BASE", "offset": 0x1000, "stride": 0x2000, "bytes": 4096,
            "confidence": "documented"}
    return register_map.RegisterMap({"functions": [base], "spaces": [
        {"name": "sw", "registers": [mapped]},
        {"name": "dma", "registers": [], "declared": [unplaced]}]})


class MapAgainstCsv(unittest.TestCase):
    """Facts file and map."""

    ROW = {"space": "NT", "name": "NTINTSTS", "offset": "0x404", "size_bytes": "4",
           "fields": "MSG[0:0]:RO?|SEVENT[3:3]:RW1C:0?", "confidence": "documented"}
    DECLARED = ({"space": "SW", "name": "SWPARTxCTL (x=0..0)", "offset": "0x100 + 0x20*x",
                 "size_bytes": "4", "fields": "FEN:RW (position unknown)|FCAPSEL:RW (position "
                 "unknown)", "confidence": "documented"},
                {"space": "DMA", "name": "DMACxSTS", "offset": "unknown", "size_bytes": "4",
                 "fields": "RUN:RW|A (aborted):RW1C?: positions unknown",
                 "confidence": "documented (existence) / unknown (offset)"},
                {"space": "PORT", "name": "NT_FUNCTION_BASE", "offset": "0x01000 + 0x2000*port",
                 "size_bytes": "4096 bytes", "fields": "n/a", "confidence": "documented"})

    def problems(self, row=None, regs=None):
        """Problems of one row of the file against a map."""
        return map_against_csv.compare([{**self.ROW, **(row or {})}], regs or small_map())[0]

    def test_agreement_is_no_problem(self):
        self.assertEqual(self.problems(), [])

    def test_every_difference_is_reported(self):
        self.assertEqual(len(self.problems({"offset": "0x408"})), 1)
        self.assertEqual(len(self.problems({"size_bytes": "2"})), 1)
        both = "MSG[0:0]:RO|SEVENT[3:3]:RW1C"
        self.assertEqual(len(self.problems({"fields": both.replace("0:0", "1:1")})), 1)
        self.assertEqual(len(self.problems({"fields": both + "|OTHER[5:5]:RO"})), 1)
        self.assertEqual(len(self.problems({"name": "NTOTHER"})), 2)
        self.assertEqual(len(self.problems({"space": "OTHER"})), 2)
        self.assertEqual(len(self.problems({"space": "SW"})), 1)
        self.assertEqual(len(self.problems({"confidence": "inferred"})), 1)
        self.assertEqual(len(self.problems({"fields": "MSG[0:0]:RO"})), 1)
        self.assertEqual(len(self.problems({"fields": "MSG[0:0]:RW|SEVENT[3:3]:RW1C"})), 1)
        self.assertEqual(len(self.problems({"fields": "MSG[0:0]:RO:1|SEVENT[3:3]:RW1C"})), 1)

    def test_what_has_no_place_is_declared(self):
        def problems(changed, **change):
            rows = [{**row, **(change if i == changed else {})}
                    for i, row in enumerate(self.DECLARED)]
            return map_against_csv.compare(rows, declared_map())[0]

        self.assertEqual(problems(None), [])
        self.assertEqual(len(problems(0, fields="FEN:RW (position unknown)")), 1)
        self.assertEqual(len(problems(0, fields="FEN|FCAPSEL|MORE: RW (positions unknown)")), 1)
        self.assertEqual(len(problems(0, fields="FEN:RO|FCAPSEL:RW (position unknown)")), 1)
        self.assertEqual(len(problems(1, name="DMACxCFG")), 2)
        self.assertEqual(len(problems(1, offset="0x40")), 2)
        self.assertEqual(len(problems(1, confidence="unknown")), 1)
        self.assertEqual(len(problems(2, offset="0x01000 + 0x4000*port")), 1)
        self.assertEqual(len(problems(2, size_bytes="8192 bytes")), 1)
        self.assertEqual(len(problems(2, name="OLD_FUNCTION_BASE")), 1)

    def test_families_expand(self):
        self.assertEqual(list(map_against_csv.members(
            "SWPxMSGCTLn (x=0..1 partition, n=0..1 message)", "0x3EE00 + 4*x + 0x20*n")),
            [("SWP0MSGCTL0", 0x3EE00), ("SWP0MSGCTL1", 0x3EE20), ("SWP1MSGCTL0", 0x3EE04),
             ("SWP1MSGCTL1", 0x3EE24)])
        ports = list(map_against_csv.members("SWPORTxSTS (x=port)", "0x3E204 + 0x20*port"))
        self.assertEqual(ports[23], ("SWPORT23STS", 0x3E4E4))
        self.assertEqual(list(map_against_csv.members("A", "unknown")), [("A", None)])
        self.assertEqual(list(map_against_csv.members("A / B (names assumed)", "unknown")),
                         [("A", None), ("B", None)])
        self.assertEqual(list(map_against_csv.members("ACSCAP (P2P)", "US base + 0x324")),
                         [("P2PACSCAP", 0x324)])


class MapAgainstDriver(unittest.TestCase):
    """The driver's header and the map."""

    def problems(self, line, regs=None):
        """Problems of a header of one line, without the one about its length."""
        return [problem for problem in map_against_driver.compare(line + "\n",
                                                                  regs or small_map())[0]
                if not problem.startswith("only ")]

    def test_agreement_is_no_problem(self):
        for line in ("#define IDT_NT_NTINTSTS\t\t0x00404U", "#define IDT_NTINTSTS_MSG 0x00000001U",
                     "#define IDT_SW_NTP2_NTINTSTS 0x05404U", "#define IDT_NTINTSTS_SEVENT_FLD 3",
                     "#define IDT_MAX_NR_PORTS 24"):
            with self.subTest(line=line):
                self.assertEqual(self.problems(line), [])

    def test_every_difference_is_reported(self):
        for line in ("#define IDT_NT_NTINTSTS\t\t0x00408U", "#define IDT_NT_NEW 0x00700U",
                     "#define IDT_SW_NTP2_NTINTSTS 0x04404U",
                     "#define IDT_NTINTSTS_MSG 0x00000002U", "#define IDT_NTINTSTS_NEW 0x10U",
                     "#define IDT_NTINTSTS_SEVENT_FLD 4"):
            with self.subTest(line=line):
                self.assertEqual(len(self.problems(line)), 1)

    def test_a_value_must_lie_in_its_field(self):
        mask = "#define IDT_NTINTSTS_SEVENT_MASK 0x8U\n"
        self.assertEqual(self.problems(mask + "#define IDT_NTINTSTS_SEVENT_ON 0x8U"), [])
        self.assertEqual(len(self.problems(mask + "#define IDT_NTINTSTS_SEVENT_ON 0x9U")), 1)

    def test_a_header_that_reads_differently_is_reported(self):
        self.assertIn("only 0 offsets", map_against_driver.compare("", small_map())[0][0])


class Lspci(unittest.TestCase):
    """What lspci says."""

    def test_a_missing_or_broken_capability_is_reported(self):
        whole = "\n".join("Capabilities: " + one for one in lspci_decodes.CAPABILITIES)
        self.assertEqual(list(lspci_decodes.problems_in(whole)), [])
        self.assertEqual(len(list(lspci_decodes.problems_in(whole.replace("[d0] MSI:", "")))), 1)
        self.assertEqual(len(list(lspci_decodes.problems_in(whole + "\n<chain broken>"))), 1)

    def test_reset_values_and_loaded_fields_are_in_the_space(self):
        space = lspci_decodes.configuration_space(small_map(reset=0x11223344))
        self.assertEqual(space[0x404:0x408], bytes.fromhex("44332211"))
        self.assertIn("\n400: 00 00 00 00 44 33 22 11", lspci_decodes.dump(space))


class Exports(unittest.TestCase):
    """What the readers of exports find."""

    FIELD = exported_registers.Field(3, 2, "rw1c", 1, "resets")
    PAIR = {"A0B": exported_registers.Register(0x102, 16, {"F": FIELD}),
            "A1B": exported_registers.Register(0x112, 16, {"F": FIELD})}
    IPXACT = """<ipxact:component
        xmlns:ipxact="http://www.accellera.org/XMLSchema/IPXACT/1685-2014"
        xmlns:ntb="urn:ntbsim:registers"><ipxact:memoryMaps><ipxact:memoryMap>
        <ipxact:name>s</ipxact:name><ipxact:addressBlock><ipxact:baseAddress>'h100
        </ipxact:baseAddress><ipxact:registerFile><ipxact:dim>2</ipxact:dim>
        <ipxact:addressOffset>0</ipxact:addressOffset><ipxact:range>'h10</ipxact:range>
        <ipxact:register><ipxact:name>A_B</ipxact:name>
        <ipxact:displayName>A{n}B</ipxact:displayName>
        <ipxact:addressOffset>'h2</ipxact:addressOffset><ipxact:size>16</ipxact:size>
        <ipxact:field><ipxact:name>F</ipxact:name><ipxact:bitOffset>2</ipxact:bitOffset>
        <ipxact:resets><ipxact:reset><ipxact:value>1</ipxact:value></ipxact:reset>
        <ipxact:reset resetTypeRef="HOT"><ipxact:value>1</ipxact:value></ipxact:reset>
        </ipxact:resets><ipxact:bitWidth>2</ipxact:bitWidth><ipxact:access>read-write
        </ipxact:access><ipxact:modifiedWriteValue>oneToClear</ipxact:modifiedWriteValue>
        </ipxact:field></ipxact:register><ipxact:vendorExtensions><ntb:index>n</ntb:index>
        </ipxact:vendorExtensions></ipxact:registerFile></ipxact:addressBlock></ipxact:memoryMap>
        </ipxact:memoryMaps></ipxact:component>""".replace("\n        <", "<")
    MARKDOWN = """## Space\n\n| offset | name | bits | reset | description |
|---|---|---|---|---|
| 0x102 (n = 0..1, every 0x10) | [A{n}B](#x) | 16 | 0x0004 | text |
| unknown | [C](#x) | 32 | unknown | text |

### A{n}B\n
| bits | field | access | reset | hot reset | |\n|---|---|---|---|---|---|
| 3:2 | F | rw1c | 0x1? | resets | text |\n| unknown | G | ro | 0x0 | keeps | (2 bits; source) |

### C\n\n| bits | field | access | reset | hot reset | |\n|---|---|---|---|---|---|
| 31:0 | V | rw | 0x0 | keeps | |\n"""

    def test_what_agrees_is_no_difference(self):
        self.assertEqual(exported_registers.differences({"s": self.PAIR}, {"s": self.PAIR}), [])

    def test_a_register_that_is_missing_added_or_different_is_reported(self):
        other = self.PAIR["A0B"]._replace(offset=0x106)
        for found in ({}, {**self.PAIR, "C": other}, {**self.PAIR, "A0B": other}):
            with self.subTest(found=found):
                self.assertTrue(exported_registers.differences({"s": self.PAIR}, {"s": found}))
        fewer = self.PAIR["A0B"]._replace(fields={})
        self.assertEqual(len(exported_registers.differences(
            {"s": self.PAIR}, {"s": {**self.PAIR, "A0B": fewer}})), 1)

    def test_ipxact_is_read_with_its_dimensions(self):
        self.assertEqual(exported_ipxact.registers_in(self.IPXACT), {"s": self.PAIR})

    def test_ipxact_that_says_something_else_is_seen(self):
        for old, new in (("oneToClear", "oneToSet"), ("'h10<", "'h14<"), (">1<", ">0<"),
                         ("<ipxact:dim>2", "<ipxact:dim>3"), (">16<", ">32<"),
                         ("resetTypeRef=\"HOT\"", "resetTypeRef=\"OTHER\"")):
            with self.subTest(new=new):
                self.assertNotEqual(exported_ipxact.registers_in(self.IPXACT.replace(old, new)),
                                    {"s": self.PAIR})

    def test_xml_that_is_broken_or_out_of_order_is_reported(self):
        grammar = ["--relaxng", str(exported_ipxact.GRAMMAR)]
        self.assertTrue(exported_ipxact.lint("<a><b></a>", []))
        self.assertTrue(exported_ipxact.lint(self.IPXACT, grammar))  # vendor etc. are missing
        self.assertEqual(exported_ipxact.lint("<a/>", []), [])

    def test_markdown_is_read_with_its_families_and_with_what_has_no_place(self):
        document = exported_markdown.tree_of(self.MARKDOWN)
        found = exported_markdown.registers_in(document, {"Space": "s"})["s"]
        declared = exported_registers.Field(2, None, "ro", 0, "keeps")
        self.assertEqual(found.pop("C"), exported_registers.Register(
            None, 32, {"V": exported_registers.Field(31, 0, "rw", 0, "keeps")}))
        self.assertEqual(found, {name: register._replace(fields={"F": self.FIELD, "G": declared})
                                 for name, register in self.PAIR.items()})

    def test_ipxact_tells_what_has_no_place(self):
        text = self.IPXACT.replace("</ipxact:registerFile></ipxact:addressBlock>", """
            </ipxact:registerFile><ipxact:vendorExtensions><ntb:declaredRegister>
            <ntb:name>C{n}</ntb:name><ntb:size>32</ntb:size><ntb:declaredField>
            <ntb:name>G</ntb:name><ntb:access>ro</ntb:access><ntb:reset>0</ntb:reset>
            <ntb:hotReset>keeps</ntb:hotReset></ntb:declaredField></ntb:declaredRegister>
            </ipxact:vendorExtensions></ipxact:addressBlock>""")
        self.assertEqual(exported_ipxact.registers_in(text)["s"]["C{n}"],
                         exported_registers.Register(None, 32, {
                             "G": exported_registers.Field(None, None, "ro", 0, "keeps")}))


class Documents(unittest.TestCase):
    """Commands, signals and outputs that README and docs/ show."""

    HELPS = {("ntbsim",): "Subcommands:\n  run   x\n  regs  y\n",
             ("ntbsim", "run"): "Options:\n  --vcd FILE\n",
             ("ntbsim", "regs"): "Subcommands:\n  list  z\n",
             ("ntbsim", "regs", "list"): "Options:\n  --all\n",
             ("ntb",): "Commands:\n  run [S]  x\n",
             ("ntb", "run"): "Usage\n"}
    VCD = "$scope module switch $end\n$scope module port0 $end\n$var wire 1 ! msi $end\n" \
          "$upscope $end\n$upscope $end\n$enddefinitions $end\nsMWr\\040bar0+0x1 a\n"

    def commands(self, text):
        """Problems of a page."""
        programs = documented_commands.Programs(lambda program, path: self.HELPS[program, *path])
        return list(documented_commands.command_problems(text, programs))

    def test_commands_that_exist_are_no_problem(self):
        self.assertEqual(self.commands("    ntbsim run FILE --vcd F   plays\n"
                                       "    ./ntb run pingpong --vcd F\n"
                                       "`build/x/ntbsim regs list --all` and `ntbsim regs`"), [])

    def test_a_command_or_an_option_that_does_not_exist_is_reported(self):
        for text in ("    ntbsim walk\n", "`ntbsim regs walk`", "`ntbsim regs list | walk`",
                     "    ./ntb walk\n", "    ntbsim run --all\n", "`ntbsim regs list --al`"):
            with self.subTest(text=text):
                self.assertEqual(len(self.commands(text)), 1)

    def test_a_signal_or_a_packet_that_no_waveform_has_is_reported(self):
        def problems(text):
            return len(list(documented_commands.signal_problems(text, self.VCD)))
        self.assertEqual(problems("`switch.portP.msi` `switch.port0.REGISTER` `MWr bar0+0x1`"), 0)
        self.assertEqual(problems("`switch.portP.msix`"), 1)
        self.assertEqual(problems("`MWr bar0+0x2`"), 1)

    def test_an_output_that_nothing_prints_is_reported(self):
        self.assertEqual(list(readme_outputs.cosim_problems(
            "[  0.1 s] waiting for the link\n  min  median", '"waiting for the link"',
            "min median")), [])
        for block in ("[  0.1 s] looking for the link", "min  median  p90", "guest  colour"):
            with self.subTest(block=block):
                self.assertEqual(len(list(readme_outputs.cosim_problems(
                    block, '"waiting for the link"', "min median"))), 1)

    def test_a_summary_that_does_not_add_up_is_reported(self):
        text = "100% tests passed, 0 tests failed out of 3\nunit  =  1.0 sec*proc (2 tests)\n"
        self.assertEqual(len(list(readme_outputs.test_problems(text))), 1)
        self.assertEqual(list(readme_outputs.test_problems(text + "cosim = 1 sec (1 test)\n")), [])


class TestPlan(unittest.TestCase):
    """The test plan's table."""

    TESTS = ["regs_test.names.one", "regs_test.names.two"]
    HEAD = "| requirement | source | tests |\n|---|---|---|\n"

    def problems(self, row):
        """Problems of a plan of one row."""
        return list(testplan.plan_problems(self.HEAD + row + "\n", self.TESTS, {"B1.1"}))

    def test_a_listed_test_that_exists_is_no_problem(self):
        self.assertEqual(self.problems("| a | B1.1 | `regs_test.names.one` |"), [])
        self.assertEqual(self.problems("| a \\| b | README | `regs_test.names.*` |"), [])

    def test_a_listed_test_that_does_not_exist_is_reported(self):
        self.assertEqual(len(self.problems("| a | B1.1 | `regs_test.names.three` |")), 1)
        self.assertEqual(len(self.problems("| a | B1.1 | `regs_test.other.*` |")), 1)

    def test_an_unknown_behaviour_or_an_incomplete_row_is_reported(self):
        self.assertEqual(len(self.problems("| a | B1.2 | `regs_test.names.one` |")), 1)
        self.assertEqual(len(self.problems("| a | B1.1 | later |")), 1)
        self.assertEqual(len(self.problems("| a | | `regs_test.names.one` |")), 1)
        self.assertEqual(len(self.problems("| a | B1.1 |")), 1)

    def test_a_test_that_no_row_names_is_reported(self):
        def unlisted(row):
            return list(testplan.unlisted_problems(self.HEAD + row + "\n", self.TESTS))

        self.assertEqual(unlisted("| a | B1.1 | `regs_test.names.*` |"), [])
        self.assertEqual(len(unlisted("| a | B1.1 | `regs_test.names.one` |")), 1)
        self.assertIn("regs_test.names.two", unlisted("| a | B1.1 | `regs_test.names.one` |")[0])
        self.assertEqual(len(unlisted("| see `regs_test.names.*` | B1.1 | `other` |")), 2)

    def test_a_behaviour_that_the_model_cites_needs_a_row(self):
        cited = {"B1.1": "model/a.h", "B10.2": "model/b.h", "B9.1": "model/b.h"}
        found = list(testplan.citation_problems(
            self.HEAD + "| a | B1.1 | `regs_test.names.one` |\n", cited, set(cited)))
        self.assertEqual([testplan.ID.findall(line)[0] for line in found], ["B9.1", "B10.2"])

    def test_every_behaviour_has_a_test_or_a_reason_why_not_and_not_both(self):
        text = (self.HEAD + "| a | B1.1 B1.2 | `regs_test.names.one` |\n\n"
                "| behaviour | why no test |\n|---|---|\n| B1.2 B1.3 | unknown |\n")
        found = list(testplan.citation_problems(text, {}, {"B1.1", "B1.2", "B1.3", "B1.4"}))
        self.assertEqual(len(found), 2)
        self.assertIn("neither a test for B1.4", found[0])
        self.assertIn("B1.2 has tests and", found[1])
        self.assertEqual(self.problems("| B1.1 | unknown |"), [])
        for row in ("| B1.1 | |", "| doorbells | unknown |", "| B1.2 | unknown |"):
            self.assertEqual(len(self.problems(row)), 1, row)


class Tidy(unittest.TestCase):
    """What clang-tidy is run on; a script that finds the word BAD stands in for it."""

    SCRIPT = "#!/bin/sh\n[ \"$1\" = --version ] && { echo 1; exit; }\n" \
             "for source; do :; done\n! grep -Hn BAD \"$source\"\n"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        for name, text in ((".clang-tidy", ""), ("model/a.h", ""), ("bin/clang-tidy", self.SCRIPT),
                           ("model/a.cpp", '#include "a.h"\n'), ("model/b.cpp", "int b;\n"),
                           ("elsewhere/c.cpp", "BAD\n")):
            self.put(name, text)
        (self.root / "bin/clang-tidy").chmod(0o755)
        self.compile()

    def put(self, name, text):
        """Writes a file of the tree."""
        (self.root / name).parent.mkdir(exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")
        tidy.content.cache_clear()

    def compile(self, *options):
        """Writes the compile commands."""
        gxx = shutil.which("g++") or repository.missing("g++", "g++")
        self.put("build/compile_commands.json", json.dumps(
            [{"directory": str(self.root), "file": name,
              "command": " ".join([gxx, *options, "-o", "x.o", "-c", str(self.root / name)])}
             for name in ("model/a.cpp", "model/b.cpp", "elsewhere/c.cpp")]))

    def looks_at(self):
        """{name of a source that is looked at: what is found there}."""
        checker = tidy.Checker(self.root, self.root / "build", str(self.root / "bin/clang-tidy"))
        return {source.name: checker.check(source) for source in checker.sources()
                if not checker.known_clean(source)}

    def test_own_sources_are_looked_at_once(self):
        self.assertEqual(self.looks_at(), {"a.cpp": "", "b.cpp": ""})
        self.assertEqual(self.looks_at(), {})

    def test_a_change_is_looked_at_where_it_reaches(self):
        self.looks_at()
        self.put("model/a.h", "int a;\n")
        self.assertEqual(list(self.looks_at()), ["a.cpp"])
        self.put("model/b.cpp", "int c;\n")
        self.assertEqual(list(self.looks_at()), ["b.cpp"])
        for change in (lambda: self.put("model/.clang-tidy", "Checks: '-*'\n"),
                       lambda: self.put(".clang-tidy", "Checks: '*'\n"),
                       lambda: self.compile("-DX")):
            change()
            self.assertEqual(list(self.looks_at()), ["a.cpp", "b.cpp"])
        self.put("bin/clang-tidy", self.SCRIPT.replace("echo 1", "echo 2"))
        self.assertEqual(list(self.looks_at()), ["a.cpp", "b.cpp"])

    def test_a_finding_stays_one_until_it_is_mended(self):
        self.put("model/b.cpp", "int BAD;\n")
        for _ in range(2):
            self.assertIn("int BAD", self.looks_at()["b.cpp"])
        self.put("model/b.cpp", "int good;\n")
        self.assertEqual(self.looks_at(), {"b.cpp": ""})


class Files(unittest.TestCase):
    """The list of files."""

    def test_this_file_is_one_of_the_project(self):
        names = repository.files(suffixes=(".py",))
        self.assertIn(Path(__file__).resolve().relative_to(repository.ROOT), names)

    def test_a_tree_without_git_is_walked_without_its_builds(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("model/a.h", "build/b.h", "build-asan/c.h", "out/d.h"):
                file = Path(folder) / name
                file.parent.mkdir(parents=True)
                file.write_text("", encoding="utf-8")
            self.assertEqual(repository.files(Path(folder)), [Path("model/a.h")])


if __name__ == "__main__":
    unittest.main()
