# SPDX-License-Identifier: Apache-2.0
"""A simulator whose counterpart is mad: it takes its side of the shared memory as another simulator
would (tlm_bridge/peer/layout.h), and then sends whatever it likes, rewrites what is being read,
takes nothing, rings without end or never, and at last cuts the memory off. The simulator lives,
answers its guest, and after the end of that memory has a switch of its own.

NTB_FUZZ_SECONDS=N: so long instead of two seconds; NTB_SEED=N: other words.
"""
import fcntl
import mmap
import os
import random
import struct
import threading
import time
import unittest

import client as c
from test_peer import MIB, RAM, TwoSimulators

SIDES, RINGS, SLOTS = (128, 384), (640, 832), (0x4000, 0x104000)
SLOT, SLOTS_PER_RING = 4096, 256
HEAD = struct.Struct("<HHIIIQQQIIIHBBBBBB4x")
CROSSING, REGISTER_READ, REGISTER_WRITE, MEMORY_READ, MEMORY_WRITE, COMPLETION, CONTINUED, WORD = \
    range(1, 9)


class MadPeer:
    """Side 1 of the memory, with port 2; side 0 is a simulator with port 0."""

    def __init__(self, server, source):
        self._server, self._random = server, source
        self._memory = mmap.mmap(server.memory, 4 * MIB)
        # The lock says that somebody lives there.
        fcntl.lockf(server.memory, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 2)
        self._incarnation, self._head = 1000, 0
        self.sent = 0

    def _put(self, at, form, *values):
        struct.pack_into(form, self._memory, at, *values)

    def _get(self, at, form):
        return struct.unpack_from(form, self._memory, at)[0]

    def ring(self):
        """Wakes the simulator."""
        for number in self._server.clients():
            self._server.ring(number)

    def come(self):
        """As a new simulator would."""
        self._incarnation += 1
        self._head = self._get(RINGS[1], "<Q")
        if self._random.random() < 0.5:  # or it goes on behind what cannot be
            self._head = self._random.choice((0, self._head, 2**64 - 3))
            self._put(RINGS[1], "<QQ", self._head, self._head)
            self._put(RINGS[1] + 64, "<Q", self._head)
        self._put(SIDES[1] + 4, "<II", self._random.getrandbits(4), 1 << 2)
        self._put(SIDES[1], "<I", self._incarnation)
        for port in range(24):
            self._put(SIDES[1] + 32 + 8 * port, "<II", 1, self._random.getrandbits(32))
        self.ring()

    def take(self):
        """Reads nothing, but says so."""
        self._put(RINGS[0] + 64, "<Q", self._get(RINGS[0], "<Q"))

    def record(self):
        """A record that may be, mostly."""
        r = self._random
        kind = r.choice((CROSSING, CROSSING, REGISTER_READ, REGISTER_WRITE, MEMORY_READ,
                         MEMORY_WRITE, COMPLETION, WORD))
        size = 0
        if kind in (MEMORY_WRITE, COMPLETION):
            size = r.choice((1, 2, 4, 64, 4032))
        address = r.choice((RAM + r.randrange(MIB), 0x3E000 + 4 * r.randrange(0x800),
                            4 * r.randrange(0x10000), r.getrandbits(64)))
        value = r.choice((1, 4, 64, 4096, 128 << 10)) if kind == MEMORY_READ else r.getrandbits(
            r.choice((1, 5, 32)))
        fields = [kind, size, self._incarnation, self._get(SIDES[0], "<I"), r.randrange(64),
                  0, r.choice((0, r.getrandbits(64))), address, size, value,
                  r.choice((0xFFFFFFFF, r.getrandbits(32), r.randrange(4))), r.getrandbits(16),
                  r.choice((0, 0, 2, r.randrange(24))), r.randrange(14), r.choice((0, 2)),
                  r.randrange(4), r.randrange(8), r.choice((0, 1, 2, 4, 8, r.getrandbits(8)))]
        if r.random() < 0.02:
            at = r.randrange(len(fields))
            bits = (16, 16, 32, 32, 32, 64, 64, 64, 32, 32, 32, 16, 8, 8, 8, 8, 8, 8)[at]
            fields[at] = r.getrandbits(bits)
        return HEAD.pack(*fields)

    def send(self, count):
        """So many records, if there is room."""
        tail = self._get(RINGS[1] + 64, "<Q")
        for _ in range(count):
            if self._head - tail >= SLOTS_PER_RING:
                break
            at = SLOTS[1] + self._head % SLOTS_PER_RING * SLOT
            self._memory[at:at + HEAD.size] = self.record()
            self._head = (self._head + 1) % 2**64
            self.sent += 1
        self._put(RINGS[1], "<Q", self._head)

    def read_much(self):
        """Reads of 128 KiB of the guest's memory, as many as there is room for."""
        tail = self._get(RINGS[1] + 64, "<Q")
        while self._head - tail < SLOTS_PER_RING:
            at = SLOTS[1] + self._head % SLOTS_PER_RING * SLOT
            self._memory[at:at + HEAD.size] = HEAD.pack(
                MEMORY_READ, 0, self._incarnation, self._get(SIDES[0], "<I"), 1, 0, 0, RAM, 0,
                128 << 10, 0, 0, 0, 0, 2, 0, 0, 0)
            self._head += 1
        self._put(RINGS[1], "<Q", self._head)

    def garbage(self):
        """Anything anywhere."""
        r = self._random
        at = r.choice((r.randrange(0x400), r.randrange(0x1000, 0x4000),
                       SLOTS[1] + r.randrange(SLOTS_PER_RING) * SLOT + r.randrange(64),
                       RINGS[r.randrange(2)] + r.randrange(140)))
        data = r.randbytes(r.choice((1, 4, 8)))
        self._memory[at:at + len(data)] = data

    def leave(self):
        """Nobody lives there any more."""
        self._put(SIDES[1], "<I", 0)
        fcntl.lockf(self._server.memory, fcntl.LOCK_UN, 1, 2)
        self.ring()

    def rewrite(self, until):
        """Changes the heads of slots while they are read."""
        r = random.Random(self.sent)
        while not until.is_set():
            for _ in range(200):
                at = SLOTS[1] + r.randrange(SLOTS_PER_RING) * SLOT + r.randrange(64)
                self._memory[at] = r.getrandbits(8)
            time.sleep(0)


