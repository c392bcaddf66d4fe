# SPDX-License-Identifier: Apache-2.0
"""`--run registers`: what it makes of the answers of guest and programs."""
import argparse
import contextlib
import io
import pathlib
import tempfile
import unittest

import context  # noqa: F401 # pylint: disable=unused-import
import registers_run
from errors import RunError, UserError
from progress import Progress


class FakeGuest:
    """A guest that answers commands by their beginnings."""

    name = "guest 0"
    console_log = "console.log"

    def __init__(self, answers):
        self._answers = answers
        self.commands = []

    def start_command(self, command):
        """Remembers it."""
        self.commands.append(command)
        return command

    def finish_command(self, command, *_):
        """The answer to the longest beginning."""
        best = max((key for key in self._answers if command.startswith(key)), key=len)
        return self._answers[best]


class RegistersRun(unittest.TestCase):
    """Problems, and where the results are."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ntb-registers-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.ntbsim = self.folder / "testbench/ntbsim/ntbsim"
        self.ntbsim.parent.mkdir(parents=True)
        self.ntbsim_ends_with(0, 0)

    def ntbsim_ends_with(self, dump, diff):
        """A program that ends with these codes for `regs dump` and `regs diff`."""
        self.ntbsim.write_text(f"#!/bin/sh\ncase $2 in dump) exit {dump};; diff) echo differs; "
                               f"exit {diff};; esac\n", encoding="ascii")
        self.ntbsim.chmod(0o755)

    def problems(self, answers):
        """Of a run with a guest that answers so; the guest and the result."""
        guest = FakeGuest({"for d in": (0, "0000:01:00.0\n"), "echo 1": (0, ""), **answers})
        run = argparse.Namespace(guests=[guest], progress=Progress(io.StringIO()),
                                 check_alive=lambda: None)
        options = argparse.Namespace(out=self.folder, timeout=1, ntbsim=str(self.ntbsim),
                                     topology="two-host")
        result = {}
        with contextlib.redirect_stdout(io.StringIO()):
            found = registers_run.Registers(run, options).execute(result)
        return found, guest, result

    def test_checks_and_a_comparison_that_pass_leave_no_problem(self):
        found, guest, result = self.problems({registers_run.PROGRAM: (0, "passed\n")})
        self.assertEqual(found, [])
        self.assertEqual([one["exit_code"] for one in result["checks"]], [0, 0, 0])
        checks = [command for command in guest.commands if " check " in command]
        self.assertNotIn("--allow", checks[0])
        self.assertIn("--allow-reset", checks[2])
        self.assertTrue((self.folder / "registers.read-only.txt").is_file())

    def test_a_failed_check_is_a_problem_and_the_others_still_run(self):
        found, _, result = self.problems({
            registers_run.PROGRAM: (0, "passed\n"),
            f"{registers_run.PROGRAM} check --target pci:0000:01:00.0 --allow": (1, "FAILED\n")})
        self.assertEqual(len(found), 2)
        self.assertIn("writing", found[0])
        self.assertEqual([one["exit_code"] for one in result["checks"]], [0, 1, 1])

    def test_registers_that_differ_are_a_problem(self):
        self.ntbsim_ends_with(0, 1)
        found, _, result = self.problems({registers_run.PROGRAM: (0, "passed\n")})
        self.assertEqual(found, ["the registers in the guest differ from the model's"])
        self.assertEqual(result["diff"], "differs\n")

    def test_a_guest_without_the_device_ends_the_run(self):
        with self.assertRaises(RunError):
            self.problems({"for d in": (0, ""), registers_run.PROGRAM: (0, "")})

    def test_a_program_that_is_not_built_is_named(self):
        program = registers_run.program_beside(self.ntbsim)
        with self.assertRaises(UserError) as caught:
            registers_run.prepare(self.folder / "initramfs", program, self.folder)
        self.assertIn("ntbsim-regs", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
