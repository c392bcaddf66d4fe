# SPDX-License-Identifier: Apache-2.0
"""A capture of a session, and its replay: the same waveform exactly, and the same values read."""
import concurrent.futures
import gzip
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import tempfile
import unittest

import client as c
import replay
from client import Serve

BAR2 = 2
IDPROTDIS = c.FIELDS["NTCTL.IDPROTDIS"]  # whoever asks may cross
RAM = 1 << 20


class Host:
    """A client that does what guests do, at random but by a seed."""

    def __init__(self, serve, port, seed):
        self.serve, self.port, self.random = serve, port, random.Random(seed)
        self.client, self.irq, self.unmask = None, None, None
        self.connect()

    def connect(self):
        """A guest boots: probe, memory, MSI or INTx."""
        self.client = self.serve.client(self.port)
        msi = self.random.random() < 0.6
        self.unmask = None
        self.client.read(0, 4, c.CONFIG)
        self.client.map(0, RAM, self.client.memory(RAM))
        self.client.enable(msi=msi)
        self.irq = self.client.interrupt(c.MSI if msi else c.INTX)
        if not msi:
            self.unmask = self.client.own(os.eventfd(0, os.EFD_NONBLOCK))
            self.client.set_irqs(c.INTX, c.IRQ_EVENTFD | c.IRQ_UNMASK, fds=[self.unmask])
        self.client.write(c.NTCTL, c.CPEN | IDPROTDIS)
        self.client.write(c.NTINTMSK, 0)
        self.client.write(c.INDBELLMSK, 0)

    def reconnect(self):
        """A guest ends and another one comes."""
        self.client.close()
        self.connect()

    def step(self):
        """One thing that drivers or users do."""
        client, numbers = self.client, self.random
        what = numbers.randrange(100)
        if what < 25:
            client.write(c.OUTDBELLSET, 1 << numbers.randrange(32), posted=True)
        elif what < 35:
            client.write(c.INDBELLSTS, 0xFFFFFFFF, posted=True)
            client.write(c.NTINTSTS, 0xFFFFFFFF, posted=True)
        elif what < 45:
            client.read(numbers.choice((c.INDBELLSTS, c.NTINTSTS, c.NTSDATA, 0)))
        elif what < 50:
            client.read(numbers.randrange(256), 1, c.CONFIG)
        elif what < 65:
            data = numbers.randbytes(numbers.choice((1, 2, 4, 8, 64, 300)))
            client.send(c.REGION_WRITE,
                        c.ACCESS.pack(numbers.randrange(0, 4096, 4), BAR2, len(data)) + data,
                        flags=c.NO_REPLY)
        elif what < 75:
            client.command(c.REGION_READ,
                           c.ACCESS.pack(numbers.randrange(0, 4096, 4), BAR2,
                                         numbers.choice((1, 4, 8, 64, 500))))
        elif what < 80:
            client.read_global(c.port_status(numbers.choice((0, 2))))
        elif what < 84:
            c.taken(self.irq, 0)
            if self.unmask is not None:
                os.eventfd_write(self.unmask, 1)
        elif what < 90:
            for value in range(numbers.randrange(20)):
                client.write(c.NTSDATA, value, posted=True)
        elif what < 92:
            client.command(c.RESET)
            client.enable()
            client.write(c.NTCTL, c.CPEN | IDPROTDIS)
        elif what < 93:
            self.reconnect()


