# SPDX-License-Identifier: Apache-2.0
"""The register map as the checks see it: read from `ntbsim regs export --format json`."""

import json
import subprocess
import sys


class RegisterMap:
    """Registers of all spaces by their expanded names.

    by_name: name -> (offset, size, row); rows are the dictionaries of the export.
    declared: name of a register without an offset -> row; families by their pattern.
    functions: name of a function's place in the global space -> its dictionary.
    """

    def __init__(self, exported):
        self.spaces = {space["name"]: space for space in exported["spaces"]}
        self.functions = {one["name"]: one for one in exported.get("functions", [])}
        self.by_name = {}
        self.declared = {}
        self.space_of = {}
        for space in exported["spaces"]:
            for row in space["registers"]:
                for member in row["members"]:
                    self.by_name[member["name"]] = (member["offset"], row["size"], row)
                    self.space_of[member["name"]] = space["name"]
            for row in space.get("declared", []):
                self.declared[row["name"]] = row
                self.space_of[row["name"]] = space["name"]

    def fields_of_dword(self, space, offset):
        """name -> mask within the dword at `offset`, of all registers in that dword."""
        masks = {}
        for name, (at, _, row) in self.by_name.items():
            if self.space_of[name] == space and at & ~3 == offset & ~3:
                for field in row["fields"]:
                    width = field["msb"] - field["lsb"] + 1
                    shift = field["lsb"] + (at & 3) * 8
                    masks[field["name"]] = ((1 << width) - 1) << shift
        return masks


def of_program(ntbsim):
    """The map compiled into the program."""
    run = subprocess.run([ntbsim, "regs", "export", "--format", "json"], check=False,
                         stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"check: {ntbsim} regs export does not work (build it first)")
    return RegisterMap(json.loads(run.stdout))
