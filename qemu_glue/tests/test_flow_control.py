# SPDX-License-Identifier: Apache-2.0
"""Flow control: which guest is stopped, when, and until when; unread bytes of real sockets."""
import os
import pathlib
import socket
import struct
import tempfile
import types
import unittest

import context  # noqa: F401 # pylint: disable=unused-import
import flow_control
from errors import RunError


class FakeGuest:
    """What FlowControl asks of a guest; `commands` are those that its QEMU got."""

    def __init__(self, number):
        self.socket_path = pathlib.Path(f"/s/port{number}.sock")
        self.child = types.SimpleNamespace(process=types.SimpleNamespace(pid=number))
        self.qmp = self
        self.commands = []
        self.ended = False

    def command(self, name):
        """As Qmp.command()."""
        if self.ended:
            raise RunError("guest 0", f"QEMU did not answer {name}", "see its log")
        self.commands.append(name)

    def check_alive(self):
        """As Guest.check_alive()."""
        if self.ended:
            raise RunError("guest 0", "QEMU was killed", "see its log")


class Stopping(unittest.TestCase):
    """One look at a time, with a clock, memory and sockets that the test sets."""

    def setUp(self):
        self.now = 0.0
        self.memory = {0: 100 << 20, 1: 100 << 20}
        self.unread = {}
        self.guests = [FakeGuest(0), FakeGuest(1)]
        self.control = flow_control.FlowControl(lambda: self.unread, self.memory.get,
                                                lambda: self.now)
        self.look()

    def look(self):
        """The next look, as time goes on."""
        self.now += flow_control.PERIOD
        self.control.poll(self.guests)

    def flood(self, number, size=100000):
        """A guest has posted more than the simulator could read."""
        self.memory[number] = (100 << 20) + flow_control.GROWTH + 1
        self.unread[f"/s/port{number}.sock"] = size

    def test_a_guest_that_floods_is_stopped_and_no_other(self):
        self.flood(0)
        self.look()
        self.assertEqual(["stop"], self.guests[0].commands)
        self.assertEqual([], self.guests[1].commands)
        self.assertEqual(1, self.control.stops)

    def test_it_goes_on_when_twice_nothing_was_unread(self):
        self.flood(0)
        self.look()
        self.look()
        self.unread = {"/s/port0.sock": 1}
        self.look()
        self.unread = {}
        self.look()
        self.assertEqual(["stop"], self.guests[0].commands)
        self.look()
        self.assertEqual(["stop", "cont"], self.guests[0].commands)

    def test_the_time_that_it_stood_is_counted_also_while_it_stands(self):
        self.flood(0)
        self.look()
        self.assertEqual(0.0, self.control.stopped_seconds(self.guests[0]))
        self.unread = {}
        self.look()
        self.assertAlmostEqual(flow_control.PERIOD, self.control.stopped_seconds(self.guests[0]))
        self.look()
        self.assertAlmostEqual(2 * flow_control.PERIOD,
                               self.control.stopped_seconds(self.guests[0]))
        self.now += 100
        self.assertAlmostEqual(2 * flow_control.PERIOD,
                               self.control.stopped_seconds(self.guests[0]))
        self.assertEqual(0.0, self.control.stopped_seconds(self.guests[1]))

    def test_something_unread_in_between_begins_the_count_again(self):
        self.flood(0)
        self.look()
        for unread in ({}, {"/s/port0.sock": 1}, {}):
            self.unread = unread
            self.look()
        self.assertEqual(["stop"], self.guests[0].commands)

    def test_one_that_goes_on_flooding_is_stopped_again(self):
        for _ in range(3):
            self.flood(0)
            self.look()
            self.unread = {}
            self.look()
            self.look()
        self.assertEqual(["stop", "cont"] * 3, self.guests[0].commands)
        self.assertEqual(3, self.control.stops)

    def test_a_full_socket_alone_stops_nobody(self):
        self.unread = {"/s/port0.sock": 100000}
        self.look()
        self.assertEqual([], self.guests[0].commands)

    def test_memory_alone_stops_nobody(self):
        self.flood(0, flow_control.FULL - 1)
        self.look()
        self.assertEqual([], self.guests[0].commands)

    def test_looks_are_not_closer_than_the_period(self):
        self.flood(0)
        self.control.poll(self.guests)
        self.assertEqual([], self.guests[0].commands)

    def test_where_the_kernel_does_not_tell_nobody_is_stopped(self):
        self.flood(0)
        self.unread = None
        self.look()
        self.assertEqual([], self.guests[0].commands)

    def test_of_a_guest_that_has_ended_its_end_is_reported(self):
        self.flood(0)
        self.guests[0].ended = True
        with self.assertRaisesRegex(RunError, "was killed"):
            self.look()


class Sockets(unittest.TestCase):
    """What the kernel says."""

    def test_unread_bytes_of_a_connection_are_those_that_were_sent(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener, \
                socket.socket(socket.AF_UNIX) as client:
            path = os.path.join(folder, "port0.sock")
            listener.bind(path)
            listener.listen()
            client.connect(path)
            with listener.accept()[0] as server:
                client.sendall(b"x" * 1000)
                before = flow_control.unread_bytes()
                if before is None:
                    self.skipTest("this kernel has no unix_diag")
                server.recv(400)
                after = flow_control.unread_bytes()
        self.assertEqual((1000, 600), (before[path], after[path]))

    def test_an_error_of_the_kernel_is_no_answer(self):
        error = struct.pack("=IHHIIi", 20, 2, 0, 1, 0, -2)
        self.assertIsNone(flow_control.parse_dump(error))

    def test_a_dump_that_is_cut_off_ends(self):
        self.assertEqual(({}, False), flow_control.parse_dump(b"\0" * 15))
        self.assertIsNone(flow_control.parse_dump(struct.pack("=IHHII", 0, 20, 0, 1, 0)))

    def test_own_memory_is_that_of_the_process(self):
        self.assertGreater(flow_control.own_memory(os.getpid()), 1 << 20)
        self.assertEqual(0, flow_control.own_memory(1 << 30))


if __name__ == "__main__":
    unittest.main()
