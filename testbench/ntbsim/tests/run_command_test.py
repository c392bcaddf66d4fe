#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ntbsim run and ntbsim topology as a user meets them: exit status, messages, files.

Usage: run_command_test.py NTBSIM SOURCE_DIRECTORY [unittest arguments]
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

NTBSIM = ""
SOURCE = ""


def ntbsim(*arguments, cwd=None):
    """Runs the program and returns its completed process."""
    return subprocess.run([NTBSIM, *arguments], capture_output=True, text=True, timeout=120,
                          check=False, cwd=cwd)


def read(path):
    """The text of a file."""
    with open(path, encoding="ascii") as file:
        return file.read()


def signals_of_vcd(text):
    """The names that a waveform declares, as GTKWave writes them: with scopes and range."""
    names, scopes = set(), []
    for line in text[:text.index("$enddefinitions")].splitlines():
        words = line.split()
        if words[:1] == ["$scope"]:
            scopes.append(words[2])
        elif words[:1] == ["$upscope"]:
            scopes.pop()
        elif words[:1] == ["$var"]:
            names.add(".".join(scopes + ["".join(words[4:-1])]))
    return names


def signals_of_layout(text):
    """The names that a layout shows: its lines but flags, groups, options, and comments."""
    lines = [re.sub(r"^\+\{.*\} ", "", line) for line in text.splitlines()]
    return [line for line in lines if line and line[0] not in "[@-*#"]


