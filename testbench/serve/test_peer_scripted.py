# SPDX-License-Identifier: Apache-2.0
"""A simulator whose other side is a script: records, moments and nonsense that a simulator does not
send, or not on demand."""
import time
import unittest

import client as c
import scripted_peer as p
from client import Serve
from scripted_peer import NEVER, ScriptedPeer
from test_peer import (ALL_ONES, MSGSTS, NTGSIGNAL, OUTMSG0, OUTMSG_LOST, SEGSIGMSK, SWP0MSGCTL0,
                       TwoSimulators)


class ScriptedOtherSide(TwoSimulators):
    """A simulator with port 0 and a client; a script has port 2."""

    arguments = ()

    def setUp(self):
        super().setUp()
        self.sim = self.side(0, *self.arguments)
        self.one = self.enterContext(self.sim.client(0)).enable()
        self.peer = self.enterContext(ScriptedPeer(self.server.memory))

    def look(self):
        """Rings; returns when the simulator has looked and acted."""
        self.look_only()
        self.one.read(c.NTSDATA)

    def look_only(self):
        """Rings; returns when the simulator has heard it."""
        self.peer.set_rung()
        self.server.ring(self.server.clients()[0])
        end = time.monotonic() + 10
        while self.peer.rung() and time.monotonic() < end:
            time.sleep(0.0001)

    def connect(self):
        """The simulator knows of the peer."""
        self.look()
        self.assertTrue(c.eventually(lambda: "is there" in self.sim.log()))

    def connect_again(self, times):
        """The same, for the one of that number among all that the script has been."""
        self.look()
        self.assertTrue(c.eventually(
            lambda: self.sim.log().count("is there") >= 2 * times - 1))

    def bells(self):
        """INDBELLSTS of port 0."""
        return self.one.read(c.INDBELLSTS)

    def alive(self):
        """The simulator runs and answers its client."""
        self.assertTrue(self.sim.alive(), self.sim.log())
        self.one.write(c.NTSDATA, 0x600D)
        self.assertEqual(self.one.read(c.NTSDATA), 0x600D)


class Records(ScriptedOtherSide):
    """What records do."""

    def test_a_temperature_of_all_ones_is_the_highest(self):
        self.connect()
        self.one.write_global(c.REGISTERS["TMPCTL"], 0)  # the sensor is on
        self.peer.send(index=p.SET_TEMPERATURE, value=ALL_ONES)
        self.look()
        self.assertEqual(self.one.read_global(c.REGISTERS["TMPSTS"]) & 0xFF, 0xFF)


class Messages(ScriptedOtherSide):
    """Outcomes of messages."""

    arguments = ("--set", "timeout.completion_us=1000000")

    def message(self, value):
        """Port 0 sends it; its record."""
        self.one.write(OUTMSG0, value, posted=True)
        found = c.eventually(lambda: self.peer.crossings(p.MESSAGE))
        self.assertEqual([r["value"] for r in found], [value])
        return found[0]

    def outcome(self, of, accepted):
        """The script tells it."""
        self.peer.send(index=p.MESSAGE_OUTCOME, port=of["from_port"], mask=of["from_index"],
                       tag=of["tag"], flags=p.FLAG_SET if accepted else 0)
        self.look_only()

    def test_an_outcome_that_comes_too_late_is_not_that_of_the_next_message(self):
        self.connect()
        part = c.FIELDS["SWP0MSGCTL0.PART"]
        self.one.write_global(SWP0MSGCTL0, part & -part)
        late = self.message(1)
        self.assertEqual(self.one.read(MSGSTS) & OUTMSG_LOST, OUTMSG_LOST)  # given up
        self.one.write(MSGSTS, OUTMSG_LOST)
        next_one = self.message(2)
        self.outcome(late, False)
        self.outcome(next_one, True)
        self.assertEqual(self.one.read(MSGSTS) & OUTMSG_LOST, 0)


class Floods(ScriptedOtherSide):
    """A guest sends what it can to a peer that takes nothing."""

    def drained(self):
        """All that comes when the peer takes it at last."""
        found = []
        while got := self.peer.received():
            found += got
            self.look()
        return found

    def test_doorbells_and_events_that_wait_become_one_with_their_like(self):
        for register, value in ((c.SEPMSK, 0xFF & ~(1 << 1)), (SEGSIGMSK, 0), (c.SEMSK, 0)):
            self.one.write_global(register, value)
        self.connect()
        for number in range(3000):
            self.one.write(c.OUTDBELLSET, 1 << number % 32, posted=True)
            self.one.write(NTGSIGNAL, 1, posted=True)
        self.one.read(c.NTSDATA)
        found = self.drained()
        bits = 0
        for r in found:
            if r["index"] == p.DOORBELLS:
                bits |= r["value"]
        self.assertEqual(bits, ALL_ONES)
        self.assertGreater(len([r for r in found if r["index"] == p.SWITCH_EVENT]), 1)
        self.assertLess(len(found), 256 + 16)

    def test_messages_wait_and_are_withdrawn_when_they_are_given_up(self):
        part = c.FIELDS["SWP0MSGCTL0.PART"]
        self.one.write_global(SWP0MSGCTL0, part & -part)
        self.connect()
        for number in range(2000):
            self.one.write(OUTMSG0, number, posted=True)
        self.assertEqual(self.one.read(MSGSTS) & OUTMSG_LOST, OUTMSG_LOST)
        values = [r["value"] for r in self.drained() if r["index"] == p.MESSAGE]
        self.assertEqual(values[:200], list(range(200)))
        self.assertLess(len(values), 256 + 16)
        self.one.write(MSGSTS, OUTMSG_LOST)
        self.alive()

    def test_a_peer_that_asks_without_end_and_takes_no_answer_is_gone(self):
        self.connect()
        for _ in range(60):
            while self.peer.has_room():
                self.peer.send(p.REGISTER_READ, address=c.of_port(0, c.NTSDATA))
            self.look()
        self.assertTrue(c.eventually(lambda: "takes nothing" in self.sim.log()))
        self.alive()


