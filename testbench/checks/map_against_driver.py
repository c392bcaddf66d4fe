#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The register map against the header of the mainline Linux driver (drivers/ntb/hw/idt): the
offset of every register that it names, the mask of every field.

The header is read out of the distribution's kernel source (package linux-source-*), which the
test set-up installs; nothing of it is copied into this tree.

Usage: map_against_driver.py NTBSIM [HEADER]
"""

import glob
import re
import sys
import tarfile
from pathlib import Path

import register_map
import repository

HEADER = "drivers/ntb/hw/idt/ntb_hw_idt.h"
DEFINE = re.compile(r"^#define[ \t]+IDT_(\w+)[ \t]+\(?(?:\(u32\))?(0x[0-9A-Fa-f]+|\d+)U?\)?[ \t]*$",
                    re.MULTILINE)

# The header's names of registers that are two registers, or are called otherwise here.
NT_NAMES = {"PCICMDSTS": "PCICMD", "PCIECMDSTS": "PCICMD", "PCIEDCTLSTS": "PCIEDCTL",
            "PCIELCTLSTS": "PCIELCTL"}
SW_NAMES = {"CTL": "SWCTL", "SSBRDELAY": "USSBRDELAY"}

# Registers of the header's field constants -> a register here (one member stands for its family).
FIELD_REGISTERS = {"BARSETUP": "BARSETUP0", "SWPARTxSTS": "SWPART0STS",
                   "SWPORTxSTS": "SWPORT0STS", "SWPxMSGCTL": "SWP0MSGCTL0", **NT_NAMES}

# The header's names of fields that are called otherwise here.
FIELD_NAMES = {("NTMTBLDATA", "REQID"): "BDF", ("NTMTBLDATA", "ATP_TRANS"): "ATP",
               ("NTMTBLDATA", "CNS_INV"): "CNS", ("NTMTBLDATA", "RNS_INV"): "RNS",
               ("NTGSIGNAL", "SET"): "GSIGNAL", ("PCIELCTLSTS", "SCLK_COM"): "SCLK",
               ("BARSETUP", "MODE_CFG"): "MODE", ("SEMSK", "LINKUP"): "LNKUP",
               ("SEMSK", "LINKDN"): "LNKDN", ("SEMSK", "GSIGNAL"): "GSIG"}

# The header keeps the values of this field unshifted, so its shift is 0 there.
UNSHIFTED = {("BARSETUP", "TYPE")}

# Constants that describe no single register: limits, alignments, counts, units.
NO_REGISTER = re.compile(r"^(REG|MAX|DBELL|OUTMSG|INMSG|MSG|BAR|MTBL|PCIE|TRANS|DIR|TEMP|PCI)_")


def header_text():
    """The newest kernel source on this machine that has the header."""
    extracted = sorted(glob.glob(f"/usr/src/linux-source-*/{HEADER}"))
    if extracted:
        return Path(extracted[-1]).read_text(encoding="utf-8")
    archives = sorted(glob.glob("/usr/src/linux-source-*.tar.*"))
    for archive in reversed(archives):
        with tarfile.open(archive, mode="r|*") as tar:
            for entry in tar:
                if entry.name.endswith(HEADER):
                    return tar.extractfile(entry).read().decode("utf-8")
    return repository.missing(f"the kernel source with {HEADER}", "linux-source")


def expected_register(name):
    """(space, register, offset of the port's NT function) of NT_x, SW_x or SW_NTPn_x."""
    port = re.fullmatch(r"SW_NTP(\d+)_(\w+)", name)
    if port:
        return "nt", NT_NAMES.get(port[2], port[2]), int(port[1]) * 0x2000 + 0x1000
    if name.startswith("NT_"):
        return "nt", NT_NAMES.get(name[3:], name[3:]), 0
    return "sw", SW_NAMES.get(name[3:], name[3:]), 0


def offset_problem(name, value, regs):
    """A problem line, or None."""
    space, register, base = expected_register(name)
    if register not in regs.by_name or regs.space_of[register] != space:
        return f"{name}: the driver knows it, the map does not (as {register})"
    at = regs.by_name[register][0] + base
    if at != value:
        return f"{name}: {value:#x} for the driver, {at:#x} in the map"
    return None


class Fields:
    """Compares field constants with the map and remembers the masks for the values in them."""

    def __init__(self, constants, regs):
        self.constants = constants
        self.regs = regs
        self.compared = 0

    def problem(self, name, value):
        """A problem line for the constant IDT_<register>_<field>[_MASK|_FLD|_value], or None."""
        register, _, rest = name.partition("_")
        target = FIELD_REGISTERS.get(register, register)
        if target not in self.regs.by_name:
            return f"{name}: a constant of no register that the map knows"
        masks = self.regs.fields_of_dword(self.regs.space_of[target],
                                          self.regs.by_name[target][0])
        field = re.sub(r"_(MASK|FLD)$", "", rest)
        mask = masks.get(FIELD_NAMES.get((register, field), field))
        self.compared += 1
        if rest.endswith("_FLD"):
            shift = 0 if (register, field) in UNSHIFTED else (mask & -mask).bit_length() - 1
            return None if shift == value else f"{name}: {value} for the driver, {shift} here"
        if mask is not None:
            return None if mask == value else f"{name}: {value:#x} for the driver, {mask:#x} here"
        return self._value_problem(name, value)

    def _value_problem(self, name, value):
        """A value of a field, as FIELD_VALUE: it must lie in the mask of FIELD."""
        register, _, rest = name.partition("_")
        field = rest.rsplit("_", 1)[0]
        mask = self.constants.get(f"{register}_{field}_MASK")
        if mask is None:
            return f"{name}: the map has no such field"
        return None if value & ~mask == 0 else f"{name}: {value:#x} does not fit {mask:#x}"


def compare(text, regs):
    """(problems, number of constants compared)"""
    constants = {name: int(value, 0) for name, value in DEFINE.findall(text)}
    fields = Fields(constants, regs)
    problems, offsets = [], 0
    for name, value in constants.items():
        if name.startswith(("NT_", "SW_")):
            problems.append(offset_problem(name, value, regs))
            offsets += 1
        elif not NO_REGISTER.match(name):
            problems.append(fields.problem(name, value))
    if offsets < 300 or fields.compared < 80:
        problems.append(f"only {offsets} offsets and {fields.compared} field constants found: "
                        "the header reads differently from what this check expects")
    return [problem for problem in problems if problem], offsets + fields.compared


def main():
    """Reads both and compares."""
    regs = register_map.of_program(sys.argv[1])
    text = Path(sys.argv[2]).read_text(encoding="utf-8") if len(sys.argv) > 2 else header_text()
    repository.finish("map against the driver's header", *compare(text, regs))


if __name__ == "__main__":
    main()
