# SPDX-License-Identifier: Apache-2.0
"""The control socket of a running simulator, and that its faults are in the capture."""
import pathlib
import random
import signal
import stat
import tempfile
import time
import unittest

import client as c
import replay
from client import Control, Serve

TEMPERATURE = c.REGISTERS["TMPSTS"]


class Faults(unittest.TestCase):
    """What a statement at the socket does."""

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="ntb-control-")))
        self.capture = self.directory / "session.stim"
        self.vcd = self.directory / "session.vcd"
        self.path = self.directory / "control.sock"
        self.serve = self.enterContext(Serve("--control", self.path, "--capture", self.capture,
                                             "--vcd", self.vcd))
        self.control = self.enterContext(Control(self.path))

    def obey(self, *statements):
        """Every statement is obeyed."""
        for answer in self.control.say(*statements):
            self.assertRegex(answer, r"\Aok at \d+ps\Z")

    def link_up(self, client, port):
        """Whether that port's link is up, as the other host sees it."""
        return bool(client.read_global(c.port_status(port)) & c.LINK_UP)

    def test_the_control_socket_is_for_its_owner_only(self):
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_a_link_goes_down_and_up_on_demand_and_the_peer_sees_it(self):
        with self.serve.client(0) as one, self.serve.client(2):
            one.enable()
            self.assertTrue(self.link_up(one, 2))
            self.obey("link port2 down")
            self.assertFalse(self.link_up(one, 2))
            self.obey("link port2 up")
            self.assertTrue(self.link_up(one, 2))

    def test_a_hot_reset_on_demand_is_answered_when_the_link_is_up_again(self):
        with self.serve.client(0) as one, self.serve.client(2) as two:
            one.enable()
            two.enable().write(c.NTCTL, c.CPEN)
            self.obey("reset port2 hot")
            self.assertEqual(one.read_global(c.SEHRSTSTS), 1 << 1)
            self.assertTrue(self.link_up(one, 2))
            self.assertEqual(two.enable().read(c.NTCTL) & c.CPEN, 0)

    def test_a_temperature_on_demand_is_what_the_sensor_reads(self):
        with self.serve.client(0) as one:
            one.enable().write_global(c.REGISTERS["TMPCTL"], 0)  # the sensor is on
            self.obey("temp 60")
            self.assertEqual(one.read_global(TEMPERATURE) & 0xFF, 120)

    def test_statements_are_obeyed_in_order_and_answered_one_line_each(self):
        statements = [f"temp {degrees}" for degrees in range(100)]
        answers = self.control.say(*statements)
        times = [int(answer.removeprefix("ok at ").removesuffix("ps")) for answer in answers]
        self.assertEqual(times, sorted(times))

    def test_what_is_no_statement_for_the_switch_is_refused_with_one_line(self):
        for statement in ("", "rubbish", "port0.bar0 read +0x0", "link port1 down",
                          "at 5ns temp 20", "temp 500", "link port0 sideways",
                          "mem port0 0 load 00",
                          "repeat 5", "reset port99 hot", "# nothing", "ntbstim 1",
                          "windows", "windows map", "windows trap now"):
            with self.subTest(statement=statement):
                answer, = self.control.say(statement)
                self.assertRegex(answer, r"\Aerror: [^\n]+ \([^\n]+\)\Z")
        self.obey("temp 20")

    def test_windows_that_are_never_mapped_may_be_trapped(self):
        self.obey("windows trap", "windows trap")

    def test_rubbish_on_the_control_socket_is_harmless(self):
        numbers = random.Random(3)
        for _ in range(60):
            with Control(self.path) as rubbish:
                try:
                    size = numbers.choice((1, 100, 9000, 200000))
                    rubbish.socket.sendall(numbers.randbytes(size))
                except OSError:
                    pass  # thrown out
        with self.serve.client(0) as one:
            self.assertEqual(one.read(0, 4, c.CONFIG), 0x8091111D)
        self.obey("temp 20")

    def test_a_client_that_reads_no_answers_holds_up_nobody(self):
        with Control(self.path) as deaf, self.serve.client(0) as one:
            deaf.socket.settimeout(0.2)
            try:
                for _ in range(200):
                    deaf.socket.sendall(b"rubbish\n" * 1000)
            except OSError:
                pass
            self.assertEqual(one.read(0, 4, c.CONFIG), 0x8091111D)
            self.obey("temp 20")

    def test_a_client_that_dies_while_its_write_is_held_up_is_missed_and_nothing_spins(self):
        with self.serve.client(2) as two:
            two.enable()
            with self.serve.client(0) as one:
                one.enable()
                self.obey("fault port0 credits stuck rx posted")
                one.write(c.NTSDATA, 1, posted=True)
                time.sleep(0.2)
                before = self.serve.cpu_ticks()
                time.sleep(1)
                self.assertLess(self.serve.cpu_ticks() - before, 20)  # of 100
                self.assertTrue(self.link_up(two, 0))
            self.assertTrue(c.eventually(lambda: not self.link_up(two, 0)))
            with self.serve.client(0) as one:
                one.enable().write(c.NTSDATA, 2)
                self.assertEqual(one.read(c.NTSDATA), 2)
                self.assertTrue(self.link_up(two, 0))
            self.assertEqual(self.serve.stop(signal.SIGTERM), 0)
        self.replays()

    def replays(self):
        """The capture gives the same waveform again."""
        replay.assert_same(self, self.capture, self.vcd, self.directory / "again.vcd")

    def test_a_replay_has_the_faults_of_the_session(self):
        with self.serve.client(0) as one, self.serve.client(2) as two:
            for client in (one, two):
                client.enable().interrupt(c.MSI)
                client.write(c.INDBELLMSK, 0)
                client.write(c.NTINTMSK, 0)
            for bit in range(8):
                one.write(c.OUTDBELLSET, 1 << bit, posted=True)
                self.obey(*random.Random(bit).sample(
                    ["link port2 down", "link port2 up", "reset port0 hot", "temp 90",
                     "reset partition 1 fundamental", "reset switch fundamental"], 3))
                one.enable()
            self.assertEqual(self.serve.stop(signal.SIGTERM), 0)
        self.replays()


if __name__ == "__main__":
    unittest.main()
