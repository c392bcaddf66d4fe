# SPDX-License-Identifier: Apache-2.0
"""What an export of the register map must say, to be compared with what a parser read in it.

Registers go by the names of single members ("BARSETUP2"); a reader expands families itself, from
the dimensions and strides that it found. A declared register has the offset None and goes by its
pattern; a field without a known position has its width (None = unknown) for msb and the lsb None.
"""

import subprocess
from collections import namedtuple

import register_map

Register = namedtuple("Register", "offset bits fields")
Field = namedtuple("Field", "msb lsb access reset hot_reset")


def export(ntbsim, form):
    """The text of one export."""
    return subprocess.run([ntbsim, "regs", "export", "--format", form], check=True,
                          stdout=subprocess.PIPE, text=True, encoding="utf-8").stdout


def fields_of(row):
    """Field's name -> Field, from a row of the map."""
    fields = {field["name"]: Field(field["msb"], field["lsb"], field["access"], field["reset"],
                                   field["hot_reset"]) for field in row["fields"]}
    fields.update((field["name"], Field(field["width"], None, field["access"], field["reset"],
                                        field["hot_reset"])) for field in row["declared_fields"])
    return fields


def expected(ntbsim):
    """Space -> member's name -> Register, from the map."""
    spaces = {}
    for space, content in register_map.of_program(ntbsim).spaces.items():
        spaces[space] = registers = {}
        for row in content["registers"]:
            for member in row["members"]:
                registers[member["name"]] = Register(member["offset"], 8 * row["size"],
                                                     fields_of(row))
        for row in content["declared"]:
            registers[row["name"]] = Register(None, 8 * row["size"], fields_of(row))
    return spaces


def with_indices(pattern, indices):
    """The member's name: "SWP1MSGCTL3" of "SWP{x}MSGCTL{n}" and {"x": 1, "n": 3}."""
    for letter, index in indices.items():
        pattern = pattern.replace("{" + letter + "}", str(index))
    return pattern


def differences(wanted, found):
    """One line a difference between two results like that of expected()."""
    problems = []
    for space in sorted(wanted.keys() | found.keys()):
        want, have = wanted.get(space, {}), found.get(space, {})
        for name in sorted(want.keys() | have.keys()):
            if name not in have:
                problems.append(f"{space}.{name}: not in the export")
            elif name not in want:
                problems.append(f"{space}.{name}: not in the map")
            elif want[name] != have[name]:
                problems.append(f"{space}.{name}: the map has {want[name]}, the export "
                                f"{have[name]}")
    return problems


def count(spaces):
    """How many registers and fields."""
    return sum(1 + len(register.fields)
               for registers in spaces.values() for register in registers.values())
