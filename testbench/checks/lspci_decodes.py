#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The map's reset values are a configuration space that `lspci -vvv` decodes to the end: every
capability in both chains, none unknown, no broken link.

Usage: lspci_decodes.py NTBSIM
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import register_map
import repository

CAPABILITIES = ["[40] Express (v2) Endpoint", "[c0] Power Management version 3", "[d0] MSI:",
                "[f0] Subsystem:", "[100 v1] Advanced Error Reporting",
                "[180 v1] Device Serial Number", "[200 v1] Virtual Channel",
                "[320 v1] Access Control Services", "[330 v1] Multicast"]
BROKEN = ["nknown", "broken", "!!!", "??", "Vendor Specific"]


# What the model loads into read-only fields for a port with a x8 link at 5 GT/s.
LOADED = {("PCIELCAP", "MAXLNKWDTH"): 8, ("PCIELCAP", "PORTNUM"): 2, ("PCIELSTS", "CLS"): 2,
          ("PCIELSTS", "NLW"): 8}


def configuration_space(regs):
    """4096 bytes after a fundamental reset."""
    space = bytearray(4096)
    for name, (offset, size, row) in regs.by_name.items():
        if regs.space_of[name] == "nt":
            value = row["reset"]
            for field in row["fields"]:
                value |= LOADED.get((name, field["name"]), 0) << field["lsb"]
            space[offset:offset + size] = value.to_bytes(size, "little")
    return bytes(space)


def dump(space):
    """The form that lspci reads: one device, 16 bytes a line."""
    lines = ["00:00.0 device"]
    for at in range(0, len(space), 16):
        lines.append(f"{at:02x}: " + " ".join(f"{byte:02x}" for byte in space[at:at + 16]))
    return "\n".join(lines) + "\n"


def problems_in(decoded):
    """What is wrong with lspci's text."""
    for capability in CAPABILITIES:
        if f"Capabilities: {capability}" not in decoded:
            yield f"lspci shows no \"{capability}\""
    for line in decoded.splitlines():
        if any(word in line for word in BROKEN):
            yield f"lspci: {line.strip()}"


def main():
    """Decodes the map's configuration space."""
    lspci = shutil.which("lspci", path="/usr/bin:/usr/sbin:/bin:/sbin")
    if not lspci:
        repository.missing("lspci", "pciutils")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "space"
        file.write_text(dump(configuration_space(register_map.of_program(sys.argv[1]))),
                        encoding="ascii")
        decoded = subprocess.run([lspci, "-nvvv", "-F", str(file)], check=True, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    problems = list(problems_in(decoded))
    if problems:
        print(decoded)
    repository.finish("lspci", problems, len(CAPABILITIES))


if __name__ == "__main__":
    main()