class Comers(ScriptedOtherSide):
    """Who takes the other side, and when the simulator learns of it."""

    def test_what_a_comer_sends_before_it_is_seen_is_not_lost(self):
        self.peer.send(index=p.DOORBELLS, value=1 << 3)
        self.look()  # the first time that it looks
        self.assertTrue(c.eventually(lambda: self.bells() == 1 << 3))

    def test_one_who_dies_and_its_successor_are_told_apart_whenever_the_simulator_looks(self):
        self.connect()
        self.peer.send(index=p.DOORBELLS, value=1 << 0)
        self.peer.leave()
        self.peer.come()
        self.peer.send(index=p.DOORBELLS, value=1 << 1)
        self.look()
        self.assertTrue(c.eventually(lambda: self.bells() == 3))
        self.assertEqual(self.sim.log().count("is gone"), 1)
        self.assertEqual(self.sim.log().count("is there"), 2)

    def test_a_peer_that_is_somebody_else_at_every_look_fills_neither_log_nor_memory(self):
        for number in range(100, 5100):
            self.peer.become(number)
            if self.peer.has_room():
                self.peer.send(index=p.DOORBELLS, value=1, due_ps=NEVER)
            self.look()
        end = time.monotonic() + 2  # each of those acts a millisecond after the one before
        self.assertTrue(c.eventually(self.peer.has_room))
        self.peer.send(index=p.DOORBELLS, value=2)
        while time.monotonic() < end and not self.bells() & 2:
            self.look()
        self.assertEqual(self.bells() & 2, 2)
        self.alive()
        self.assertLess(len(self.sim.log().splitlines()), 100)


class Breakers(ScriptedOtherSide):
    """Who breaks a ring is thrown out; the next one finds rings that work."""

    def nonsense(self):
        """Ways to break a ring, by name."""
        head, tail = self.peer.ring_words(outgoing=True)
        far_head, far_tail = self.peer.ring_words(outgoing=False)

        def half_a_record():
            self.peer.send(p.MEMORY_WRITE, total=200, bytes=100)
            self.peer.send(p.CROSSING)
        return {
            "a kind that does not exist": lambda: self.peer.send(99),
            "half of a record": half_a_record,
            "more slots sent than there are": lambda: self.peer.put(head, 1 << 40, "Q"),
            "fewer slots sent than were taken": lambda: self.peer.put(head, NEVER - 9, "Q"),
            "a slot taken that was not sent": lambda: self.peer.put(far_tail, 1 << 40, "Q"),
            "positions of the simulator written":
                lambda: (self.peer.put(far_head, 1 << 50, "Q"), self.peer.put(tail, 1 << 51, "Q"),
                         self.peer.send(99)),
        }

    def test_after_one_who_broke_the_rings_the_next_simulator_joins(self):
        for number, (name, breaks) in enumerate(self.nonsense().items()):
            with self.subTest(name):
                self.connect_again(number + 1)
                breaks()
                self.look()
                self.one.write(c.OUTDBELLSET, 1)  # who sends looks at the other ring
                self.assertTrue(c.eventually(
                    lambda n=number: self.sim.log().count("until another") == n + 1))
                self.peer.leave()
                with Serve("--peer", f"ivshmem:{self.path}", ports=(2,)) as sim, \
                        sim.client(2) as two:
                    two.enable()
                    self.assertTrue(c.eventually(
                        lambda: self.one.read_global(c.port_status(2)) & c.LINK_UP))
                    for near, far in ((self.one, two), (two, self.one)):
                        far.write(c.INDBELLSTS, ALL_ONES)
                        near.write(c.OUTDBELLSET, 4, posted=True)
                        self.assertTrue(c.eventually(lambda at=far: at.read(c.INDBELLSTS) & 4))
                self.peer.come()


class Times(ScriptedOtherSide):
    """What a peer says of its time, without a wall clock."""

    arguments = ("--pace", "none")

    def test_no_time_that_a_peer_says_ends_the_simulator(self):
        def sends_for_the_end_of_time():
            self.peer.send(index=p.DOORBELLS, value=1, due_ps=NEVER)

        def is_at_the_end_of_time():
            self.peer.say_time(NEVER - 1, NEVER)

        for number, says in enumerate((sends_for_the_end_of_time, is_at_the_end_of_time)):
            self.look()
            self.assertTrue(c.eventually(
                lambda n=number: self.sim.log().count("is there") == n + 1))
            says()
            self.look()
            self.alive()
            self.assertTrue(c.eventually(
                lambda n=number: self.sim.log().count("end of simulated time") == n + 1))
            self.peer.leave()
            self.peer.come()


if __name__ == "__main__":
    unittest.main()
