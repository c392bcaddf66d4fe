#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ntbsim regs export --format ipxact` is well-formed XML in the structure of IEEE 1685-2014, and
says of every register and field what the map says.

The readers are not ours: xmllint (libxml2-utils) and Python's expat. Neither knows IP-XACT: the
structure is checked against ipxact_registers.rng, which is ours. With the directory of Accellera's
schemas as a third argument (they are in no package) xmllint checks against index.xsd in it.

Usage: exported_ipxact.py NTBSIM [SCHEMA_DIRECTORY]
"""

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import exported_registers
import repository

NAMESPACES = {"ipxact": "http://www.accellera.org/XMLSchema/IPXACT/1685-2014",
              "ntb": "urn:ntbsim:registers"}
GRAMMAR = Path(__file__).with_name("ipxact_registers.rng")


def lint(text, options):
    """What xmllint says against the text."""
    if shutil.which("xmllint") is None:
        repository.missing("xmllint", "libxml2-utils")
    run = subprocess.run(["xmllint", "--noout", "--nonet", *options, "-"], input=text, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return run.stdout.splitlines()[:40] if run.returncode != 0 else []


def value(element, path, default=None):
    """The text of a descendant."""
    return element.findtext(path, default, NAMESPACES)


def number(text):
    """A plain number or 'h and hexadecimal digits."""
    return int(text[2:], 16) if text.startswith("'h") else int(text)


def field(element):
    """A field element as an exported_registers.Field."""
    access = {"read-only": "ro", "read-write": "rw", "write-only": "wo"}[
        value(element, "ipxact:access")]
    modified = value(element, "ipxact:modifiedWriteValue")
    if modified is not None:
        access = {("rw", "oneToClear"): "rw1c", ("rw", "oneToSet"): "rw1s"}[access, modified]
    if value(element, "ipxact:reserved") is not None:
        access = "reserved"
    lsb = number(value(element, "ipxact:bitOffset"))
    resets = {reset.get("resetTypeRef"): number(value(reset, "ipxact:value"))
              for reset in element.findall("ipxact:resets/ipxact:reset", NAMESPACES)}
    if "HOT" in resets and resets["HOT"] != resets[None]:
        raise ValueError(f"{value(element, 'ipxact:name')}: two reset values")
    return exported_registers.Field(lsb + number(value(element, "ipxact:bitWidth")) - 1, lsb,
                                    access, resets[None], "resets" if "HOT" in resets else "keeps")


def fields_of(element, facts):
    """Field's name -> Field of a register; `facts` is where its vendor extensions are."""
    fields = {value(f, "ipxact:name"): field(f)
              for f in element.findall("ipxact:field", NAMESPACES)}
    for declared in facts.findall("ntb:declaredField", NAMESPACES) if facts is not None else ():
        width = value(declared, "ntb:width")
        fields[value(declared, "ntb:name")] = exported_registers.Field(
            None if width is None else int(width), None, value(declared, "ntb:access"),
            int(value(declared, "ntb:reset")), value(declared, "ntb:hotReset"))
    return fields


def collect(parent, base, indices, registers):
    """Adds every register below `parent`, which begins at `base`, to `registers`."""
    for element in parent.findall("ipxact:register", NAMESPACES) + \
            parent.findall("ipxact:registerFile", NAMESPACES):
        is_file = element.tag.endswith("registerFile")
        stride = number(value(element, "ipxact:range")) if is_file \
            else number(value(element, "ipxact:size")) // 8
        letter = value(element, "ipxact:vendorExtensions/ntb:index")
        start = base + number(value(element, "ipxact:addressOffset"))
        for i in range(number(value(element, "ipxact:dim", "1"))):
            here = indices if letter is None else {**indices, letter: i}
            if is_file:
                collect(element, start + i * stride, here, registers)
                continue
            name = exported_registers.with_indices(value(element, "ipxact:displayName"), here)
            if name in registers:
                raise ValueError(f"{name} is there twice")
            registers[name] = exported_registers.Register(
                start + i * stride, number(value(element, "ipxact:size")),
                fields_of(element, element.find("ipxact:vendorExtensions", NAMESPACES)))


def registers_in(text):
    """Space -> member's name -> Register, as the XML has it."""
    spaces = {}
    for memory_map in ElementTree.fromstring(text).iterfind("ipxact:memoryMaps/ipxact:memoryMap",
                                                            NAMESPACES):
        registers = spaces[value(memory_map, "ipxact:name")] = {}
        for block in memory_map.findall("ipxact:addressBlock", NAMESPACES):
            collect(block, number(value(block, "ipxact:baseAddress")), {}, registers)
            for declared in block.findall("ipxact:vendorExtensions/ntb:declaredRegister",
                                          NAMESPACES):
                registers[value(declared, "ntb:name")] = exported_registers.Register(
                    None, int(value(declared, "ntb:size")), fields_of(declared, declared))
    return spaces


def main():
    """Exports, lets xmllint judge, compares with the map."""
    ntbsim = sys.argv[1]
    text = exported_registers.export(ntbsim, "ipxact")
    problems = lint(text, ["--relaxng", str(GRAMMAR)])
    if len(sys.argv) > 2:
        problems += lint(text, ["--schema", str(Path(sys.argv[2]) / "index.xsd")])
    wanted = exported_registers.expected(ntbsim)
    if not problems:
        problems = exported_registers.differences(wanted, registers_in(text))
    repository.finish("exported IP-XACT", problems, exported_registers.count(wanted))


if __name__ == "__main__":
    main()
