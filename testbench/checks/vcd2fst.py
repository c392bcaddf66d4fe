#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vcd2fst takes the waveform of every scenario with every signal in it, and fst2vcd gives the same
back: whole, cut off by --vcd-limit, and as the window before a trigger.

Usage: vcd2fst.py NTBSIM
"""
import pathlib
import sys
import tempfile

import gtkwave_tools

SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / "scenarios"
CUT = 2048  # bytes that the limit keeps out: changes, not the list of signals before them


def recorded(ntbsim, stimulus, vcd, directory, *options):
    """Plays a scenario, everything traced; what is wrong with its waveform."""
    worked, said = gtkwave_tools.call(ntbsim, "run", "-q", stimulus, "--vcd", vcd, *options)
    if not worked:
        yield f"{vcd.name}: {said.strip()}"
        return
    yield from gtkwave_tools.problems(ntbsim, vcd, directory)


def main():
    """Exit code 0 if all are taken."""
    ntbsim = pathlib.Path(sys.argv[1]).resolve()
    found, files = [], 0
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        for stimulus in sorted(SCENARIOS.glob("*.stim")):
            whole = directory / f"{stimulus.stem}.vcd"
            found += recorded(ntbsim, stimulus, whole, directory)
            limit = whole.stat().st_size - CUT
            found += recorded(ntbsim, stimulus, directory / f"{stimulus.stem}-limited.vcd",
                              directory, "--vcd-limit", limit)
            found += recorded(ntbsim, stimulus, directory / f"{stimulus.stem}-window.vcd",
                              directory, "--vcd-window", "2us")
            files += 3
    for problem in found:
        print(problem)
    print(f"vcd2fst: {len(found)} problem(s) in {files} waveforms")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
