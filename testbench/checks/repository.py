# SPDX-License-Identifier: Apache-2.0
"""What every check of the repository needs: its files, and one way to report.

A check prints one line a problem, "path:line: what is wrong", and ends with status 1 if there was
one. A tool or file that the check cannot do without is a failure that names its package: a check
that silently did nothing would be worth nothing.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = 77  # CTest's SKIP_RETURN_CODE of these checks

CPP_SUFFIXES = (".h", ".cpp")
GENERATED_DIRS = re.compile(r"^(build.*|out|\.git|\.cache|__pycache__)$")


def files(root=ROOT, suffixes=None):
    """The project's files as paths relative to root, sorted: committed, or new and not ignored."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        names = [name for name in listed.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = list(_walk(root))  # a copy of the tree without git
    return sorted(Path(name) for name in set(names)
                  if (suffixes is None or name.endswith(tuple(suffixes)))
                  and (root / name).is_file())


def _walk(root):
    for folder, dirs, names in os.walk(root):
        dirs[:] = [d for d in dirs if not GENERATED_DIRS.match(d)]
        for name in names:
            yield str((Path(folder) / name).relative_to(root))


def text_of(root, name):
    """The file's text; None for what is no text."""
    try:
        return (root / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def missing(what, package):
    """Ends the check: it cannot run without `what`."""
    sys.exit(f"check: {what} is not there: the check needs it (apt-get install {package})")


def finish(name, problems, compared):
    """Prints the problems and ends; `compared` says what was looked at, and may not be 0."""
    for problem in problems:
        print(problem)
    if not compared:
        sys.exit(f"{name}: found nothing to compare: the check itself is broken")
    if problems:
        sys.exit(f"{name}: {len(problems)} problem(s) in {compared} item(s)")
    print(f"{name}: {compared} item(s), no problem")
