# SPDX-License-Identifier: Apache-2.0
"""Which failures of the kernel's selftest are run again."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import context  # pylint: disable=unused-import
import once_more
import selftest

COUNTING = 'n=$(($(cat count 2>/dev/null) + 1)); echo $n >count; echo "$SAYS"; exit "$1"'


class OnceMore(unittest.TestCase):
    """A command that counts how often it ran, and fails."""

    def runs(self, says, code):
        """How often it ran, and the exit code."""
        with tempfile.TemporaryDirectory() as directory:
            done = subprocess.run(
                [sys.executable, "-B", once_more.__file__, "sh", "-c", COUNTING, "sh", str(code)],
                cwd=directory, env={"PATH": "/usr/bin:/bin", "SAYS": says}, check=False,
                stdout=subprocess.PIPE, text=True)
            return int(pathlib.Path(directory, "count").read_text("utf-8")), done.returncode

    def test_the_drivers_race_is_run_once_more_and_no_oftener(self):
        race = str(selftest.hanging("Running local perf test without DMA\n", "output.txt"))
        self.assertEqual((2, 1), self.runs(race, 1))

    def test_another_failure_and_success_are_what_they_are(self):
        other = str(selftest.hanging("Running mw3 tests on\n", "output.txt"))
        self.assertEqual((1, 1), self.runs(other, 1))
        self.assertEqual((1, 0), self.runs("well", 0))


if __name__ == "__main__":
    unittest.main()
