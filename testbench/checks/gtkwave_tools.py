# SPDX-License-Identifier: Apache-2.0
"""GTKWave's own converters as judges of our waveforms."""
import shutil
import subprocess


def call(*words):
    """(whether the command succeeded, what it said)."""
    done = subprocess.run([str(w) for w in words], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def problems(ntbsim, vcd, directory):
    """What vcd2fst finds wrong with a VCD file, or what fst2vcd does not give back of it."""
    if not (shutil.which("vcd2fst") and shutil.which("fst2vcd")):
        yield "vcd2fst is missing (package gtkwave)"
        return
    fst, back = directory / "x.fst", directory / "back.vcd"
    for words in (["vcd2fst", vcd, fst], ["fst2vcd", "-f", fst, "-o", back],
                  [ntbsim, "trace", "compare", vcd, back]):
        worked, said = call(*words)
        if not worked:
            yield f"{vcd.name}: {words[0]}: {said.strip()}"
            return
