# SPDX-License-Identifier: Apache-2.0
"""What the running simulator uses, and what becomes of its waveform."""
import errno
import json
import os
import re
import resource
import signal
import subprocess
import tempfile
import time
import unittest

import client as c
from client import Client, Serve

IDLE_SECONDS = 2
IDLE_TRIES = 4


class Idle(unittest.TestCase):
    """Nothing happens: nothing runs and nothing wakes."""

    def idles(self, serve):
        """Over two seconds it uses no processor time and does not wake.

        What the start has set off may still be under way on a busy machine, so it has several
        tries; something that ticks fails them all.
        """
        for _ in range(IDLE_TRIES):
            time.sleep(0.3)
            ticks, sleeps = serve.cpu_ticks(), serve.sleeps()
            time.sleep(IDLE_SECONDS)
            used = serve.cpu_ticks() - ticks, serve.sleeps() - sleeps
            if used == (0, 0):
                return
        self.fail(f"in {IDLE_SECONDS} s it used {used[0]} ticks and slept {used[1]} times")

    def test_without_clients_it_uses_no_processor_time_and_does_not_wake(self):
        with Serve() as serve:
            self.idles(serve)

    def test_with_two_idle_clients_it_does_not_wake(self):
        with Serve() as serve, serve.client(0) as one, serve.client(2) as two:
            for client in (one, two):
                client.enable().interrupt(c.MSI)
            one.write(c.OUTDBELLSET, 1)
            self.idles(serve)

    def test_with_spinning_a_waveform_and_an_unmask_descriptor_it_does_not_wake(self):
        with Serve("--spin-us", "50", "--vcd", "/dev/null") as serve, serve.client(0) as client:
            client.enable(msi=False).interrupt(c.INTX)
            client.set_irqs(c.INTX, c.IRQ_EVENTFD | c.IRQ_UNMASK,
                            fds=[client.own(os.eventfd(0))])
            client.write(c.OUTDBELLSET, 1)
            self.idles(serve)

    def test_without_pacing_it_does_not_wake(self):
        with Serve("--pace", "none") as serve, serve.client(0) as client:
            client.enable().write(c.OUTDBELLSET, 1)
            self.idles(serve)

    def test_memory_does_not_grow_with_traffic(self):
        def resident(serve):
            with open(f"/proc/{serve.process.pid}/status", encoding="ascii") as status:
                return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))

        with Serve() as serve, serve.client(0) as client:
            client.enable()

            def traffic():
                for value in range(20000):
                    client.write(c.NTSDATA, value, posted=True)
                self.assertEqual(client.read(c.NTSDATA), 19999)

            traffic()
            before = resident(serve)
            traffic()
            self.assertLessEqual(resident(serve) - before, 64)


class Waveform(unittest.TestCase):
    """The VCD of a run that ends in whatever way."""

    def setUp(self):
        self.vcd = self.enterContext(tempfile.TemporaryDirectory()) + "/run.vcd"

    def traffic(self, serve):
        """Something to record: doorbells."""
        with serve.client(0) as one, serve.client(2) as two:
            one.enable()
            two.enable()
            for _ in range(50):
                one.write(c.OUTDBELLSET, 1, posted=True)
                two.write(c.INDBELLSTS, 1)

    def readable(self, doorbells):
        """`ntbsim trace summary` reads it and finds at least so many doorbells."""
        run = subprocess.run([os.environ["NTBSIM"], "trace", "summary", "--json", self.vcd],
                             capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        rung = [port["doorbells_rung"] for port in json.loads(run.stdout)["ports"]
                if port["port"] == 0]
        self.assertGreaterEqual(rung[0], doorbells)
        with open(self.vcd, encoding="ascii") as file:
            self.assertTrue(file.read().endswith("\n"))

    def test_sigterm_closes_the_waveform(self):
        with Serve("--vcd", self.vcd) as serve:
            self.traffic(serve)
            self.assertEqual(serve.stop(signal.SIGTERM), 0)
        self.readable(50)

    def test_kill_9_leaves_a_readable_waveform_of_all_but_the_last_moment(self):
        with Serve("--vcd", self.vcd) as serve:
            self.traffic(serve)
            time.sleep(0.5)  # it may lag 100 ms, and this machine is busy
            with serve.client(0) as client:
                client.enable()
                for _ in range(1000):
                    client.write(c.OUTDBELLSET, 1, posted=True)
                serve.stop(signal.SIGKILL)
        self.readable(50)

    def test_a_full_disk_ends_the_recording_with_one_line_and_not_the_simulation(self):
        with Serve("--vcd", "/dev/full") as serve:
            for _ in range(5):
                self.traffic(serve)
                time.sleep(0.15)
            lines = [line for line in serve.log().splitlines() if "/dev/full" in line]
            self.assertEqual(len(lines), 1, serve.log())
            self.assertRegex(lines[0], r"^ntbsim: .*/dev/full.*: .*No space left.* \(.+\)$")
            self.traffic(serve)
            self.assertEqual(serve.stop(signal.SIGTERM), 1)  # the waveform was asked for

    def test_a_file_size_limit_ends_the_recording_and_not_the_simulation(self):
        socket = self.vcd + ".sock"
        process = subprocess.Popen(
            [os.environ["NTBSIM"], "serve", "--port", f"0={socket}", "--vcd", self.vcd],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (30000, 30000)))
        try:
            self.assertIn(b"serving", process.stdout.readline())
            with Client(socket) as client:
                client.enable()
                for value in range(3000):
                    client.write(c.NTSDATA, value)
            time.sleep(0.3)
            self.assertIsNone(process.poll())
        finally:
            process.terminate()
            output = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 1, output)
        self.assertEqual(output[1].count(b"run.vcd"), 1, output[1])

    def test_a_waveform_that_cannot_be_made_is_one_line_and_no_socket(self):
        socket = self.vcd + ".sock"
        run = subprocess.run([os.environ["NTBSIM"], "serve", "--port", f"0={socket}", "--vcd",
                              "/proc/none/run.vcd"], capture_output=True, text=True, check=False,
                             timeout=30)
        self.assertEqual(run.returncode, 2)
        self.assertRegex(run.stderr, r"\Antbsim: [^\n]*/proc/none/run.vcd[^\n]*: [^\n]+ \(.+\)\n\Z")
        self.assertFalse(os.path.exists(socket))

    def test_a_limit_on_the_waveform_is_kept(self):
        with Serve("--vcd", self.vcd, "--vcd-limit", "80KiB") as serve:
            for _ in range(10):
                self.traffic(serve)
            self.assertEqual(serve.stop(signal.SIGTERM), 0)
        self.assertLessEqual(os.path.getsize(self.vcd), 80 * 1024)
        self.readable(1)


class Descriptors(unittest.TestCase):
    """A simulator that may open no further file."""

    def test_a_map_is_refused_when_there_is_no_descriptor_left_for_its_memory(self):
        with Serve() as serve, serve.client(0) as client:
            ram = client.memory(1 << 20)
            pid = serve.process.pid
            before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            used = {int(number) for number in os.listdir(f"/proc/{pid}/fd")}
            next_one = min(set(range(len(used) + 1)) - used)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (next_one, before[1]))
            with self.assertRaises(c.Refused) as refused:
                client.map(0, 1 << 20, ram)
            self.assertEqual(refused.exception.errno, errno.EMFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
            client.map(0, 1 << 20, ram)


if __name__ == "__main__":
    unittest.main()
