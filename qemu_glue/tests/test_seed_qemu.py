# SPDX-License-Identifier: Apache-2.0
"""The stand-ins of the published commands, as a user calls them, with a fake QEMU and simulator."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import context

SEED = context.GLUE / "seed"
GUEST = ["-m", "256", "-device", "idt-ntb-ivshmem,vectors=2,chardev=ivshmem,number=1",
         "-chardev", "socket,path=/tmp/some_socket,id=ivshmem"]
# Answers as a good QEMU does; as a guest, it writes down its words.
FAKE_QEMU = """#!/bin/sh
case "$1 $2" in
--version*) echo "QEMU emulator version 10.1.0 (Debian 1:10.1)"; exit;;
"-device help") echo 'name "vfio-user-pci", bus PCI, desc "VFIO over socket"'; exit;;
esac
[ -z "$STAYS" ] || trap 'exit 5' TERM
for word; do printf '%s\\n' "$word"; done >"$SEEN"
while [ -n "$STAYS" ]; do sleep 0.1; done
exit "${CODE:-0}"
"""


class StandIns(unittest.TestCase):
    """qemu_glue/seed/*."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name)
        self.seen = self.path / "seen"
        qemu = context.make_program(self.path / "qemu", FAKE_QEMU)
        # The fake simulator writes down its words, too.
        ntbsim = context.make_program(self.path / "ntbsim", f"""#!/bin/sh
for word; do printf '%s\\n' "$word"; done >"{self.path}/served"
exec python3 -B {context.FAKE_NTBSIM} "$@"
""")
        self.environment = {"NTB_QEMU": str(qemu), "NTBSIM": str(ntbsim), "SEEN": str(self.seen),
                            "PATH": f"{SEED}:{os.environ['PATH']}", "NTB_TOPOLOGY": "",
                            "XDG_RUNTIME_DIR": "", "NTB_OUT": str(self.path / "out")}

    def qemu(self, *words, **environment):
        """A finished stand-in for QEMU."""
        return context.run("qemu-system-x86_64", *words,
                           environment={**self.environment, **environment})

    def words(self, name="seen"):
        """What the fake was started with."""
        return (self.path / name).read_text(encoding="utf-8").splitlines()

    def test_a_guest_runs_on_stock_qemu_with_a_simulator_behind_it(self):
        done = self.qemu(*GUEST, "-nographic", CODE="7")
        self.assertEqual((7, ""), (done.returncode, done.stderr))
        device = json.loads(self.words()[self.words().index("-device") + 1])
        served = self.words("served")
        self.assertEqual(f"2={device['socket']['path']}", served[served.index("--port") + 1])
        self.assertEqual("ivshmem:/tmp/some_socket", served[served.index("--peer") + 1])
        self.assertEqual("seed", served[served.index("--topology") + 1])
        self.assertFalse(pathlib.Path(device["socket"]["path"]).parent.exists())

    def test_topology_and_more_options_of_the_simulator_come_from_the_environment(self):
        done = self.qemu(*GUEST, NTB_TOPOLOGY="two-host", NTB_SERVE_OPTIONS="--set 'a=b c'")
        self.assertEqual(0, done.returncode, done.stderr)
        served = self.words("served")
        self.assertEqual("two-host", served[served.index("--topology") + 1])
        self.assertEqual(["--set", "a=b c"], served[-2:])

    def test_without_the_device_it_is_qemu(self):
        done = self.qemu("-nographic", CODE="3")
        self.assertEqual(3, done.returncode)
        self.assertEqual(["-nographic"], self.words())
        self.assertIn("version 10.1.0", self.qemu("--version").stdout)

    def test_errors_are_one_line_and_nothing_is_started(self):
        for words, environment, why in (
                (["-device", "idt-ntb-ivshmem"], {}, "names no chardev"),
                ([word.replace("number=1", "number=2") for word in GUEST], {}, "has 2 NT ports"),
                (GUEST, {"NTB_TOPOLOGY": "moon"}, "moon: cannot be read"),
                (GUEST, {"NTB_SERVE_OPTIONS": "'"}, "quotation"),
                (GUEST, {"NTBSIM": "/no/ntbsim"}, "/no/ntbsim is not there"),
                (GUEST, {"NTB_QEMU": "/no/qemu"}, "/no/qemu")):
            done = self.qemu(*words, **environment)
            self.assertEqual(2, done.returncode, done.stderr)
            self.assertRegex(done.stderr, r"\Antb: [^\n]+: [^\n]+ \([^\n]+\)\n\Z")
            self.assertIn(why, done.stderr)
            self.assertFalse(self.seen.exists())

    def test_a_simulator_that_refuses_is_told_and_no_guest_is_started(self):
        done = self.qemu(*GUEST, FAKE_NTBSIM="refuse")
        self.assertEqual(1, done.returncode)
        self.assertIn("cannot be read (give another)", done.stderr)
        self.assertEqual(1, len(done.stderr.splitlines()))
        self.assertFalse(self.seen.exists())

    def stays(self, **environment):
        """A stand-in whose guest stays until it is asked to end."""
        process = subprocess.Popen(["qemu-system-x86_64", *GUEST], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, **self.environment, "STAYS": "1",
                                        **environment})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        end = time.monotonic() + 60
        while not self.seen.exists() or not self.words():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        return process

    def test_a_signal_ends_the_guest_and_its_exit_code_is_ours(self):
        process = self.stays()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(5, process.wait(60))

    def test_a_simulator_that_dies_is_told_and_the_guest_stays(self):
        process = self.stays(FAKE_NTBSIM="die")
        self.assertIn("ntbsim serve ended with exit code 3", process.stderr.readline())
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(5, process.wait(60))

    def test_the_ivshmem_server_is_ours(self):
        ntbsim = context.make_program(self.path / "echo", "#!/bin/sh\necho \"$@\"\n")
        done = context.run("ivshmem-server", "-vF", "-n", "2",
                           environment={**self.environment, "NTBSIM": str(ntbsim)})
        self.assertEqual("ivshmem-server -vF -n 2\n", done.stdout)
        done = context.run("ivshmem-server", environment={**self.environment,
                                                          "NTBSIM": "/no/ntbsim"})
        self.assertEqual((2, "ntb: ntbsim: /no/ntbsim is not there (run ./ntb build)\n"),
                         (done.returncode, done.stderr))


if __name__ == "__main__":
    unittest.main()
