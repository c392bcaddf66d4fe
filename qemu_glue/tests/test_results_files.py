# SPDX-License-Identifier: Apache-2.0
"""The files of a run: old ones go first, the waveform's table and layout come last."""
import os
import pathlib
import tempfile
import unittest
import unittest.mock

import context
import cosim
import launch_options
import paths
import waveform_report
from errors import UserError

TABLE = """x.vcd: latencies

                                                         cycles
name                ports   path                          count
---------------------------------------------------------------
doorbell-status     0 -> 2  BAR0 write -> peer INDBELLSTS    32
doorbell            0 -> 2  BAR0 write -> peer MSI           32
message             0 -> 2  OUTMSG write -> peer MSI         32
doorbell  0 -> 2    6  masked by the peer   first at 14.9 s
"""
FAKE_TRACE = f"""#!/bin/sh
case $2 in
latency) cat <<'TEXT'
{TABLE}TEXT
;;
layout) echo layout >"$5" ;;
esac
"""


class ResultFiles(unittest.TestCase):
    """A directory for each test."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = pathlib.Path(holder.name)

    def test_old_results_are_removed_and_files_of_others_stay(self):
        options = launch_options.parse(["--out", str(self.path)])
        old = ("report.json", "guest0.info.txt", "guest1.lspci.txt", "guest0.console.log",
               "latency.txt", "pingpong.vcd", "pingpong.gtkw", "ntbsim.log")
        kept = ("notes.txt", "own.vcd", "own.gtkw")
        for name in old + kept:
            (self.path / name).touch()
        cosim.remove_old_results(options)
        self.assertEqual(sorted(kept), sorted(path.name for path in self.path.iterdir()))
        cosim.remove_old_results(options)

    def test_the_waveform_gets_a_table_and_a_layout(self):
        program = context.make_program(self.path / "ntbsim", FAKE_TRACE)
        result = {}
        self.assertEqual([], waveform_report.write(program, self.path / "x.vcd", self.path, result))
        self.assertEqual(TABLE, (self.path / "latency.txt").read_text(encoding="utf-8"))
        self.assertTrue((self.path / "x.gtkw").is_file())
        rows = waveform_report.report_lines(result)[1:]
        self.assertEqual(["", "name", "doorbell"],
                         [line.split(" ")[0] for line in rows])

    def test_a_table_that_cannot_be_made_is_a_problem_of_the_run(self):
        program = context.make_program(self.path / "ntbsim",
                                       "#!/bin/sh\necho 'ntbsim: x: no (y)' >&2\nexit 2\n")
        result = {}
        problems = waveform_report.write(program, self.path / "x.vcd", self.path, result)
        self.assertEqual(2, len(problems))
        self.assertIn("ntbsim: x: no (y)", problems[0])
        self.assertEqual({}, result)

    def test_a_checkout_that_cannot_be_written_is_one_line(self):
        # Root may write everywhere: the refusal of the kernel is put in by hand.
        refusal = PermissionError(13, "Permission denied")
        with unittest.mock.patch("builtins.open", side_effect=refusal):
            with self.assertRaises(UserError) as caught:
                with paths.build_lock(self.path):
                    pass
        self.assertRegex(str(caught.exception), r"^ntb: build: \S+ cannot be written: .* \(.+\)$")
        (self.path / "file").touch()
        with self.assertRaises(UserError):
            paths.make_build_directory(self.path / "file" / "build")
        self.assertEqual(os.listdir(self.path), ["file"])


if __name__ == "__main__":
    unittest.main()
