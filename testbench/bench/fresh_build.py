# SPDX-License-Identifier: Apache-2.0
"""`./ntb run` in a fresh copy of the checkout, packages installed: nothing is built beforehand."""
import os
import pathlib
import shutil
import subprocess
import time

from machine import cpus
from report import BenchError, Row

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CORES = 2
LIMIT_SECONDS = 90


def rows(work):
    """The time of `./ntb run`, on two cores, in a copy below `work` that is removed again."""
    copy = work / "fresh"
    shutil.rmtree(copy, ignore_errors=True)
    # The checkout as it is, and nothing that was made in it.
    shutil.copytree(ROOT, copy, symlinks=True, ignore=lambda directory, names: [
        name for name in names if name in ("__pycache__", ".git")
        or (pathlib.Path(directory) == ROOT and name in ("build", "out"))])
    log = work / "fresh.log"
    two = set(cpus()[:CORES])
    try:
        begin = time.monotonic()
        with open(log, "wb") as output:
            code = subprocess.run(["./ntb", "run"], cwd=copy, check=False, stdout=output,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                  preexec_fn=lambda: os.sched_setaffinity(0, two)).returncode
        seconds = time.monotonic() - begin
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    if code != 0:
        raise BenchError(f"./ntb run in a fresh copy ended with {code}", f"see {log}")
    return [Row(f"./ntb run from a fresh checkout, {len(two)} cores", f"{seconds:.0f} s",
                value=seconds, unit="s", bound=f"<= {LIMIT_SECONDS} s",
                met=seconds <= LIMIT_SECONDS)]
