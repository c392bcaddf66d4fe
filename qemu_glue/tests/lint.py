#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the linters over every script of the project: shellcheck for shell, pylint for Python.

A missing linter is a failure that names the package. Exit codes: 0 clean, 1 not.
"""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SKIPPED = {"build", "out", ".git"}
# Errors, unused things and long lines: what is a defect or a nuisance, not a matter of taste.
PYLINT_CHECKS = ("E,F,unused-import,unused-variable,unused-argument,undefined-variable,"
                 "unreachable,dangerous-default-value,line-too-long,redefined-builtin,"
                 "bare-except,missing-module-docstring,f-string-without-interpolation")


def files():
    """Every file of the checkout that is no product of a build."""
    for directory, names, leaves in os.walk(ROOT):
        names[:] = sorted(name for name in names
                          if name not in SKIPPED and not name.startswith("build-"))
        for leaf in sorted(leaves):
            yield pathlib.Path(directory) / leaf


def is_shell(path):
    """True for shell scripts, by name or by their first line."""
    if path.suffix == ".sh":
        return True
    if path.suffix:
        return False
    try:
        with open(path, "rb") as file:
            first = file.readline(64)
    except OSError:
        return False
    return first.startswith(b"#!") and first.rstrip().endswith((b"/sh", b"/bash", b" bash"))


def run(linter, package, arguments, paths):
    """True if the linter is there and content."""
    program = shutil.which(linter, path="/usr/bin:/usr/local/bin")
    if program is None:
        print(f"lint: {linter} is missing (as root: apt-get install {package})")
        return False
    print(f"lint: {linter}, {len(paths)} files")
    return subprocess.run([program, *arguments, *map(str, paths)], check=False,
                          cwd=ROOT).returncode == 0


def main():
    """Both linters, so that one's complaints do not hide the other's."""
    everything = list(files())
    shells = [path for path in everything if is_shell(path)]
    pythons = [path for path in everything if path.suffix == ".py"]
    if not shells or not pythons:
        print("lint: found nothing to look at")
        return 1
    folders = sorted({str(path.parent) for path in pythons})
    good = run("shellcheck", "shellcheck", ["--external-sources"], shells)
    good &= run("pylint", "pylint",
                ["--rcfile=/dev/null", "--score=n", "--max-line-length=100", "--jobs=2",
                 "--disable=all", f"--enable={PYLINT_CHECKS}",
                 f"--init-hook=import sys; sys.path[:0] = {folders!r}"], pythons)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
