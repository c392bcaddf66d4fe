#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reference waveforms of traces/reference/ are what their stimuli give, by meaning: what each
signal goes through, whatever the times. Their layouts are what `ntbsim trace layout` makes, but for
where it looks first; vcd2fst takes each waveform, and fst2vcd gives the same back. `--write` makes
all of them anew.

The line `# signals: PATTERNS` of a stimulus says what is recorded.
"""
import pathlib
import re
import sys
import tempfile

import gtkwave_tools
from gtkwave_tools import call

REFERENCE = pathlib.Path(__file__).resolve().parents[2] / "traces" / "reference"
# Begin, zoom and marker follow the times of the waveform.
PLACE = re.compile(r"(?m)^(\[timestart\] .*|\*-?[0-9.]+ .*)\n")


def record(ntbsim, stimulus, directory):
    """Plays a stimulus; makes waveform and layout. Yields what went wrong."""
    patterns = re.search(r"(?m)^# signals: (.*)$", stimulus.read_text(encoding="utf-8"))
    topic = stimulus.stem
    vcd = directory / f"{topic}.vcd"
    for words in ([ntbsim, "run", "-q", stimulus, "--vcd", vcd, "--signals", patterns.group(1)],
                  [ntbsim, "trace", "layout", vcd, "--topic", topic, "-o",
                   directory / f"{topic}.gtkw"]):
        worked, said = call(*words)
        if not worked:
            yield f"{topic}: {said.strip()}"
            return


def differences(ntbsim, topic, directory):
    """How a new recording differs from the reference."""
    new, old = directory / f"{topic}.vcd", REFERENCE / f"{topic}.vcd"
    same, said = call(ntbsim, "trace", "compare", "--ignore-times", old, new)
    if not same:
        yield f"{topic}.vcd is not what its stimulus gives: {said.strip()}"
    layouts = [PLACE.sub("", (place / f"{topic}.gtkw").read_text(encoding="utf-8"))
               if (place / f"{topic}.gtkw").exists() else "" for place in (directory, REFERENCE)]
    if layouts[0] != layouts[1]:
        yield f"{topic}.gtkw is not what ntbsim trace layout makes"


def main():
    """Exit code 0 if all of them are current."""
    ntbsim = pathlib.Path(sys.argv[1]).resolve()
    write = "--write" in sys.argv[2:]
    stimuli = sorted(REFERENCE.glob("*.stim"))
    problems = []
    with tempfile.TemporaryDirectory() as name:
        for stimulus in stimuli:
            directory = REFERENCE if write else pathlib.Path(name)
            problems += record(ntbsim, stimulus, directory)
            if not write and (directory / f"{stimulus.stem}.gtkw").exists():
                problems += differences(ntbsim, stimulus.stem, directory)
            reference = REFERENCE / f"{stimulus.stem}.vcd"
            problems += gtkwave_tools.problems(ntbsim, reference, pathlib.Path(name))
    for problem in problems:
        print(problem)
    print(f"reference waveforms: {len(problems)} problem(s) in {len(stimuli)} topic(s)")
    return 1 if problems or not stimuli else 0


if __name__ == "__main__":
    sys.exit(main())
