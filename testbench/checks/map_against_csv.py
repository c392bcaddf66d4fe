#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The register map against docs/reference/registers.csv, where the facts stand with their sources:
every register of the NT function and of the switch with its offset and size, every field with a
known position; and the map has no register that the file does not know.

Usage: map_against_csv.py NTBSIM [CSV]
"""

import csv
import itertools
import re
import sys

import register_map
import repository

# The file has two names of the older driver's header; the map has the mainline header's.
RENAMED = {"SEFRMSKTS": "SEFRSTMSK", "SEHRMSKTS": "SEHRSTMSK"}

# Fields that the map has under another name or split, and why.
FIELD_EXCEPTIONS = {
    ("VCR0CTL", "TCVCMAP"): "bit 0 is read-only: the map has it as TC0",
    ("MCBARL", "MCBARL"): "its own description splits it into INDEXPOS and MCBARL",
}

PORTS = 24
FIELD = re.compile(r"^(\w+)\[(\d+):(\d+)\]")


def offset_value(expression, indices):
    """The value of "0x3EE00 + 4*x + 0x20*n"; None if the file knows no offset."""
    total = 0
    for term in expression.replace(" ", "").split("+"):
        factors = term.split("*")
        product = 1
        for factor in factors:
            if factor in indices:
                product *= indices[factor]
            elif re.fullmatch(r"0x[0-9A-Fa-f]+|\d+", factor):
                product *= int(factor, 0)
            else:
                return None
        total += product
    return total


def members(name, offset):
    """(register name, offset) of each member of a row of the file."""
    described = re.fullmatch(r"(\w+) \((.*)\)", name)
    if not described:
        at = offset_value(offset, {})
        if at is not None:
            yield RENAMED.get(name, name), at
        return
    pattern, ranges = described[1], described[2]
    letters = []
    for letter, low, high in re.findall(r"\b([a-z])=(\d+)\.\.(\d+)", ranges):
        letters.append((letter, letter, range(int(low), int(high) + 1)))
    if "x=port" in ranges:
        letters.append(("x", "port", range(PORTS)))
    for values in itertools.product(*(values for _, _, values in letters)):
        member = pattern
        indices = {}
        for (letter, variable, _), value in zip(letters, values):
            member = member.replace(letter, str(value))
            indices[variable] = value
        yield member, offset_value(offset, indices)


def field_problems(name, described, row):
    """Fields of the file, with known positions, against the map's row."""
    mapped = {field["name"]: (field["msb"], field["lsb"]) for field in row["fields"]}
    for part in described.split("|"):
        match = FIELD.match(part)
        if not match or (name, match[1]) in FIELD_EXCEPTIONS or match[1] == "reserved":
            continue
        msb, lsb = int(match[2]), int(match[3])
        if lsb == 32:  # upper half of a 64-bit quantity
            msb, lsb = msb - 32, 0
        if mapped.get(match[1]) != (msb, lsb):
            yield f"{name}.{match[1]}: bits {msb}:{lsb} in the file, {mapped.get(match[1])} in " \
                  "the map"


def compare(rows, regs):
    """(problems, number of registers compared)"""
    problems, known = [], set()
    for row in rows:
        if row["space"] not in ("NT", "SW"):
            continue
        for name, offset in members(row["name"], row["offset"]):
            known.add(name)
            if name not in regs.by_name:
                problems.append(f"{name}: in the file, not in the map")
                continue
            at, size, mapped = regs.by_name[name]
            if at != offset or size != int(row["size_bytes"]):
                problems.append(f"{name}: {offset:#x}, {row['size_bytes']} bytes in the file; "
                                f"{at:#x}, {size} bytes in the map")
            problems += field_problems(name, row["fields"], mapped)
    problems += [f"{name}: in the map, not in the file" for name in regs.by_name
                 if name not in known]
    return problems, len(known)


def main():
    """Reads both and compares."""
    path = sys.argv[2] if len(sys.argv) > 2 else repository.ROOT / "docs/reference/registers.csv"
    regs = register_map.of_program(sys.argv[1])
    with open(path, newline="", encoding="utf-8") as file:
        problems, compared = compare(csv.DictReader(file), regs)
    repository.finish("map against registers.csv", problems, compared)


if __name__ == "__main__":
    main()