class Mad(TwoSimulators):
    """A simulator with a guest, and that."""

    def setUp(self):
        super().setUp()
        self.random = random.Random(int(os.environ.get("NTB_SEED", "1")))
        self.seconds = float(os.environ.get("NTB_FUZZ_SECONDS", "2"))
        self.sim = self.side(0)
        self.client = self.enterContext(self.sim.client(0)).enable()
        self.client.map(RAM, MIB, self.client.memory(MIB))
        self.peer = MadPeer(self.server, self.random)

    def guest_does_something(self):
        """Anything; every request is answered in time."""
        r = self.random
        for _ in range(20):
            self.client.write(c.OUTDBELLSET, r.getrandbits(32), posted=True)
            self.client.write(c.GASAADDR, 0x3E000 + 4 * r.randrange(0x800), posted=True)
            if r.random() < 0.5:
                self.client.write(c.GASADATA, r.getrandbits(32), posted=True)
        self.client.read(c.NTSDATA)
        self.assertTrue(self.sim.alive(), self.sim.log())

    def lives_on(self):
        """When the memory is gone there is a switch as after a reset."""
        self.peer.leave()
        os.ftruncate(self.server.memory, 0)
        for client in self.server.clients():
            self.server.ring(client)
        self.client.write(c.OUTDBELLSET, 1, posted=True)
        self.assertTrue(c.eventually(
            lambda: self.client.read(c.REGISTERS["VID"], 2, c.CONFIG) == 0x111D), self.sim.log())
        self.client.enable()
        self.client.write(c.NTSDATA, 0x600D)
        self.assertEqual(self.client.read(c.NTSDATA), 0x600D)
        self.assertTrue(c.eventually(
            lambda: self.client.read_global(c.port_status(0)) & c.LINK_UP))
        self.assertLessEqual(self.sim.log().count("cut off"), 1)  # lines are limited

    def test_a_peer_that_sends_anything_ends_the_link_at_most(self):
        r, end, rounds = self.random, time.monotonic() + self.seconds, 0
        while time.monotonic() < end:
            self.peer.come()
            for _ in range(r.randrange(1, 20)):
                self.peer.send(r.randrange(64))
                if r.random() < 0.9:
                    self.peer.ring()
                if r.random() < 0.7:
                    self.peer.take()
                if r.random() < 0.1:
                    self.peer.garbage()
            self.guest_does_something()
            rounds += 1
        print(f"{rounds} peers, {self.peer.sent} records")
        self.lives_on()

    def test_a_peer_that_rewrites_slots_while_they_are_read_ends_the_link_at_most(self):
        r, end, until = self.random, time.monotonic() + self.seconds, threading.Event()
        rewriting = threading.Thread(target=self.peer.rewrite, args=(until,), daemon=True)
        rewriting.start()
        while time.monotonic() < end:
            self.peer.come()
            for _ in range(r.randrange(1, 8)):
                self.peer.send(200)
                self.peer.ring()
                self.peer.take()
            self.guest_does_something()
        until.set()
        rewriting.join()
        self.lives_on()

    def test_a_peer_that_asks_for_ever_and_takes_nothing_is_cut_off(self):
        self.peer.come()
        self.assertTrue(c.eventually(lambda: "is there" in self.sim.log()))
        before = self.sim.log()
        while "takes nothing" not in self.sim.log()[len(before):]:
            for _ in range(40):
                self.peer.read_much()
                self.peer.ring()
            self.client.read(c.NTSDATA)
        self.assertTrue(self.sim.alive())
        self.lives_on()


if __name__ == "__main__":
    unittest.main()
