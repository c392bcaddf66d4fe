# SPDX-License-Identifier: Apache-2.0
"""Captures played again."""
import os
import subprocess


def run(capture, *options):
    """`ntbsim run CAPTURE OPTIONS`; the finished process."""
    return subprocess.run([os.environ["NTBSIM"], "run", str(capture), *map(str, options)],
                          capture_output=True, text=True, check=False, timeout=110)


def assert_same(test, capture, vcd, again, *options):
    """The replay, recorded in `again`, gives the waveform of the session, and no word of error."""
    done = run(capture, "--vcd", again, *options)
    test.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
    test.assertEqual(vcd.read_bytes(), again.read_bytes())
    return done
