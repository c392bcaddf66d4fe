#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmark driver once, shortly, without guests: that every row is there with a figure,
and that the exit code says what the table says. Whether bounds are met does not matter here.

Usage: smoke.py --build DIR
"""
import json
import pathlib
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
EXPECTED = ("register read through bar0", "register read against a searched list of 512",
            "ntbsim regs check of the model", "doorbell -> peer MSI",
            "window write in the model", "window read in the model",
            "window write over vfio-user", "everything traced as VCD",
            "against sc_trace of the same signals", "growth 10 -> ", "growth 2 -> 8",
            "region read over vfio-user", "posted register write",
            "none lost, none reordered", "simulator with nothing")
# These do not depend on speed: they are wrong or right.
RIGHT = ("none lost, none reordered",)


def main():
    """Exit code 0 if all is as it should be."""
    result = subprocess.run([sys.executable, "-B", str(BENCH / "run.py"), *sys.argv[1:],
                             "--quick", "--rounds", "1", "--json"], check=False, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    problems = []
    if result.returncode not in (0, 1):
        problems.append(f"exit code {result.returncode}: {result.stderr.strip()}")
    else:
        report = json.loads(result.stdout)
        names = [row["what"] for row in report["rows"]]
        problems += [f"no row '{name}'" for name in EXPECTED
                     if not any(name in row for row in names)]
        problems += [f"'{row['what']}' has no figure" for row in report["rows"]
                     if row["value"] is None or not row["figure"]]
        problems += [f"'{row['what']}' is {row['figure']}" for row in report["rows"]
                     if any(name in row["what"] for name in RIGHT) and not row["met"]]
        if report["ok"] != (result.returncode == 0) or report["ok"] == bool(report["missed"]):
            problems.append("exit code, 'ok' and 'missed' contradict one another")
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
