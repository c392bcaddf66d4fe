# SPDX-License-Identifier: Apache-2.0
"""Makes the modules of qemu_glue importable for the tests, and runs things as a user would."""
import os
import pathlib
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent
GLUE = TESTS.parent
ROOT = GLUE.parent
FAKE_NTBSIM = TESTS / "fake_ntbsim.py"
sys.path.insert(0, str(GLUE))


def run(*words, environment=None, **options):
    """A finished process with text output; stdin is empty."""
    environment = {**os.environ, **(environment or {})}
    return subprocess.run([str(word) for word in words], check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, env=environment, **options)


def make_program(path, text):
    """An executable script."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path
