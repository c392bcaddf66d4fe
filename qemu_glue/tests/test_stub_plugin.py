# SPDX-License-Identifier: Apache-2.0
"""Which file of the stub a QEMU gets, and what is said when it gets none."""
import pathlib
import tempfile
import types
import unittest

import context  # pylint: disable=unused-import
import cosim
import guest
import launch_options
import stub_plugin
from errors import UserError
from prepare import Prepared

# Takes the plugins whose name holds a word of its own; its self-test says what SAYS is.
FAKE_QEMU = """#!/bin/sh
case "$*" in
*ntb-stub-7*) echo "Could not load plugin: it wants another API version" >&2; exit 1;;
*ntb-stub-2*) echo "{says}" >&2; exit {code};;
esac
exit 3
"""


class Choosing(unittest.TestCase):
    """Against a QEMU that takes the second file."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = pathlib.Path(holder.name)
        self.ntbsim = self.path / "testbench/ntbsim/ntbsim"
        directory = self.path / "qemu_glue/stub"
        directory.mkdir(parents=True)
        for version in (2, 7):
            (directory / f"ntb-stub-{version}.so").touch()
        self.directory = directory

    def qemu(self, says, code=0):
        """A QEMU."""
        file = self.path / "qemu"
        file.write_text(FAKE_QEMU.format(says=says, code=code), encoding="ascii")
        file.chmod(0o755)
        return [str(file)]

    def test_the_newest_interface_is_tried_first(self):
        self.assertEqual(["ntb-stub-7.so", "ntb-stub-2.so"],
                         [file.name for file in stub_plugin.files_beside(self.ntbsim)])

    def test_a_file_that_loads_and_passes_is_taken(self):
        stub = stub_plugin.choose("auto", self.qemu(stub_plugin.PASSED), self.ntbsim)
        self.assertEqual("ntb-stub-2.so", stub.file.name)
        self.assertEqual(stub, stub_plugin.choose("on", self.qemu(stub_plugin.PASSED),
                                                  self.ntbsim))

    def test_a_self_test_that_fails_leaves_the_stub_out_and_says_why(self):
        says = "ntb-stub: withdrawn: this QEMU is not as expected: a write to an I/O region"
        stub = stub_plugin.choose("auto", self.qemu(says), self.ntbsim)
        self.assertIsNone(stub.file)
        self.assertIn(says, stub.why)
        self.assertNotIn("\n", stub.why)

    def test_what_does_not_work_is_an_error_where_it_was_asked_for(self):
        with self.assertRaises(UserError) as caught:
            stub_plugin.choose("on", self.qemu("no", 1), self.ntbsim)
        self.assertIn("--stub off", str(caught.exception))

    def test_a_build_without_the_stub_is_named(self):
        for file in self.directory.iterdir():
            file.unlink()
        stub = stub_plugin.choose("auto", ["false"], self.ntbsim)
        self.assertIsNone(stub.file)
        self.assertIn("not built", stub.why)

    def test_what_keeps_windows_trapped_is_said(self):
        stub = stub_plugin.choose("auto", self.qemu(stub_plugin.PASSED), self.ntbsim)
        for words, says in (
                ([], "on: registers and windows are in shared memory"),
                (["--capture", "x.stim"],
                 "on: registers are in shared memory; windows are trapped (--capture)"),
                (["--trace-windows"],
                 "on: registers are in shared memory; windows are trapped (--trace-windows)"),
                (["--run", "faults"],
                 "on: registers are in shared memory; windows are trapped (--run faults)")):
            run = cosim.Run(launch_options.parse(words), None, None)
            run.prepared = Prepared([], None, None, "tcg", "", stub)
            run.simulator = types.SimpleNamespace(windows_trapped=lambda: None)
            self.assertEqual(says, run.stub_says())

    def test_off_tries_nothing(self):
        stub = stub_plugin.choose("off", ["/nowhere"], self.ntbsim)
        self.assertIsNone(stub.file)


class CommandLine(unittest.TestCase):
    """What QEMU is told."""

    def words(self, stub, socket="/run/0.sock"):
        """The words after -plugin, if there are some."""
        kernel = type("Kernel", (), {"image": "k"})
        prepared = Prepared(["qemu"], kernel, "i", "tcg", "", stub)
        command = guest.qemu_command(prepared, 0, socket, 3, 4)
        return command[command.index("-plugin") + 1] if "-plugin" in command else None

    def test_the_stub_is_told_its_device_and_its_socket(self):
        stub = stub_plugin.Stub(pathlib.Path("/b/ntb-stub-7.so"), "on")
        self.assertEqual("/b/ntb-stub-7.so,device=ntb,control=/run/0.sock.stub", self.words(stub))

    def test_without_stub_or_device_there_is_no_plugin(self):
        self.assertIsNone(self.words(stub_plugin.NONE))
        self.assertIsNone(self.words(stub_plugin.Stub(None, "off")))
        self.assertIsNone(self.words(stub_plugin.Stub(pathlib.Path("/b.so"), "on"), None))


if __name__ == "__main__":
    unittest.main()
