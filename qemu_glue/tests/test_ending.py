# SPDX-License-Identifier: Apache-2.0
"""`ntb cosim` that is interrupted, or loses a child or its disk: one line, and nothing is left.

The whole launcher runs, with stand-ins for QEMU, the guests' files and the simulator.
"""
import contextlib
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time
import unittest

import context

# A "QEMU" whose agent answers no command if it is called "hang", and ends at the first if "die".
FAKE_QEMU = """#!/usr/bin/python3
import os, re, sys
console, agent = [int(n) for n in re.findall(r"id=(?:console|agent),fd=(\\d+)", " ".join(sys.argv))]
behaviour = os.path.basename(sys.argv[0])
os.write(agent, b"agent ready\\n")
for line in os.fdopen(agent, "rb", buffering=0):
    if behaviour == "die":
        print("fake: the guest has had enough", file=sys.stderr)
        sys.exit(1)
    if behaviour == "good":
        os.write(agent, b"%s.rc 0\\n" % line.split()[1])
"""
LAUNCHER = """
import sys, types
sys.path.insert(0, sys.argv.pop(1))
import cosim
from prepare import Prepared
kernel = types.SimpleNamespace(image="vmlinuz", version="6.1")
prepared = Prepared([sys.argv.pop(1)], kernel, "initramfs", "tcg", "")
cosim.prepare = lambda *_, **__: prepared
sys.exit(cosim.main())
"""


def command_lines():
    """{process id: command line} of everything that runs."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found[int(path.parent.name)] = path.read_bytes().decode(errors="replace")
    return found


def eventually(condition, seconds=20):
    """Polls until the condition is true; its last value."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


class Ending(unittest.TestCase):
    """Everything that a run has started ends with it."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="ntb-end-")
        self.addCleanup(holder.cleanup)
        self.path = pathlib.Path(holder.name).resolve()
        self.runtime = self.path / "run"
        self.runtime.mkdir()

    def start(self, behaviour, *words, ntbsim="", **options):
        """The launcher; `behaviour` is that of its guests, `ntbsim` that of the simulator."""
        qemu = context.make_program(self.path / behaviour, FAKE_QEMU)
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(self.runtime), "FAKE_NTBSIM": ntbsim}
        launcher = subprocess.Popen(
            ["/usr/bin/python3", "-B", "-c", LAUNCHER, context.GLUE, qemu, "--run", "something",
             "--ntbsim", context.FAKE_NTBSIM, "--out", self.path / "out", *words], env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            **options)
        self.addCleanup(launcher.kill)
        return launcher

    def running(self, text):
        """Ids of this test's children whose command line holds the text."""
        return [pid for pid, line in command_lines().items()
                if text in line and str(self.path) in line and pid != os.getpid()]

    def ended(self, launcher, code):
        """Its one line of complaint; it has ended with that code, and nothing is left."""
        with launcher:
            said, complaint = launcher.communicate(timeout=60)
        self.assertEqual(code, launcher.returncode, said + complaint)
        self.assertEqual(1, len(complaint.splitlines()), complaint)
        self.assertTrue(eventually(lambda: not self.running("")), self.running(""))
        self.assertTrue(eventually(lambda: not list(self.runtime.iterdir())))
        return complaint

    def test_a_signal_ends_everything_in_order(self):
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = signal.Signals[name]
            with self.subTest(name=name):
                launcher = self.start("hang")
                self.assertTrue(eventually(
                    lambda: len(self.running("\0-kernel\0")) == 2 and self.running("\0serve\0")))
                launcher.send_signal(number)
                self.assertEqual(f"ntb: cosim: stopped by {name} (everything that it "
                                 "started has ended)\n", self.ended(launcher, 128 + number))

    def test_a_guest_that_dies_ends_the_run_with_its_last_words(self):
        line = self.ended(self.start("die"), 1)
        self.assertRegex(line, r"^ntb: guest \d: QEMU ended with exit code 1: fake: the guest has "
                               r"had enough \(see .+\)\n$")

    def test_a_simulator_that_is_killed_ends_the_run_with_one_line(self):
        launcher = self.start("hang")
        self.assertTrue(eventually(lambda: len(self.running("\0-kernel\0")) == 2))
        for pid in self.running("\0serve\0"):
            os.kill(pid, signal.SIGKILL)
        self.assertRegex(self.ended(launcher, 1),
                         r"^ntb: simulator: ntbsim serve was ended by SIGKILL.*\(see .+\)\n$")

    def test_a_full_disk_is_one_line(self):
        def no_room():
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

        line = self.ended(self.start("good", preexec_fn=no_room), 2)
        self.assertRegex(line, r"^ntb: cosim: .*File too large \(.+\)\n$")

    def test_a_waveform_that_ends_early_is_told_and_no_success(self):
        with self.start("good", "--vcd", self.path / "x.vcd", ntbsim="full") as launcher:
            said, _ = launcher.communicate(timeout=60)
        self.assertEqual(1, launcher.returncode, said)
        self.assertIn("x.vcd stopped at simulated time 5 ns: No space left on device", said)
        self.assertIn("problem: ntbsim ended with exit code 1", said)

    def test_a_run_that_works_leaves_nothing_either(self):
        launcher = self.start("good")
        with launcher:
            said, complaint = launcher.communicate(timeout=60)
        self.assertEqual((0, ""), (launcher.returncode, complaint), said)
        self.assertTrue(eventually(lambda: not self.running("")))
        self.assertTrue(eventually(lambda: not list(self.runtime.iterdir())))


if __name__ == "__main__":
    unittest.main()
