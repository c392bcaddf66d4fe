# SPDX-License-Identifier: Apache-2.0
"""Two simulators that are one switch, at work: simulators, guests and the server are killed at
random moments, either side first, while both guests write into each other's memory and ring. The
survivor sees the link down, is told once, takes the comer back with masks and tables as they were,
and has every write that was acknowledged."""
import os
import random
import signal
import socket
import subprocess
import threading
import time
import unittest

import client as c
from test_peer import ALL_ONES, BAR2, BARLTBASE2, BARUTBASE2, MIB, RAM
from test_peer_death import Mortals


class ServerProcess:
    """`ntbsim ivshmem-server`; `with` ends it."""

    def __init__(self, path):
        self.path = path
        with open(f"{path}.log", "wb") as log:
            self._process = subprocess.Popen(
                [os.environ["NTBSIM"], "ivshmem-server", "--socket", str(path)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not c.eventually(path.exists, 60):
            raise AssertionError("the server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        """kill -9."""
        self._process.kill()
        self._process.wait()


class Traffic(threading.Thread):
    """What a busy guest does: writes ever larger numbers into a ring of 256 dwords of its window,
    rings, and looks at switch events; a completed read acknowledges the writes before it."""

    def __init__(self, client, first, seed):
        super().__init__(daemon=True)
        self.client, self.first, self.value, self.acknowledged = client, first, first, first
        self._random = random.Random(seed)
        self._enough = threading.Event()
        self.start()

    def run(self):
        source = self._random
        try:
            while not self._enough.is_set():
                for _ in range(source.randrange(1, 40)):
                    self.value += 1
                    self.client.write(4 * (self.value & 0xFF), self.value, 4, BAR2, posted=True)
                if source.random() < 0.3:
                    self.client.write(c.OUTDBELLSET, 1 << source.randrange(32), posted=True)
                if source.random() < 0.2:
                    self.client.write(c.GASAADDR, c.SESTS, posted=True)
                    self.client.write(c.GASADATA, 0, posted=True)
                self.client.read(c.NTSDATA)
                self.acknowledged = self.value
        except (OSError, ValueError, c.Refused):
            pass  # one of the two is dead

    def end(self):
        """In order."""
        self._enough.set()
        self.join()


class Kills(Mortals):
    """Server, simulators and guests, all of them mortal."""

    def make_server(self):
        return ServerProcess(self.path)

    def setUp(self):
        self.ram, self.traffic, self.deaths, self.last = {}, {}, {0: 0, 2: 0}, 0
        self.life = self.now = ""
        super().setUp()

    def start(self, port):
        super().start(port)
        self.deaths[port] = 0

    def connect(self, port):
        super().connect(port)
        client = self.clients[port]
        self.ram[port] = client.memory(MIB)
        client.map(RAM, MIB, self.ram[port])

    def open_windows(self):
        """Each guest reaches the memory of the other."""
        for partition, port in ((0, 0), (1, 2)):
            client = self.clients[port]
            client.write(c.NTCTL, c.CPEN)
            client.write(c.NTMTBLADDR, partition)
            client.write(c.NTMTBLDATA, 1 | client.read(c.REQIDCAP) << 1 | partition << 17)
            client.write(BARLTBASE2, RAM)
            client.write(BARUTBASE2, 0)

    def work(self, source, seconds):
        """Both guests are busy for a while."""
        self.open_windows()
        for port, client in self.clients.items():
            self.traffic[port] = Traffic(client, self.last, source.random())
        time.sleep(seconds)

    def kill_guest(self, port):
        """kill -9 of a guest: its socket ends, in the middle of whatever."""
        self.clients[port].socket.shutdown(socket.SHUT_RDWR)
        self.traffic[port].end()
        self.clients[port].close()

    def kill_simulator(self, port):
        """kill -9 of a simulator; its guest has lost its device."""
        self.sims[port].process.send_signal(signal.SIGKILL)
        self.sims[port].process.wait()
        self.traffic[port].end()
        self.clients[port].close()

    def dies(self, victim, port):
        """Somebody at that port dies; what the other one sees of it."""
        stays = 2 - port
        survivor = self.clients[stays]
        (self.kill_guest if victim == "guest" else self.kill_simulator)(port)
        self.deaths[stays] += victim == "simulator"
        self.traffic[stays].end()
        self.assertTrue(c.eventually(lambda: not self.link_of(port, stays)), victim)
        self.assertTrue(c.eventually(
            lambda: survivor.read_global(c.SELINKDNSTS) == 1 << port), victim)
        self.assertTrue(self.programmed(survivor))
        self.all_is_there(self.traffic[port], stays)
        # Told once: what is cleared stays clear.
        survivor.write_global(c.SELINKDNSTS, ALL_ONES)
        survivor.write(c.NTINTSTS, c.SEVENT)
        time.sleep(0.02)
        self.assertEqual(survivor.read_global(c.SELINKDNSTS), 0)
        self.assertEqual(survivor.read(c.NTINTSTS) & c.SEVENT, 0)
        self.assertTrue(c.eventually(lambda: self.sims[stays].log().count(
            "the other simulator is gone") == self.deaths[stays]), self.sims[stays].log())
        self.last = max(t.value for t in self.traffic.values())

    def all_is_there(self, traffic, at):
        """Every write that a dead guest saw acknowledged is in the memory of the other one."""
        found = memoryview(os.pread(self.ram[at], 1024, 0)).cast("I")
        begin = max(traffic.first, traffic.acknowledged - 256) + 1
        missing = [(number, found[number & 0xFF])
                   for number in range(begin, traffic.acknowledged + 1)
                   if found[number & 0xFF] < number]
        self.assertEqual(missing[:4], [], f"{self.life}{self.now}: {len(missing)} of the writes "
                                          f"from {begin} to {traffic.acknowledged}")

    def clear_events(self, at):
        """As a driver that has seen them."""
        for register in (c.SELINKDNSTS, c.SELINKUPSTS):
            self.clients[at].write_global(register, ALL_ONES)
        self.clients[at].write(c.NTINTSTS, c.SEVENT)

    def comes_back(self, victim, port):
        """What died is there again, and finds everything as it was."""
        stays = 2 - port
        (self.connect if victim == "guest" else self.start)(port)
        self.assertTrue(c.eventually(lambda: self.link_of(port, stays)))
        self.assertTrue(c.eventually(lambda: self.link_of(stays, port)))
        for at in (0, 2):
            self.assertTrue(self.programmed(self.clients[at]))
        self.rings(0, 2)
        self.rings(2, 0)

    def rounds_of_dying(self, source, rounds):
        """Guests and simulators die and come back, at last the server dies."""
        self.program_events(self.clients[0])
        for number in range(rounds):
            victim, port = source.choice(("guest", "simulator")), source.choice((0, 2))
            self.now = f"round {number}: the {victim} at port {port}"
            self.clear_events(2 - port)
            self.work(source, source.random() * 0.2)
            self.dies(victim, port)
            self.comes_back(victim, port)
        self.clear_events(0)
        self.clear_events(2)
        self.work(source, source.random() * 0.1)
        self.server.kill()
        time.sleep(source.random() * 0.1)
        port = source.choice((0, 2))
        self.dies("guest", port)
        self.comes_back("guest", port)
        self.clear_events(2 - port)
        self.work(source, source.random() * 0.1)
        self.dies("simulator", port)
        survivor = self.sims[2 - port]
        self.assertEqual(survivor.log().count("nobody can join"), 1)

    def test_guests_simulators_and_the_server_are_killed_under_load(self):
        self.rounds_of_dying(random.Random(11), 6)

    def test_both_simulators_die_at_once_and_the_switch_is_as_it_was(self):
        source = random.Random(12)
        self.program_events(self.clients[0])
        for _ in range(2):
            self.work(source, source.random() * 0.1)
            order = source.sample((0, 2), 2)
            for port in order:
                self.sims[port].process.send_signal(signal.SIGKILL)
            for port in order:
                self.kill_simulator(port)
            self.last = max(t.value for t in self.traffic.values())
            for port in source.sample((0, 2), 2):
                self.start(port)
                self.assertTrue(self.programmed(self.clients[port]))
            self.rings(0, 2)
            self.rings(2, 0)


class KillsTakesLong(Kills):
    """Many lives. NTB_KILLS=N: so many of them instead of 20; NTB_SEED=N: other moments."""

    def test_guests_simulators_and_servers_are_killed_at_many_moments(self):
        seed = int(os.environ.get("NTB_SEED", "1"))
        for life in range(int(os.environ.get("NTB_KILLS", "20"))):
            if life != 0:
                self.doCleanups()
                self.setUp()
            self.life = f"life {life} of seed {seed}, "
            self.rounds_of_dying(random.Random(1000 * seed + life), 20)


if __name__ == "__main__":
    unittest.main()
