#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The register map against docs/reference/registers.csv, where the facts stand with their sources.

Every row of the file is in the map: a register with its offset, size, confidence and every field
(position and access policy where the file knows them; a field without a position is declared), a
register without an offset as a declared one, a function's place in the global space. And the map
has no register and no field that the file does not know, but for those listed here with a reason.

Usage: map_against_csv.py NTBSIM [CSV]
"""

import csv
import itertools
import re
import sys

import register_map
import repository

SPACES = {"NT": "nt", "SW": "sw", "PORT": "port", "DMA": "dma"}

# The file has two names of the older driver's header; the map has the mainline header's.
RENAMED = {"SEFRMSKTS": "SEFRSTMSK", "SEHRMSKTS": "SEHRSTMSK"}

# Rows of the file without a usable name -> the names in the map, which say "name assumed".
NAMELESS = {"(AER error event status/mask)": ("SEAERSTS", "SEAERMSK")}

# Registers that only the map has: pattern, reason.
ADDED = ((r"P2P(VID|DID|RID|PROGIF|SCCLASS|CLASS|HDR)",
          "what identifies a bridge function: B16.2, PCI-to-PCI bridge standard layout"),
         (r"DMA(?!C\d|C\{)\w+", "the configuration header that every PCI function has"))

# Fields that the file has under another name or split: the map's names, and why.
FIELD_EXCEPTIONS = {
    ("VCR0CTL", "TCVCMAP"): (("TC0", "TCVCMAP"), "bit 0 is read-only"),
    ("MCBARL", "MCBARL"): (("INDEXPOS", "MCBARL"), "its own description splits it"),
    ("BARLIMIT", "reserved"): (("ONES",), "reads as ones"),
}

# Parts of the fields column that name fields in words: register pattern, part, the map's names.
WORDED_FIELDS = (
    ("SESTS", "AER error, failover initiated/completed", ("AERERR", "FMCI", "FMCC")),
    ("SMBUSSTS", "EEPROMDONE, EED and SMBus error bits", ("EEPROMDONE", "EED")),
    ("P2PINTMSK", "FMCC etc.", ("FMCC",)),
    ("IOEXPADDR", "IOE(4k)ADDR[7:1]", ("ADDR0",)),
    ("IOEXPADDR", "IOE(4k+1)ADDR[15:9]", ("ADDR1",)),
    ("IOEXPADDR", "IOE(4k+2)ADDR[23:17]", ("ADDR2",)),
    ("IOEXPADDR", "IOE(4k+3)ADDR[31:25]", ("ADDR3",)),
    ("TMPCTL", "BLTH_EN[", ("BLTH_EN",)),
    ("TMPCTL", "other enables", ("ALARMEN",)),
    ("TMPSTS", "other alarm flags", ("MIDALARMS",)),
    ("PTCSTS", "DONE and status fields", ("DONE",)),
)

# Fields that only the map has: register pattern, field, reason.
ADDED_FIELDS = (
    (r".*", "VALUE", "a register whose layout the file does not know is plain storage"),
    (r"P2PINTSTS", "FMCC|SEVENT", "B3.11, B11.2: what P2PINTMSK masks"),
    (r"P2PINTMSK", "SEVENT", "B11.2: switch events in a transparent partition"),
    (r"P2PSDATA", "SDATA", "B10.2: the twin of NTSDATA"),
    (r"P2PGSIGNAL", "GSIGNAL", "B11.8: the twin of NTGSIGNAL"),
    (r"P2PPCIELCTLSTS", "CLS|NLW", "PCIe base spec: state of the link"),
    (r"PTCCTL0", "BDF|REG", "its own description: the target of the config request"),
    (r"SWPART\d+STS", "PFAILOVER|SFAILOVER", "its own description: failover flags exist"),
    (r"SWPART\d+FCTL", "PFSTATE|SFSTATE", "its own description: the state to take"),
    (r"SEMSK", "AERERR|FMCI|FMCC", "B11.1: each type of event has a mask bit"),
    (r"TMPSTS", "ALTH|BMTH|AMTH|BHTH", "B14.2: below and above each threshold"),
    (r"TMPCTL", "(ALTH|BMTH|AMTH|BHTH)_EN", "B14.2: an enable for each alarm"),
    (r"SEAERSTS|SEAERMSK", "PORT", "B11.1: a port's event, a bit per port"),
)

# Parts of the fields column that name no field.
NO_FIELD = re.compile(r"^(unknown|n/a|filter/ADC settings|position)")

PORTS = 24
FIELD = re.compile(r"^(\w+)\[(\d+|\?):(\d+)\]\+?\??(.*)$")
WITHOUT_POSITION = re.compile(r"^([A-Z][A-Z0-9_]*(?:, [A-Z][A-Z0-9_]*)*)(?: \([^)]*\))?(?=:|$)")
POLICY = re.compile(r"(?:\([^)]*\))?:(RO|RW1C|RW|W1S|W1)\b(\??)(?! at init)")
RESET = re.compile(r":(0x[0-9A-Fa-f]+|\d+)(?![0-9A-Fa-fx?=\]])")
# The file's words for a policy -> those of the map that agree with it.
POLICIES = {"RO": ("ro",), "RW": ("rw",), "RW1C": ("rw1c",), "W1S": ("rw1s", "wo"),
            "W1": ("wo", "rw1s")}


def offset_value(expression, indices):
    """The value of "0x3EE00 + 4*x + 0x20*n"; None if the file knows no offset."""
    total = 0
    for term in expression.replace("US base +", "").replace(" ", "").split("+"):
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
    """(register name, offset or None if unknown) of each member of a row of the file."""
    if name in NAMELESS:
        yield from ((one, None) for one in NAMELESS[name])
        return
    bridge = re.fullmatch(r"(\w+) \(P2P\)", name)
    if bridge:
        yield "P2P" + bridge[1], offset_value(offset, {})
        return
    if " / " in name:
        names = re.sub(r" \(.*\)$", "", name).split(" / ")
        yield from ((re.sub(r"^DMACx", "DMAC{x}", one), None) for one in names)
        return
    if offset == "unknown":
        yield re.sub(r"^DMACx", "DMAC{x}", name), None
        return
    described = re.fullmatch(r"(\w+) \((.*)\)", name)
    if not described:
        yield RENAMED.get(name, name), offset_value(offset, {})
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


def parts_of(described):
    """The parts of a fields column: (name, msb, lsb, text behind it); positions None if unknown."""
    pending = []
    for part in described.split("|"):
        match = FIELD.match(part)
        if match:
            msb = None if match[2] == "?" else int(match[2])
            yield match[1], msb, int(match[3]), match[4]
            continue
        # "PFMODE|PFSWPART: RW (positions unknown)": several names before one description.
        names = WITHOUT_POSITION.match(part)
        if names and not NO_FIELD.match(part):
            rest = part[names.end():].replace(": ", ":")
            pending += names[1].split(", ")
            if rest or part == described.split("|")[-1]:
                yield from ((name, None, None, rest) for name in pending)
                pending = []


def worded(name, described):
    """(the map's names of fields that the column names in words, the column without them)"""
    names = []
    for pattern, part, mapped in WORDED_FIELDS:
        if not name.startswith(pattern):
            continue
        kept = [one for one in described.split("|") if not one.startswith(part)]
        if len(kept) < len(described.split("|")):
            names += mapped
            described = "|".join(kept)
    return names, described


def policy_problem(where, text, mapped):
    """Access policy and reset value behind a field's name, where sure, against the map's."""
    stated = POLICY.match(text)
    if stated and not stated[2] and mapped["access"] not in POLICIES[stated[1]]:
        yield f"{where}: {stated[1]} in the file, {mapped['access']} in the map"
    reset = RESET.search(text)
    if reset and mapped["reset"] != int(reset[1], 0):
        yield f"{where}: reset {reset[1]} in the file, {mapped['reset']:#x} in the map"


def field_problems(name, described, row):
    """Fields of the file against the map's row, and the other way round."""
    mapped = {field["name"]: field for field in row["fields"]}
    declared = {field["name"]: field for field in row.get("declared_fields", [])}
    names, described = worded(name, described)
    known = set(names)
    for missing in set(names) - set(mapped) - set(declared):
        yield f"{name}.{missing}: in the file, not in the map"
    for field, msb, lsb, text in parts_of(described):
        exception = FIELD_EXCEPTIONS.get((re.sub(r"\d+$", "", name), field),
                                         FIELD_EXCEPTIONS.get((name, field)))
        if exception:
            known.update(exception[0])
            continue
        known.add(field)
        where = f"{name}.{field}"
        if lsb is None:
            if field not in declared:
                yield f"{where}: in the file without a position, not declared in the map"
            else:
                yield from policy_problem(where, text, declared[field])
            continue
        if (msb, lsb) == (63, 0):  # a pair of registers
            msb = 31
        if lsb == 32:  # upper half of a 64-bit quantity
            msb, lsb = msb - 32, 0
        at = mapped.get(field)
        if at is None or at["lsb"] != lsb or msb not in (None, at["msb"]):
            yield f"{where}: bits {msb}:{lsb} in the file, " \
                  f"{(at['msb'], at['lsb']) if at else None} in the map"
        else:
            yield from policy_problem(where, text, at)
    for field in sorted(set(mapped) | set(declared)):
        if field not in known and not any(re.fullmatch(pattern, name) and
                                          re.fullmatch(fields, field)
                                          for pattern, fields, _ in ADDED_FIELDS):
            yield f"{name}.{field}: in the map, not in the file"


def confidence_of(text):
    """The map's word for the file's last column."""
    return {"documented": "documented", "inferred": "inferred",
            "unknown": "not confirmed"}.get(text.split()[0])


def function_problems(row, functions):
    """A row that places a function in the global space."""
    found = functions.get(row["name"])
    if found is None:
        yield f"{row['name']}: in the file, not in the map"
        return
    first, second = (offset_value(row["offset"], {"port": port}) for port in (0, 1))
    stride = None if first is None else second - first
    if (found["offset"], found["stride"]) != (first, stride):
        yield f"{row['name']}: {row['offset']} in the file, {found['offset']} every " \
              f"{found['stride']} in the map"
    if found["bytes"] != int(row["size_bytes"].split()[0]):
        yield f"{row['name']}: {row['size_bytes']} in the file, {found['bytes']} in the map"
    if found["confidence"] != confidence_of(row["confidence"]):
        yield f"{row['name']}: {row['confidence']} in the file, {found['confidence']} in the map"


def register_problems(row, regs, known):
    """A row that describes a register or a family."""
    space = SPACES[row["space"]]
    for name, offset in members(row["name"], row["offset"]):
        known.add(name)
        mapped = regs.declared.get(name) if offset is None else None
        at, size = None, mapped["size"] if mapped else None
        if offset is not None and name in regs.by_name:
            at, size, mapped = regs.by_name[name]
        if mapped is None or regs.space_of[name] != space:
            yield f"{name}: in the file, not in the map" + ("" if offset is not None
                                                            else " (as a declared register)")
            continue
        if at != offset or size != int(row["size_bytes"]):
            yield f"{name}: {row['offset']}, {row['size_bytes']} bytes in the file; " \
                  f"{at}, {size} bytes in the map"
        if mapped["confidence"] != confidence_of(row["confidence"]):
            yield f"{name}: {row['confidence']} in the file, {mapped['confidence']} in the map"
        yield from field_problems(name, row["fields"], mapped)


def compare(rows, regs):
    """(problems, number of rows of the file compared)"""
    problems, known, compared = [], set(), 0
    for row in rows:
        compared += 1
        if row["space"] not in SPACES:
            problems.append(f"{row['name']}: unknown space {row['space']}")
        elif row["name"].endswith("_FUNCTION_BASE"):
            problems += function_problems(row, regs.functions)
        else:
            problems += register_problems(row, regs, known)
    problems += [f"{name}: in the map, not in the file"
                 for name in sorted({*regs.by_name, *regs.declared} - known)
                 if not any(re.fullmatch(pattern, name) for pattern, _ in ADDED)]
    return problems, compared


def main():
    """Reads both and compares."""
    path = sys.argv[2] if len(sys.argv) > 2 else repository.ROOT / "docs/reference/registers.csv"
    regs = register_map.of_program(sys.argv[1])
    with open(path, newline="", encoding="utf-8") as file:
        problems, compared = compare(csv.DictReader(file), regs)
    repository.finish("map against registers.csv", problems, compared)


if __name__ == "__main__":
    main()
