# SPDX-License-Identifier: Apache-2.0
"""Whether a capture of a run holds: replayed without QEMU everything that was read is the same, and
so is the waveform, exactly, if the run had one."""
import filecmp
import pathlib
import re
import subprocess

SECONDS = 1800


def check(options, result):
    """Replays; what came of it goes into `result`. A list of problems."""
    capture = pathlib.Path(options.capture)
    replayed = options.out / "replayed.vcd"
    command = [str(options.ntbsim), "run", str(capture)]
    if options.vcd:
        command += ["--vcd", str(replayed)]
        if options.vcd_limit:
            command += ["--vcd-limit", options.vcd_limit]
    try:
        done = subprocess.run(command, check=False, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return [f"the replay of {capture} did not end in {SECONDS} s"]
    if done.returncode != 0:
        lines = (done.stderr + done.stdout).strip().splitlines() or ["no output"]
        return [f"the replay of the capture: {lines[0]}"]
    inputs = re.match(r"replayed: (\d+) inputs", done.stdout)
    text = f"{capture} ({inputs.group(1) if inputs else 'no'} inputs), replayed: what was read " \
        "and what the switch did is the same"
    if options.vcd:
        if not filecmp.cmp(replayed, options.vcd, shallow=False):
            return [f"the waveform of the replay, {replayed}, differs from {options.vcd}"]
        replayed.unlink()
        text += ", and so is the waveform"
    else:
        text += "; no waveform to compare (--vcd FILE)"
    result["capture"] = text
    return []
