#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/registers.md is what `ntbsim regs export --format markdown` prints.

Usage: registers_md.py NTBSIM [--write]
"""

import difflib
import subprocess
import sys

import repository

DOCUMENT = "docs/registers.md"


def main():
    """Compares, or writes the document anew."""
    exported = subprocess.run([sys.argv[1], "regs", "export", "--format", "markdown"], check=True,
                              stdout=subprocess.PIPE, text=True, encoding="utf-8").stdout
    path = repository.ROOT / DOCUMENT
    if "--write" in sys.argv[2:]:
        path.write_text(exported, encoding="utf-8")
        return
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    problems = list(difflib.unified_diff(there.splitlines(), exported.splitlines(), DOCUMENT,
                                         "the map", lineterm="", n=0))
    if problems:
        problems = problems[:40] + [f"{DOCUMENT}:1: not current: build the target registers_md"]
    repository.finish(DOCUMENT, problems, len(exported.splitlines()))


if __name__ == "__main__":
    main()
