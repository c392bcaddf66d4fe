# SPDX-License-Identifier: Apache-2.0
"""What is said about a capture at the end of a run, with a stand-in for `ntbsim run`."""
import pathlib
import tempfile
import types
import unittest

import context
import capture_report

REPLAY = """#!/bin/sh
[ "$3" != --vcd ] || echo "{waveform}" >"$4"
echo "{says}"
exit {code}
"""


class CaptureReport(unittest.TestCase):
    """A directory for each test."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = pathlib.Path(holder.name)

    def check(self, vcd=None, waveform="w", says="replayed: 12 inputs", code=0):
        """(problems, what is said about the capture)."""
        program = context.make_program(self.path / "ntbsim", REPLAY.format(
            waveform=waveform, says=says, code=code))
        options = types.SimpleNamespace(capture="c.stim", ntbsim=program, vcd=vcd, vcd_limit=None,
                                        out=self.path)
        result = {}
        return capture_report.check(options, result), result.get("capture")

    def waveform(self):
        """That of the session."""
        path = self.path / "session.vcd"
        path.write_text("w\n", encoding="ascii")
        return path

    def test_without_a_waveform_the_replay_is_checked_and_that_is_said(self):
        problems, says = self.check()
        self.assertEqual([], problems)
        self.assertEqual("c.stim (12 inputs), replayed: what was read and what the switch did is "
                         "the same; no waveform to compare (--vcd FILE)", says)

    def test_a_waveform_is_compared(self):
        problems, says = self.check(self.waveform())
        self.assertEqual([], problems)
        self.assertTrue(says.endswith("is the same, and so is the waveform"), says)
        problems, says = self.check(self.waveform(), waveform="other")
        self.assertIn("differs from", problems[0])
        self.assertIsNone(says)

    def test_a_value_that_differs_is_a_problem_of_the_run(self):
        problems, says = self.check(says="c.stim:7: expected 1, got 2 at 5 ns", code=1)
        self.assertEqual((["the replay of the capture: c.stim:7: expected 1, got 2 at 5 ns"], None),
                         (problems, says))


if __name__ == "__main__":
    unittest.main()