class CommandTest(unittest.TestCase):
    """A directory of its own for each test, and files in it."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def file(self, name, text):
        """Writes a file and returns its path."""
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        return path

    def stim(self, body, header="topology two-host\ntiming default\n"):
        """Writes a stimulus file whose body begins in line 4."""
        return self.file("x.stim", "ntbstim 1\n" + header + body)

    def error_line(self, done):
        """The one line of an error that the user can mend; exit status 2."""
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("ntbsim: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertRegex(lines[0], r"^ntbsim: .*: .* \(.*\)$")
        return lines[0]


class Run(CommandTest):
    """ntbsim run"""

    def test_held_expectations_exit_with_0(self):
        done = ntbsim("run", self.stim("port0 enumerate\nport0.config read VID == 0x111d\n"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("class 0680: 111d:8091", done.stdout)
        self.assertIn("Region 0: Memory at", done.stdout)
        self.assertIn("passed: 2 statements, 2 expectations, 0 failed", done.stdout)

    def test_a_failed_expectation_exits_with_1_and_names_everything(self):
        path = self.stim("port0 enumerate\nport0.config read VID == 0x111e\n")
        done = ntbsim("run", path)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, path + r":5: expected VID == 0x111e, got 0x111d at "
                                             r"[0-9]+\.[0-9]{3} ns")
        self.assertIn("FAILED: ", done.stdout)

    def test_json_reports_the_same(self):
        path = self.stim("port0 enumerate\nport0.config read VID == 0x111e\n")
        done = ntbsim("run", "--json", path)
        self.assertEqual(done.returncode, 1)
        report = json.loads(done.stdout)
        self.assertEqual((report["statements"], report["expectations"], report["failed"]),
                         (2, 2, 1))
        self.assertEqual(report["failures"][0]["line"], 5)
        self.assertEqual(report["failures"][0]["expected"], "VID == 0x111e")
        self.assertEqual(report["topology"], "two-host")

    def test_errors_in_the_stimulus_are_one_line(self):
        path = self.stim("port0.bar0 reed NTCTL\n")
        self.assertIn(path + ":4:12: expected 'read' or 'write'", self.error_line(
            ntbsim("run", path)))
        self.assertIn("expected a fault, found 'lcrc'", self.error_line(
            ntbsim("run", self.stim("fault port2 lcrc\n"))))
        self.assertIn("port 4 has no NT function", self.error_line(
            ntbsim("run", self.stim("port4 enumerate\n"))))
        self.assertIn("cannot be read", self.error_line(ntbsim("run", "/nonexistent/x.stim")))

    def test_options_that_cannot_be_are_refused(self):
        path = self.stim("note x\n")
        self.assertIn("there is --vcd already", self.error_line(
            ntbsim("run", path, "--fst", "x.fst", "--vcd", "x.vcd")))
        self.assertIn("add --vcd-window", self.error_line(
            ntbsim("run", path, "--vcd", "x.vcd", "--vcd-trigger", "switch.port0.nt.msi rises")))
        window = ("--vcd", os.path.join(self.directory, "x.vcd"), "--vcd-window", "1ms")
        self.assertIn("no signal 'switch.x'", self.error_line(
            ntbsim("run", path, *window, "--vcd-trigger", "switch.x rises")))
        self.assertIn("no waveform", self.error_line(ntbsim("run", path, "--signals", "*")))
        self.assertIn("unknown key", self.error_line(
            ntbsim("run", path, "--set", "pipeline.dorbell=1")))
        self.assertIn("give a timing file or one of", self.error_line(
            ntbsim("run", path, "--timing", "nonesuch")))
        self.assertIn("give a topology file or one of", self.error_line(
            ntbsim("run", path, "--topology", "nonesuch")))
        self.assertIn("/nonexistent/", self.error_line(
            ntbsim("run", path, "--vcd", "/nonexistent/x.vcd")))

    def test_equal_runs_give_equal_waveforms_and_other_seeds_others(self):
        stimulus = os.path.join(SOURCE, "testbench", "scenarios", "pingpong.stim")
        waves = []
        for seed in ("1", "1", "2"):
            path = os.path.join(self.directory, str(len(waves)) + ".vcd")
            done = ntbsim("run", "-q", stimulus, "--vcd", path, "--seed", seed)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path, "rb") as wave:
                waves.append(wave.read())
        self.assertGreater(len(waves[0]), 10000)
        self.assertEqual(waves[0], waves[1])
        self.assertNotEqual(waves[0], waves[2])

    def test_one_number_of_the_timing_moves_the_interrupt_by_as_much(self):
        stimulus = self.stim("port0 enumerate\nport2 enumerate\nport2.bar0 write INDBELLMSK 0x0\n"
                             "port2.bar0 write NTINTMSK 0xb9\n"
                             "at 20us port0.bar0 write OUTDBELLSET 0x1\n"
                             "port2 expect msi within 2us\n")
        took = []
        for doorbell in ("8", "13"):
            done = ntbsim("run", "--json", stimulus, "--set", "pipeline.doorbell=" + doorbell)
            self.assertEqual(done.returncode, 0, done.stderr)
            took.append(json.loads(done.stdout)["simulated_ps"])
        self.assertEqual(took[1] - took[0], 5 * 4000)

    def pingpong(self, name, *options):
        """Plays pingpong.stim; its waveform's path. The same name again in another directory, so
        that nothing differs because of it."""
        os.mkdir(os.path.join(self.directory, name))
        vcd = os.path.join(self.directory, name, "run.vcd")
        stimulus = os.path.join(SOURCE, "testbench", "scenarios", "pingpong.stim")
        done = ntbsim("run", "-q", stimulus, "--vcd", vcd, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return vcd

    def trace(self, what, vcd, *options):
        """The output of a trace command."""
        done = ntbsim("trace", what, *options, vcd)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_one_number_of_the_timing_changes_table_waveform_and_picture_accordingly(self):
        waves = [self.pingpong(doorbell, "--set", "pipeline.doorbell=" + doorbell)
                 for doorbell in ("8", "20")]
        self.assertNotEqual(*(read(wave) for wave in waves))

        # Everything behind the doorbell's way through the switch comes 12 cycles later, and
        # nothing else does.
        later = {"doorbell-status": 12 * 4000, "doorbell": 12 * 4000}
        reports = [json.loads(self.trace("latency", wave, "--json")) for wave in waves]
        rows = [{(path["name"], path["from"], path["to"]): path for path in report["paths"]}
                for report in reports]
        self.assertEqual(len(rows[0]), 12)
        self.assertEqual(rows[0].keys(), rows[1].keys())
        for key, path in rows[0].items():
            for figure in ("min", "median", "p99", "max"):
                with self.subTest(path=key, figure=figure):
                    took = [row[key][figure + "_ps"] for row in rows]
                    self.assertEqual(took[1] - took[0], later.get(key[0], 0))
            self.assertEqual(path["count"], rows[1][key]["count"])

        tables = [self.trace("latency", wave) for wave in waves]
        figures = [[re.search(rf"(?m)^{name} .* (32 .*)$", table).group(1) for table in tables]
                   for name in ("doorbell-status", "message-status")]
        self.assertNotEqual(*figures[0])
        self.assertEqual(*(line.rsplit(maxsplit=2)[0] for line in figures[1]))

        pictures = []
        for wave in waves:
            picture = wave + ".svg"
            self.trace("diagram", wave, "-o", picture)
            pictures.append(read(picture))
        label = r">write to peer INDBELLSTS ([0-9.]+) ns \(([0-9.]+) cycles\)<"
        shown = [re.findall(label, picture) for picture in pictures]
        self.assertEqual([len(one) for one in shown], [2, 2])
        for before, after in zip(*shown):
            self.assertEqual(round(1000 * float(after[0])) - round(1000 * float(before[0])),
                             12 * 4000)
            self.assertAlmostEqual(float(after[1]) - float(before[1]), 12)

    def test_every_signal_of_the_layout_is_in_the_waveform(self):
        vcd = self.pingpong("layout")
        layout = os.path.join(self.directory, "layout", "run.gtkw")
        self.trace("layout", vcd, "-o", layout)
        recorded = signals_of_vcd(read(vcd))
        shown = signals_of_layout(read(layout))
        self.assertGreater(len(shown), 20)
        self.assertEqual(sorted(set(shown) - recorded), [])
        for port in ("0", "2"):
            for signal in ("link.up", "link.rx.tlp", "link.tx.tlp", "nt.indbellsts[31:0]"):
                self.assertIn(f"switch.port{port}.{signal}", shown)

    def test_parts_of_a_run_merge_into_the_whole(self):
        whole = self.pingpong("whole")
        parts = [self.pingpong("one", "--signals", "switch.port0.*"),
                 self.pingpong("rest", "--signals", "!switch.port0.*")]
        merged = os.path.join(self.directory, "merged.vcd")
        done = ntbsim("trace", "merge", *parts, "-o", merged)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        same = ntbsim("trace", "compare", whole, merged)
        self.assertEqual(same.returncode, 0, same.stdout)
        self.assertRegex(same.stdout, r"^\d+ signals say the same\n$")
        other = ntbsim("trace", "compare", whole, parts[0])
        self.assertEqual(other.returncode, 1)
        self.assertIn("switch.core_clock_ps is only in " + whole, other.stdout)
        conflict = ntbsim("trace", "merge", whole, self.pingpong("slow", "--set",
                                                                 "pipeline.doorbell=20"),
                          "-o", merged, "--strict")
        self.assertEqual(conflict.returncode, 1)
        self.assertIn("recorded as switch.port2.nt.msi_file2", conflict.stderr)

    def test_an_exceeded_budget_names_the_time_and_fails(self):
        vcd = os.path.join(self.directory, "full.vcd")
        done = ntbsim("run", "-q", os.path.join(SOURCE, "docs", "gallery", "full.stim"),
                      "--vcd", vcd)
        self.assertEqual(done.returncode, 0, done.stderr)
        held = ntbsim("trace", "summary", vcd, "--budget", "message-overrun=1", "--budget",
                      "interrupt-lost=0", "--budget", "utilisation=100%")
        self.assertEqual((held.returncode, held.stderr), (0, ""))
        broken = ntbsim("trace", "summary", vcd, "--budget", "message-overrun=0", "--json")
        self.assertEqual(broken.returncode, 1)
        self.assertRegex(broken.stderr, r"budget message-overrun=0 exceeded: 1 at port 0, first "
                                        r"at [0-9.]+ us \(sent from message register 0\)\n$")
        found = json.loads(broken.stdout)["findings"]
        self.assertEqual([f["finding"] for f in found], ["message-overrun"])
        self.assertIn("there is no finding nonsense", self.error_line(
            ntbsim("trace", "summary", vcd, "--budget", "nonsense=1")))

    def test_a_slow_path_names_the_time_and_fails(self):
        vcd = self.pingpong("slow path")
        held = ntbsim("trace", "latency", vcd, "--budget", "doorbell=1us", "--budget",
                      "message:2-0.p99=40cycles")
        self.assertEqual((held.returncode, held.stderr), (0, ""))
        broken = ntbsim("trace", "latency", vcd, "--budget", "doorbell:0-2.min=27cycles",
                        "--histogram")
        self.assertEqual(broken.returncode, 1)
        self.assertRegex(broken.stderr, r"budget doorbell:0-2.min=27cycles exceeded: doorbell port "
                                        r"0 -> 2 min is [0-9.]+ cycles, slowest began at [0-9.]+ "
                                        r"us\n$")
        for pair in ("0 -> 2", "2 -> 0"):
            self.assertRegex(broken.stdout, rf"(?m)^message {pair}, ns\n\s*\d+ \.\. +\d+ +#+$")
        late = ntbsim("trace", "summary", vcd, "--late", "100ns", "--budget", "interrupt-late=0")
        self.assertEqual(late.returncode, 1)
        self.assertRegex(late.stderr, r"interrupt-late=0 exceeded: \d+ at port 0, first at [0-9.]+ "
                                      r"us \((doorbell 0x1|message register \d) of port 2, MSI "
                                      r"after [0-9.]+ ns\)\n")
        self.assertIn("this is no time", self.error_line(
            ntbsim("trace", "summary", vcd, "--late", "soon")))

    def test_pictures_of_a_waveform_are_files_of_their_kind(self):
        vcd = self.pingpong("pictures")
        svgs = [vcd + f".{n}.svg" for n in range(3)]
        self.trace("latency", vcd, "--svg", svgs[0])
        self.trace("summary", vcd, "--svg", svgs[1])
        self.trace("diagram", vcd, "-o", svgs[2], "--signals", "switch.*.nt.msi", "--from", "10us",
                   "--to", "12us", "--mark", "11us=here")
        for svg in svgs:
            self.assertTrue(xml.etree.ElementTree.parse(svg).getroot().tag.endswith("svg"))
        wave = vcd + ".json"
        self.trace("diagram", vcd, "-o", wave, "--format", "wavejson")
        groups = [group for group in json.loads(read(wave))["signal"] if group]
        self.assertEqual([group[0] for group in groups], ["port 0", "port 2"])
        self.assertEqual(len({len(lane["wave"]) for group in groups for lane in group[1:]}), 1)

    def test_signals_choose_what_is_recorded(self):
        stimulus = self.stim("port0 enumerate\n")
        vcd = os.path.join(self.directory, "x.vcd")
        done = ntbsim("run", "-q", stimulus, "--vcd", vcd, "--signals", "switch.port0.nt.pcicmd")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(vcd, encoding="ascii") as wave:
            text = wave.read()
        self.assertEqual(text.count("$var"), 1)
        self.assertIn("pcicmd", text)
        done = ntbsim("run", "-q", stimulus, "--vcd", vcd, "--signals", "nothing.*")
        self.assertIn("nothing.*: matches no signal", done.stderr)

    def test_files_play_one_after_the_other_and_must_agree(self):
        first = self.file("a.stim", "ntbstim 1\ntiming ideal\nport0.config write +0x40c 0x5\n")
        second = self.file("b.stim", "ntbstim 1\nport0.config read NTSDATA == 0x5\n")
        done = ntbsim("run", first, second)
        self.assertEqual(done.returncode, 0, done.stderr)
        other = self.file("c.stim", "ntbstim 1\ntiming default\n")
        self.assertIn("run them one by one", self.error_line(ntbsim("run", first, other)))
        self.assertEqual(ntbsim("run", first, other, "--timing", "ideal").returncode, 0)

    def test_a_topology_file_lies_beside_the_stimulus(self):
        text = ntbsim("topology", "show", "two-host").stdout
        self.assertIn("port 2: nt, partition 1", text)
        source = os.path.join(SOURCE, "testbench", "config", "topology", "two-host.toml")
        with open(source, encoding="ascii") as toml:
            self.file("other.toml", toml.read().replace("number = 2", "number = 4"))
        path = self.stim("port4 enumerate\n", header="topology other.toml\n")
        done = ntbsim("run", path, cwd="/")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_examples_of_layout_and_reset_in_the_documentation_work(self):
        page = read(os.path.join(SOURCE, "docs", "topologies.md"))
        examples = re.findall(r"```toml\n(\[(?:layout|reset)\]\n.*?)```", page, re.DOTALL)
        self.assertEqual(len(examples), 2)
        two_host = read(os.path.join(SOURCE, "testbench", "config", "topology", "two-host.toml"))
        path = self.file("placed.toml", two_host + "\n" + "\n".join(examples))
        done = ntbsim("topology", "show", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in ("layout: P2PSDATA at 0x40C", "layout: SWPORT{x}CTL.FCAPSEL at 22:21",
                     "layout: P2PINTMSK.FMCC at 5:5",
                     "reset: INDBELLMSK bits 0xFFFFFFFF = 0x00000000",
                     "reset: SWP7MSGCTL3 bits 0x00000070 = 0x00000010"):
            self.assertIn(line, done.stdout)
        stimulus = self.stim("port0.config write GASAADDR &port0.SERDESCFG\n"
                             "port0.config write GASADATA 0x10000\n"
                             "port0.config read GASADATA == 0x10000\n"
                             "port0.config write GASAADDR 0x0040c\n"
                             "port0.config write GASADATA 0x5\n"
                             "port0.config read GASADATA == 0x5\n"
                             "port0.config read INDBELLMSK == 0x0\n"
                             "port0.config read RID == 0x2\n", header=f"topology {path}\n")
        done = ntbsim("run", stimulus)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_registers_are_shown_by_name_and_by_offset(self):
        for words, line in ((["ntintmsk"], "NTINTMSK  NT function"),
                            (["0x408"], "NTINTMSK  NT function"),
                            (["nt", "0x408"], "NTINTMSK  NT function"),
                            (["port", "0x510"], "SERDESCFG  Bridge function of a port"),
                            (["0x05408"], "Port 2: NTINTMSK  NT function"),
                            (["P2PSDATA"], "P2PSDATA  Bridge function of a port")):
            done = ntbsim("regs", "show", *words)
            self.assertEqual((done.returncode, done.stdout.splitlines()[0]), (0, line))
        for words, part in ((["NTINTSTAT"], "did you mean NTINTSTS"),
                            (["qqqqqqqq"], "is called \"qqqqqqqq\" (`ntbsim regs list`"),
                            (["0x900"], "no register is at 0x900"), (["dma", "0x900"], "at 0x900"),
                            (["x", "0x408"], "choose nt, sw, port or dma"),
                            (["nt", "NTCTL"], "\"NTCTL\" is no offset"),
                            (["0xZ"], "is no offset"), (["0x"], "is no offset")):
            self.assertIn(part, self.error_line(ntbsim("regs", "show", *words)))

    def test_the_family_is_as_the_documentation_says(self):
        said = [line.split(maxsplit=2) for line in
                ntbsim("topology", "devices").stdout.splitlines()]
        page = read(os.path.join(SOURCE, "docs", "topologies.md"))
        written = re.findall(r"(?m)^\| (89HPES\w+) \| (0x\w{4}) \| ([0-9, ]+) \|$", page)
        self.assertEqual(len(written), 8)
        self.assertEqual([(name, number, ports.replace("NT function at ports ", ""))
                          for name, number, ports in said], written)
        for name in re.findall(r"(?m)^[a-z]\S*", ntbsim("topology", "list").stdout):
            self.assertIn(f"`{name}`", page)
            self.assertIn("89HPES", ntbsim("topology", "show", name).stdout)
        self.assertIn("not claimed for silicon", ntbsim("topology", "show", "seed").stdout)

    def test_the_compatibility_topology_makes_no_eeprom_image(self):
        path = os.path.join(self.directory, "seed.eeprom")
        done = ntbsim("topology", "eeprom", "seed", "--output", path)
        self.assertIn("not claimed for silicon", self.error_line(done))
        self.assertFalse(os.path.exists(path))

    def test_a_full_disk_is_reported(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([NTBSIM, "run", self.stim("port0 enumerate\n")], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("standard output does not take the text", done.stderr)

    def test_a_waveform_that_does_not_fit_is_no_success(self):
        done = ntbsim("run", self.stim("port0 enumerate\n"), "--vcd", "/dev/full")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Antbsim: waveform /dev/full stopped [^\n]+ \([^\n]+\)\n\Z")
        self.assertIn("passed:", done.stdout)  # the play itself goes on
        self.assertNotIn("waveform:", done.stdout)


class Topology(CommandTest):
    """ntbsim topology"""

    def test_list_names_and_describes(self):
        done = ntbsim("topology", "list")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"(?m)^two-host +\S")

    def test_names_and_descriptions_do_not_collide(self):
        done = ntbsim("topology", "list")
        for name in ("two-host", "two-host-small", "three-host"):
            self.assertRegex(done.stdout, rf"(?m)^{name} {{2,}}\S")
        columns = {re.match(r"\S+ +", line).end() for line in done.stdout.splitlines()}
        self.assertEqual(1, len(columns), done.stdout)

    def test_help_says_where_examples_are(self):
        for words in (["topology"], ["run"]):
            text = ntbsim(*words, "--help").stdout
            for path in re.findall(r"testbench/config/[a-z]+/\*?[a-z]*\.toml", text):
                folder = os.path.join(SOURCE, os.path.dirname(path))
                self.assertTrue(any(name.endswith(".toml") for name in os.listdir(folder)), path)
            self.assertIn("testbench/config/topology/*.toml", text)
            self.assertIn("testbench/config/timing/default.toml", text)

    def test_show_tells_ports_and_bars(self):
        done = ntbsim("topology", "show", "two-host")
        self.assertEqual(done.returncode, 0)
        self.assertIn("89HPES24NT6AG2", done.stdout)
        self.assertRegex(done.stdout, r"BAR0 .*4KiB +configuration space")
        self.assertRegex(done.stdout, r"BAR4 .*16MiB +lut12 windows, 12 of 1MiB")

    def test_check_accepts_a_sound_file_and_names_line_and_key_of_another(self):
        source = os.path.join(SOURCE, "testbench", "config", "topology", "two-host.toml")
        done = ntbsim("topology", "check", source)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(source, encoding="ascii") as toml:
            text = toml.read()
        bad = self.file("bad.toml", text + "speed = 3\n")
        line = text.count("\n") + 1
        self.assertIn(f"{bad}:{line}: port.bar.4.speed: unknown key",
                      self.error_line(ntbsim("topology", "check", bad)))
        bad = self.file("timing.toml", text.replace('timing = "default"', 'timing = "none"'))
        self.error_line(ntbsim("topology", "check", bad))
        self.error_line(ntbsim("topology", "show", bad))


class CommandLine(CommandTest):
    """What is said about command lines that cannot be"""

    def test_an_unknown_command_is_told_with_those_there_are(self):
        self.assertEqual(self.error_line(ntbsim("bogus")), "ntbsim: bogus: no such command "
                         "(run, serve, regs, trace, ivshmem-server, topology)")
        self.assertIn("trace bogus: no such command (latency, summary, ",
                      self.error_line(ntbsim("trace", "bogus")))

    def test_every_command_has_help_with_an_example_of_its_own(self):
        asked = []

        def ask(*words):
            asked.append(words)
            done = ntbsim(*words, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)
            _, heading, example = re.split(r"(\nExamples?:\s)", done.stdout, maxsplit=1)
            self.assertIn(" ".join(["ntbsim", *words]), example, words)
            commands = done.stdout.partition("Subcommands:\n")[2].partition(heading)[0]
            for name in re.findall(r"(?m)^  (\S+)", commands):
                ask(*words, name)

        ask()
        self.assertTrue({("run",), ("serve",), ("regs", "check"), ("trace", "merge"),
                         ("topology", "eeprom")} < set(asked), asked)

    def test_the_help_named_is_that_of_the_command(self):
        for words, text in ((["trace"], "trace: a command is missing: latency, "),
                            (["regs", "show"], "regs show: NAME is required"),
                            (["run", "x", "--bogus"], "run: ")):
            with self.subTest(words=words):
                line = self.error_line(ntbsim(*words))
                command = " ".join(words[:2] if words[0] == "regs" else words[:1])
                self.assertIn("ntbsim: " + text, line)
                self.assertTrue(line.endswith(f"(see ntbsim {command} --help)"), line)

    def test_the_version_is_that_of_the_project(self):
        with open(os.path.join(SOURCE, "CMakeLists.txt"), encoding="ascii") as file:
            version = re.search(r"project\(ntbsim VERSION ([0-9.]+)", file.read()).group(1)
        done = ntbsim("--version")
        self.assertEqual((done.returncode, done.stdout), (0, f"ntbsim {version}\n"))

    def test_the_keys_of_set_are_in_the_help_and_can_be_set(self):
        text = ntbsim("run", "--help").stdout
        settings = re.findall(r"[a-z_]+\.[a-z_]+=[0-9]+", text.split("Keys of --set")[1])
        self.assertGreater(len(settings), 10)
        path = self.stim("note x\n")
        for setting in settings:
            done = ntbsim("run", "-q", path, "--set", setting)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    NTBSIM, SOURCE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
