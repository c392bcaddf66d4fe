#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source file names its licence near its top, and no file tells of the machine it was
written on: paths that other machines do not have, addresses of package mirrors.

Usage: committed_text.py [ROOT]
"""

import re
import sys
from pathlib import Path

import repository

LICENCE = "SPDX-License-Identifier: Apache-2.0"
# What runs inside QEMU, and nothing else, is under QEMU's kind of licence (docs/stub.md).
LICENCE_INSIDE_QEMU = "SPDX-License-Identifier: GPL-2.0-or-later"
INSIDE_QEMU = Path("qemu_glue/stub")
WITH_LICENCE = (".h", ".cpp", ".cpp.in", ".h.in", ".py", ".sh", ".cmake", "CMakeLists.txt", ".c",
                ".toml", ".stim")
SHEBANG = "#!"

# Directories that every machine has (FHS 3.0), without those where people keep their own.
SYSTEM = {"bin", "boot", "dev", "etc", "lib", "lib64", "opt", "proc", "root", "run", "sbin", "srv",
          "sys", "tmp", "usr", "var"}
# In a guest or a root of its own (build, modules); no path of a file system (machine: QEMU's
# objects; OSCI: SystemC's messages); in tests, what is not there (no, nonexistent) or not looked
# at (b, s); behind the checkout's path (testbench, traces).
NO_MACHINE = {"build", "modules", "machine", "OSCI", "no", "nonexistent", "b", "s", "testbench",
              "traces"}
PATH = re.compile(r"(?:^|[^\w./<>*})\]$%~+:-]|-[IL]|file://)/(?!/)([A-Za-z][\w.+-]*)/[\w.]")

# Written apart, so that this file does not match itself.
MIRROR = [
    (re.compile(r"\b(?:deb|security|snapshot|ftp(?:\.\w+)?|http\.\w+)\." + r"debian\.org\b"),
     "a package mirror's address"),
    (re.compile(r"https?://[^\s\"']*/debian" + r"(?:-security)?(?:/|\s|$)"),
     "a package mirror's address"),
]


def needs_licence(name, text):
    """Is it source? Scripts without a suffix are known by their first line."""
    return name.name.endswith(WITH_LICENCE) or (not name.suffix and text.startswith(SHEBANG))


def problems_in(name, text):
    """Problem lines of one file."""
    licence = LICENCE_INSIDE_QEMU if INSIDE_QEMU in name.parents else LICENCE
    if needs_licence(name, text) and licence not in "\n".join(text.split("\n")[:3]):
        yield f"{name}:1: no \"{licence}\" in the first three lines"
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, what in MIRROR:
            if pattern.search(line):
                yield f"{name}:{number}: {what}: {line.strip()[:100]}"
        for top in PATH.findall(line):
            if top not in SYSTEM and top not in NO_MACHINE:
                yield (f"{name}:{number}: a path that other machines do not have: "
                       f"{line.strip()[:100]}")


def main(root):
    """Checks every text file."""
    problems, compared = [], 0
    for name in repository.files(root):
        text = repository.text_of(root, name)
        if text is not None:
            compared += 1
            problems += problems_in(name, text)
    repository.finish("committed text", problems, compared)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else repository.ROOT)
