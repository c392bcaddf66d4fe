#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All C++ and C is formatted as .clang-format says, by clang-format 14 (Debian 12's).

Other versions format some lines differently, so where only another one is installed the check is
skipped, and says so; where there is none, it fails.

Usage: clang_format.py [--write]
"""

import re
import shutil
import subprocess
import sys

import repository

VERSION = 14


def version_of(tool):
    """The tool's major version."""
    text = subprocess.run([tool, "--version"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    found = re.search(r"version (\d+)\.", text)
    return int(found[1]) if found else None


def tool_to_use():
    """clang-format of the right version; does not return without one."""
    tools = [tool for tool in (shutil.which(f"clang-format-{VERSION}"),
                               shutil.which("clang-format")) if tool]
    for tool in tools:
        if version_of(tool) == VERSION:
            return tool
    if not tools:
        repository.missing("clang-format", "clang-format")
    print(f"clang-format: SKIPPED: this machine has version {version_of(tools[0])} only, the "
          f"tree is formatted by version {VERSION}")
    return sys.exit(repository.SKIPPED)


def main():
    """Formats, or says what is not formatted."""
    tool = tool_to_use()
    names = [str(name) for name in repository.files(suffixes=(*repository.CPP_SUFFIXES, ".c"))]
    mode = ["-i"] if "--write" in sys.argv[1:] else ["--dry-run"]
    run = subprocess.run([tool, "--style=file", *mode, *names], cwd=repository.ROOT, check=True,
                         stderr=subprocess.PIPE, text=True)
    problems = [line for line in run.stderr.splitlines() if "-Wclang-format-violations" in line]
    if problems:
        problems.append("(testbench/checks/clang_format.py --write mends them)")
    repository.finish("clang-format", problems, len(names))


if __name__ == "__main__":
    main()