class Capture(unittest.TestCase):
    """With the default timing, paced by the wall clock as it is for guests."""

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="ntb-capture-")))
        self.vcd = self.directory / "session.vcd"
        self.replayed = self.directory / "replayed.vcd"

    def session(self, capture, *options, rounds=500, seed=1, topology="two-host"):
        """Random traffic of two hosts, ended in order."""
        with Serve("--vcd", self.vcd, "--capture", capture, *options, topology=topology) as serve:
            hosts = [Host(serve, port, 10 * seed + port) for port in (0, 2)]

            def live(host):
                for _ in range(rounds):
                    host.step()
                host.client.read(0)

            with concurrent.futures.ThreadPoolExecutor() as threads:
                for done in [threads.submit(live, host) for host in hosts]:
                    done.result()
            self.assertEqual(serve.stop(signal.SIGTERM), 0, serve.log())
            for host in hosts:
                host.client.close()

    def same(self, capture, *options):
        """The replay of a capture holds and gives the same waveform."""
        self.assertGreater(self.vcd.stat().st_size, 20000)
        return replay.assert_same(self, capture, self.vcd, self.replayed, *options)

    def test_a_replay_gives_the_waveform_of_the_session_to_the_byte(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                capture = self.directory / f"{seed}.stim.gz"
                self.session(capture, seed=seed)
                self.assertRegex(self.same(capture).stdout, r"(?m)^replayed: \d+ inputs, \d+ exp")

    def test_a_replay_without_pacing_gives_the_waveform_of_the_session(self):
        capture = self.directory / "session.stim"
        self.session(capture, "--pace", "none")
        self.same(capture)

    def test_a_replay_with_ideal_timing_gives_the_waveform_of_the_session(self):
        capture = self.directory / "session.stim"
        self.session(capture, "--timing", "ideal")
        self.same(capture)

    def test_a_replay_records_the_signals_that_were_selected(self):
        capture = self.directory / "session.stim"
        self.session(capture, "--signals", "switch.port2.*,!*.tlp")
        self.same(capture)

    def test_a_replay_gives_the_fst_of_the_session_and_that_of_a_window(self):
        for options in (["--fst", "{}.fst"],
                        ["--vcd", "{}.vcd", "--vcd-window", "2ms", "--vcd-trigger",
                         "switch.port0.nt.outdbellset_count == 20"]):
            with self.subTest(options=options):
                capture = self.directory / "session.stim"
                here, again = (self.directory / name for name in ("session", "again"))
                with Serve("--capture", capture,
                           *(word.format(here) for word in options)) as serve:
                    hosts = [Host(serve, port, port) for port in (0, 2)]
                    for _ in range(200):
                        for host in hosts:
                            host.step()
                    for host in hosts:
                        host.client.read(0)
                    self.assertEqual(serve.stop(signal.SIGTERM), 0, serve.log())
                    for host in hosts:
                        host.client.close()
                done = replay.run(capture, *(word.format(again) for word in options))
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                name = options[1].format("")
                self.assertEqual(pathlib.Path(f"{here}{name}").read_bytes(),
                                 pathlib.Path(f"{again}{name}").read_bytes())

    def test_a_capture_is_the_stimulus_language_one_line_each(self):
        capture = self.directory / "session.stim"
        with Serve("--capture", capture) as serve, serve.client(0) as one:
            one.enable().write(c.OUTDBELLSET, 4)
            self.assertEqual(one.read(0), 0x8091111D)
            serve.stop(signal.SIGTERM)
        lines = capture.read_text("ascii").splitlines()
        self.assertEqual(lines[:2], ["ntbstim 1", "capture 1"])
        text = "\n".join(re.sub(r"^at \d+ps ", "", line) for line in lines)
        self.assertIn("\nport0 connect\n", text)
        self.assertIn("\nport0.bar0 write OUTDBELLSET 0x00000004\n", text)
        self.assertIn("\nport0.bar0 read +0x0\nport0 completes 0x8091111d\n", text)
        self.assertTrue(text.endswith("\nport0 disconnect\nend"), text[-200:])

    def test_a_capture_of_a_topology_file_needs_that_file_no_more(self):
        source = pathlib.Path(__file__).parents[1] / "config/topology/two-host.toml"
        topology = self.directory / "board.toml"
        topology.write_bytes(source.read_bytes())
        capture = self.directory / "session.stim.gz"
        self.session(capture, "--set", "pipeline.doorbell=11", rounds=100, topology=topology)
        topology.unlink()
        self.same(capture)

    def test_a_value_that_differs_fails_and_the_replay_goes_on(self):
        capture = self.directory / "session.stim"
        self.session(capture)
        text = capture.read_text("ascii")
        changed = text.replace("completes 0x8091111d", "completes 0x8091111e")
        self.assertNotEqual(text, changed)
        capture.write_text(changed, "ascii")
        again = replay.run(capture, "--json")
        result = json.loads(again.stdout)
        self.assertEqual((again.returncode, result["complete"]), (1, True))
        self.assertEqual(result["failed"], text.count("completes 0x8091111d"))
        first = result["failures"][0]
        self.assertEqual(first["got"], "0x8091111d")
        self.assertIn("completes 0x8091111e", text.replace("1d", "1e").splitlines()[
            first["line"] - 1])

    def test_what_the_model_does_at_another_time_ends_the_replay_with_one_failure(self):
        capture = self.directory / "session.stim"
        self.session(capture)
        lines = capture.read_text("ascii").splitlines(keepends=True)
        gone = next(i for i, line in enumerate(lines) if " sends msi" in line)
        capture.write_text("".join(lines[:gone] + lines[gone + 1:]), "ascii")
        again = replay.run(capture, "--json")
        result = json.loads(again.stdout)
        self.assertEqual((again.returncode, result["failed"], result["complete"]), (1, 1, False))
        self.assertIn("sends msi", result["failures"][0]["got"])

    def test_a_killed_session_leaves_a_capture_that_replays_as_far_as_it_goes(self):
        for name in ("killed.stim", "killed.stim.gz"):
            with self.subTest(name=name):
                capture = self.directory / name
                with Serve("--capture", capture) as serve:
                    host = Host(serve, 0, 7)
                    for _ in range(300):
                        host.step()
                    host.client.read(0)
                    self.assertTrue(c.eventually(lambda: replay.run(capture, "--json").stdout.count(
                        '"inputs": 0,') == 0))
                    serve.process.kill()
                    serve.process.wait()
                    host.client.close()
                again = replay.run(capture)
                self.assertEqual((again.returncode, again.stderr), (0, ""))
                self.assertRegex(again.stdout, r"^replayed: [1-9]\d* inputs.*breaks off here\n")

    def test_a_compressed_capture_is_a_fraction_of_the_size(self):
        capture = self.directory / "session.stim.gz"
        self.session(capture)
        size = len(gzip.decompress(capture.read_bytes()))
        self.assertLess(capture.stat().st_size, size / 4)

    def test_a_capture_ends_at_its_limit_and_says_so(self):
        capture = self.directory / "session.stim"
        with Serve("--capture", capture, "--capture-limit", "20KiB") as serve:
            host = Host(serve, 0, 3)
            for _ in range(600):
                host.step()
            host.client.read(0)
            host.client.close()
            self.assertEqual(serve.stop(signal.SIGTERM), 0)
            self.assertRegex(serve.log(), r"session\.stim: [^\n]*--capture-limit")
        self.assertLessEqual(capture.stat().st_size, 20 << 10)
        self.assertEqual(replay.run(capture).returncode, 0)

    def test_no_bytes_of_a_capture_crash_the_replay(self):
        capture = self.directory / "session.stim"
        self.session(capture, rounds=60)
        whole = capture.read_bytes()
        numbers = random.Random(5)
        for _ in range(100):
            broken = bytearray(whole)
            for _ in range(numbers.randrange(1, 6)):
                at = numbers.randrange(len(broken))
                broken[at:at + numbers.randrange(4)] = numbers.randbytes(numbers.randrange(4))
            capture.write_bytes(broken)
            again = replay.run(capture, "--json")
            self.assertIn(again.returncode, (0, 1, 2), again.stderr)
            if again.returncode == 2:
                self.assertRegex(again.stderr, r"\Antbsim: [^\n]+ \([^\n]+\)\n\Z")

    def test_a_capture_that_cannot_be_written_is_said_before_anything_starts(self):
        done = subprocess.run(
            [os.environ["NTBSIM"], "serve", "--port", f"0={self.directory}/0.sock", "--capture",
             str(self.directory / "no/such/place.stim")],
            capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Antbsim: [^\n]*place\.stim: [^\n]+ \([^\n]+\)\n\Z")

    def test_a_capture_has_a_name_that_run_knows(self):
        done = subprocess.run(
            [os.environ["NTBSIM"], "serve", "--port", f"0={self.directory}/0.sock", "--capture",
             str(self.directory / "session.foo")],
            capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Antbsim: [^\n]*foo: the name of a capture ends with "
                         r"[^\n]+ \([^\n]+\)\n\Z")

    def test_a_capture_takes_no_other_topology_or_timing(self):
        capture = self.directory / "session.stim"
        self.session(capture, rounds=10)
        done = replay.run(capture, "--timing", "ideal")
        self.assertEqual(done.returncode, 2)
        self.assertIn("leave out", done.stderr)


if __name__ == "__main__":
    unittest.main()
