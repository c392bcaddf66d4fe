# SPDX-License-Identifier: Apache-2.0
"""Server and simulators of `--link ivshmem`, with a fake program."""
import os
import pathlib
import tempfile
import types
import unittest
import unittest.mock

import context
from errors import RunError
from linked_simulators import LinkedSimulators, part_of


class Linked(unittest.TestCase):
    """They start, stop and fail as one."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name)
        self.options = types.SimpleNamespace(
            ntbsim=context.make_program(self.path / "ntbsim", "#!/bin/sh\n"
                                        f'exec python3 -B {context.FAKE_NTBSIM} "$@"\n'),
            topology="two-host", vcd=self.path / "run.vcd", vcd_limit=None, out=self.path)
        self.sockets = {0: self.path / "0.sock", 2: self.path / "2.sock"}

    def start(self, behaviour=""):
        """All of them, with the fake behaving like this."""
        with unittest.mock.patch.dict(os.environ, {"FAKE_NTBSIM": behaviour}):
            linked = LinkedSimulators(self.options, self.sockets, self.path / "ivshmem")
        self.addCleanup(linked.__exit__)
        return linked

    def test_each_port_has_a_simulator_and_all_have_one_server(self):
        linked = self.start()
        linked.check_alive()
        self.assertEqual(2, len(set(linked.pids())))
        for simulator, port in zip(linked.simulators, (0, 2)):
            words = pathlib.Path(f"/proc/{simulator.child.process.pid}/cmdline").read_bytes()
            self.assertIn(f"--port\0{port}={self.sockets[port]}\0".encode(), words)
            self.assertIn(f"--peer\0ivshmem:{self.path / 'ivshmem'}\0".encode(), words)

    def test_at_the_end_there_is_one_waveform(self):
        self.assertEqual(0, self.start().stop())
        parts = [part_of(self.options.vcd, port) for port in (0, 2)]
        self.assertEqual(["run.port0.vcd", "run.port2.vcd"], [path.name for path in parts])
        self.assertEqual(" ".join(map(str, parts)),
                         self.options.vcd.read_text(encoding="utf-8"))

    def test_an_exit_code_that_is_not_0_is_that_of_all_and_nothing_is_merged(self):
        self.assertEqual(1, self.start("full").stop())
        self.assertFalse(self.options.vcd.exists())

    def test_one_that_does_not_start_is_told_and_the_others_are_stopped(self):
        with self.assertRaises(RunError) as caught:
            self.start("refuse")
        self.assertIn("cannot be read", str(caught.exception))
        left = [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")
                if str(self.path).encode() in _read(path)]
        self.assertEqual([], left)


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    unittest.main()
