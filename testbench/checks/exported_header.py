#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ntbsim regs export --format c-header` is valid C99 and C++17 without a warning, and its offsets
are those of the map: a program asserts every one of them.

Usage: exported_header.py NTBSIM COMPILER
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import register_map
import repository


def assertion(space, row, member):
    """A C line that does not compile unless the header's offset is the map's."""
    symbol = f"NTB_{space.upper()}_" + re.sub(r"\{[nx]\}(?=.)", "_", row["name"])
    symbol = re.sub(r"\{[nx]\}$", "", symbol)
    pattern = re.sub(r"\\\{([nx])\\\}", r"(?P<\1>\\d+)", re.escape(row["name"]))
    indices = re.fullmatch(pattern, member["name"]).groups()
    call = f"({', '.join(indices)})" if indices else ""
    return f"typedef char {member['name']}_is_there[({symbol}{call}) == {member['offset']}U " \
           "? 1 : -1];"


def main():
    """Writes the header and a program, and compiles it."""
    ntbsim, compiler = sys.argv[1:3]
    regs = register_map.of_program(ntbsim)
    lines = ['#include "registers.h"']
    for name, space in regs.spaces.items():
        for row in space["registers"]:
            lines += [assertion(name, row, member) for member in row["members"]]
    lines.append("int main(void) { return NTB_NT_NTINTSTS_MSG_SHIFT; }")
    with tempfile.TemporaryDirectory() as folder:
        header = subprocess.run([ntbsim, "regs", "export", "--format", "c-header"], check=True,
                                stdout=subprocess.PIPE).stdout
        (Path(folder) / "registers.h").write_bytes(header)
        (Path(folder) / "check.c").write_text("\n".join(lines) + "\n", encoding="ascii")
        problems = []
        for language, standard in (("c", "c99"), ("c++", "c++17")):
            run = subprocess.run([compiler, "-x", language, f"-std={standard}", "-pedantic",
                                  "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                                  f"{folder}/check.c"], check=False, stderr=subprocess.PIPE,
                                 text=True)
            if run.returncode != 0:
                problems += run.stderr.splitlines()[:40]
    repository.finish("exported C header", problems, len(lines))


if __name__ == "__main__":
    main()
