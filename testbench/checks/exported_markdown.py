#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ntbsim regs export --format markdown` (docs/registers.md) is read by cmark-gfm, a parser that is
not ours, and its tables say of every register and field what the map says.

Usage: exported_markdown.py NTBSIM
"""

import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import exported_registers
import register_map
import repository

COMMONMARK = "{http://commonmark.org/xml/1.0}"
DIMENSION = re.compile(r"(\w) = 0\.\.(\d+), every (0x[0-9A-F]+)")
UNKNOWN = "unknown"  # the place of what is declared, not mapped


def tree_of(markdown):
    """The document as cmark-gfm parses it."""
    if shutil.which("cmark-gfm") is None:
        repository.missing("cmark-gfm", "cmark-gfm")
    xml = subprocess.run(["cmark-gfm", "--extension", "table", "--to", "xml"], input=markdown,
                         check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8").stdout
    return ElementTree.fromstring(xml)


def text_of(element):
    """All text below an element."""
    return "".join(element.itertext()).strip("\n ")


def rows_of(table):
    """The cells of a table's rows, without its head."""
    return [["".join(t.text or "" for t in cell.iter() if t.text and t.text.strip())
             for cell in row.findall(COMMONMARK + "table_cell")]
            for row in table.findall(COMMONMARK + "table_row")]


def fields_of(table):
    """Field's name -> Field of a table under a register."""
    fields = {}
    for bits, name, access, reset, hot_reset, gloss in rows_of(table):
        if bits == UNKNOWN:
            width = re.search(r"\((\d+) bits?; ", gloss)
            place = int(width.group(1)) if width else None, None
        else:
            msb, _, lsb = bits.partition(":")
            place = int(msb), int(lsb or msb)
        fields[name] = exported_registers.Field(*place, access, int(reset.rstrip("?"), 0),
                                                hot_reset)
    return fields


def members_of(place, name):
    """Name and offset of every member: of "0x470 (n = 0..5, every 0x10)"."""
    if place == UNKNOWN:
        return [(name, None)]
    found = [({}, int(place.split()[0], 16))]
    for letter, last, stride in DIMENSION.findall(place):
        found = [({**indices, letter: i}, offset + i * int(stride, 16))
                 for indices, offset in found for i in range(int(last) + 1)]
    return [(exported_registers.with_indices(name, indices), offset) for indices, offset in found]


def registers_in(document, titles):
    """Space -> member's name -> Register, as the document has it; titles: heading -> space."""
    spaces = {}
    places, current, register = {}, None, None
    for block in document:
        if block.tag == COMMONMARK + "heading":
            if block.get("level") == "2":
                current, register, places = titles.get(text_of(block)), None, {}
            elif block.get("level") == "3":
                register = text_of(block)
        elif block.tag == COMMONMARK + "table" and current is not None:
            if register is None:
                places = {row[1]: (row[0], int(row[2])) for row in rows_of(block)}
            else:
                place, bits = places[register]
                fields = fields_of(block)
                for name, offset in members_of(place, register):
                    spaces.setdefault(current, {})[name] = exported_registers.Register(
                        offset, bits, fields)
    return spaces


def main():
    """Exports, parses, compares with the map."""
    ntbsim = sys.argv[1]
    titles = {space["title"]: name
              for name, space in register_map.of_program(ntbsim).spaces.items()}
    document = tree_of(exported_registers.export(ntbsim, "markdown"))
    wanted = exported_registers.expected(ntbsim)
    problems = exported_registers.differences(wanted, registers_in(document, titles))
    repository.finish("exported Markdown", problems, exported_registers.count(wanted))


if __name__ == "__main__":
    main()
