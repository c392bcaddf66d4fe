# SPDX-License-Identifier: Apache-2.0
"""What the program says about the waveform of a run: a latency table and a layout for GTKWave.

Both come from `ntbsim trace`; here they only get their files. A failure is a problem of the run, a
line that names what failed.
"""
import pathlib
import re
import subprocess

SECONDS = 300
# The header, and the way from the write to the MSI; rows about doorbells that led to none are in
# the file.
KEPT_ROW = re.compile(r"name +ports |doorbell +\d+ -> \d+ .* -> peer MSI ")


def _trace(ntbsim, *words):
    """The output of `ntbsim trace WORDS`, and why there is none (or None)."""
    try:
        done = subprocess.run([str(ntbsim), "trace", *(str(word) for word in words)], check=False,
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "", f"ntbsim trace {words[0]} did not end in {SECONDS} s"
    except OSError as error:
        return "", f"ntbsim trace {words[0]}: {error.strerror}"
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or ["no output"]
        return "", f"ntbsim trace {words[0]} failed: {reason[0]}"
    return done.stdout, None


def write(ntbsim, vcd, out, result):
    """Writes OUT/latency.txt and the layout; they go into `result`. A list of problems."""
    table, wrong = _trace(ntbsim, "latency", vcd)
    problems = [wrong] if wrong else []
    if not wrong:
        path = out / "latency.txt"
        path.write_text(table, encoding="utf-8")
        result["latency"] = str(path)
    layout = out / pathlib.Path(vcd).with_suffix(".gtkw").name
    _, wrong = _trace(ntbsim, "layout", vcd, "-o", layout)
    if wrong:
        problems.append(wrong)
    else:
        result["layout"] = str(layout)
    return problems


def report_lines(result):
    """The rows of the table that say how long a doorbell takes from the write to the interrupt."""
    text = pathlib.Path(result["latency"]).read_text(encoding="utf-8")
    lines = text.splitlines()
    rows = [line for line in lines if KEPT_ROW.match(line)]
    above = [lines[n - 1] for n, line in enumerate(lines) if n and line.startswith("name ")]
    return ["doorbells in simulated time, from the waveform (all rows: latency.txt)",
            *above[:1], *rows] if len(rows) > 1 else []
