# SPDX-License-Identifier: Apache-2.0
"""Two simulators that are one switch: one of them dies, or the server, or somebody goes mad. The
survivor sees the link down, says so once, takes the comer back and has lost nothing."""
import mmap
import os
import random
import signal
import time
import unittest

import client as c
from test_peer import ALL_ONES, BAR2, BARLTBASE2, BARUTBASE2, GIDBELLMSK0, MIB, RAM, TwoSimulators


class Mortals(TwoSimulators):
    """Two simulators with a client each; every port may lose its own."""

    def setUp(self):
        super().setUp()
        self.sims, self.clients = {}, {}
        for port in (0, 2):
            self.start(port)

    def start(self, port):
        """A simulator with a client whose interrupts are open."""
        self.sims[port] = self.side(port)
        self.connect(port)

    def connect(self, port):
        """A client at a simulator that runs."""
        self.clients[port] = self.enterContext(self.sims[port].client(port)).enable()
        self.open_interrupts(self.clients[port])

    def kill(self, port):
        """kill -9 of a simulator."""
        self.sims[port].process.send_signal(signal.SIGKILL)
        self.sims[port].process.wait()
        self.clients[port].close()

    def link_of(self, port, at):
        """Whether that port's link is up, as the client at the other one sees it."""
        return bool(self.clients[at].read_global(c.port_status(port)) & c.LINK_UP)

    def rings(self, sender, receiver):
        """A doorbell crosses."""
        far = self.clients[receiver]
        far.write(c.INDBELLSTS, ALL_ONES)
        self.clients[sender].write(c.OUTDBELLSET, 4, posted=True)
        self.assertTrue(c.eventually(lambda: far.read(c.INDBELLSTS) & 4))

    def program_events(self, client):
        """What a driver does at its probe, once: masks of events, of doorbells, a table entry."""
        for register, value in ((c.SEPMSK, 0xFC), (c.SELINKUPMSK, 0), (c.SELINKDNMSK, 0),
                                (c.SEMSK, 0), (GIDBELLMSK0 + 4, 0x80)):
            client.write_global(register, value)
        client.write(c.NTMTBLADDR, 5)
        client.write(c.NTMTBLDATA, c.VALID | 0x123 << 1)

    def programmed(self, client):
        """Whether all of that is still there."""
        client.write(c.NTMTBLADDR, 5)
        return (client.read_global(c.SEPMSK) & 0xFF == 0xFC and
                client.read_global(c.SELINKUPMSK) == 0 and
                client.read_global(c.SELINKDNMSK) == 0 and client.read_global(c.SEMSK) == 0 and
                client.read_global(GIDBELLMSK0 + 4) & 0xFF == 0x80 and
                client.read(c.NTMTBLDATA) == (c.VALID | 0x123 << 1))

    def killed_and_back(self, dies, stays):
        """A simulator dies and comes again; the other one is not disturbed."""
        survivor = self.clients[stays]
        self.program_events(survivor)
        survivor.write_global(c.SELINKDNSTS, ALL_ONES)
        survivor.write_global(c.SELINKUPSTS, ALL_ONES)
        survivor.write(c.NTINTSTS, c.SEVENT)
        msi = survivor.interrupt(c.MSI)
        self.drained(msi)
        self.kill(dies)
        self.assertEqual(c.taken(msi), 1)
        self.assertFalse(self.link_of(dies, stays))
        self.assertEqual(survivor.read_global(c.SELINKDNSTS), 1 << dies)
        self.assertTrue(self.programmed(survivor))
        self.assertEqual(survivor.read_global(c.of_port(dies, c.NTSDATA)), 0)  # as after a reset
        survivor.write_global(c.SELINKDNSTS, ALL_ONES)
        survivor.write(c.NTINTSTS, c.SEVENT)
        self.assertEqual(c.taken(msi, 0.2), 0)  # told once
        self.start(dies)
        self.assertTrue(c.eventually(lambda: self.link_of(dies, stays)))
        self.assertEqual(c.taken(msi), 1)
        self.assertEqual(survivor.read_global(c.SELINKUPSTS), 1 << dies)
        self.assertTrue(self.programmed(survivor))
        self.assertTrue(self.programmed(self.clients[dies]))
        survivor.write(c.NTINTSTS, c.SEVENT)
        self.rings(dies, stays)
        self.rings(stays, dies)

    def window(self, near, far):
        """The client at `near` reaches the memory of the one at `far`; that memory."""
        for partition, port in ((0, 0), (1, 2)):
            client = self.clients[port]
            client.write(c.NTCTL, c.CPEN)
            client.write(c.NTMTBLADDR, partition)
            client.write(c.NTMTBLDATA, 1 | client.read(c.REQIDCAP) << 1 | partition << 17)
        ram = self.clients[far].memory(MIB)
        self.clients[far].map(RAM, MIB, ram)
        self.clients[near].write(BARLTBASE2, RAM)
        self.clients[near].write(BARUTBASE2, 0)
        return ram


class Deaths(Mortals):
    """Who dies, and what is left."""

    def test_the_simulator_that_has_no_global_registers_dies_and_comes_back(self):
        self.killed_and_back(2, 0)

    def test_the_simulator_that_has_the_global_registers_dies_and_comes_back(self):
        self.killed_and_back(0, 2)
        self.assertIn("global registers are executed here now", self.sims[2].log())

    def test_one_after_the_other_dies_and_the_switch_lives_on(self):
        for dies, stays in ((0, 2), (2, 0), (0, 2), (0, 2), (2, 0)):
            self.killed_and_back(dies, stays)

    def test_the_switch_stays_powered_while_nobody_is_there(self):
        self.program_events(self.clients[0])
        for port in (2, 0):
            self.kill(port)
        self.start(2)
        self.assertTrue(self.programmed(self.clients[2]))
        self.assertFalse(self.link_of(0, 2))
        self.start(0)
        self.assertTrue(self.programmed(self.clients[0]))
        self.rings(0, 2)

    def test_no_acknowledged_write_is_lost_whenever_a_simulator_dies(self):
        source = random.Random(7)
        for turn in range(6):
            near, far = ((0, 2), (2, 0))[turn % 2]
            ram = self.window(near, far)
            client = self.clients[near]
            acknowledged, end = 0, time.monotonic() + source.random() * 0.3
            value = 0
            while time.monotonic() < end:
                for _ in range(source.randrange(1, 20)):
                    value += 1
                    client.write(4 * (value & 0xFF), value, 4, BAR2, posted=True)
                client.read(c.NTSDATA)  # completed: what was written before it is acknowledged
                acknowledged = value
            for _ in range(source.randrange(20)):
                value += 1
                client.write(4 * (value & 0xFF), value, 4, BAR2, posted=True)
            self.kill(near)
            self.assertTrue(c.eventually(lambda at=near, f=far: not self.link_of(at, f)))
            found = memoryview(os.pread(ram, 1024, 0)).cast("I")
            for number in range(max(1, acknowledged - 255), acknowledged + 1):
                self.assertGreaterEqual(found[number & 0xFF], number, (turn, acknowledged))
            self.start(near)

    def test_simulators_are_killed_at_random_moments_and_find_each_other_again(self):
        source = random.Random(8)
        for _ in range(10):
            dies = source.choice((0, 2))
            stays = 2 - dies
            self.program_events(self.clients[stays])
            for _ in range(source.randrange(40)):
                for port in (0, 2):
                    self.clients[port].write(c.OUTDBELLSET, 1 << source.randrange(32), posted=True)
                    self.clients[port].write(c.GASAADDR, c.SESTS, posted=True)
                    self.clients[port].write(c.GASADATA, 0, posted=True)
            self.kill(dies)
            self.assertTrue(c.eventually(lambda d=dies, s=stays: not self.link_of(d, s)))
            self.assertTrue(self.programmed(self.clients[stays]))
            self.start(dies)
            self.assertTrue(c.eventually(lambda d=dies, s=stays: self.link_of(d, s)))
            self.rings(0, 2)
            self.rings(2, 0)
        for sim in self.sims.values():
            self.assertTrue(sim.alive())

    def test_the_death_of_the_server_blocks_who_comes_and_not_who_is_there(self):
        self.server.close()
        self.rings(0, 2)
        self.rings(2, 0)
        self.assertTrue(c.eventually(lambda: "nobody can join" in self.sims[0].log()))
        self.assertEqual(self.sims[0].log().count("nobody can join"), 1)
        self.kill(2)
        self.assertTrue(c.eventually(lambda: not self.link_of(2, 0)))


class Madness(Mortals):
    """What a peer may do with the memory and the bell."""

    def setUp(self):
        super().setUp()
        self.memory = self.enterContext(mmap.mmap(self.server.memory, 4 * MIB))

    def survivors(self):
        """Both simulators run and answer their own clients."""
        for port, client in self.clients.items():
            self.assertTrue(self.sims[port].alive(), self.sims[port].log())
            client.write(c.NTSDATA, 0x600D0000 | port)
            self.assertEqual(client.read(c.NTSDATA), 0x600D0000 | port)

    def test_when_the_memory_is_cut_off_each_has_a_switch_of_its_own_as_after_a_reset(self):
        os.ftruncate(self.server.memory, 0x1000)
        for client in self.clients.values():
            client.write(c.OUTDBELLSET, 1, posted=True)
            client.read_global(c.SESTS)
        for port, client in self.clients.items():
            self.assertTrue(c.eventually(
                lambda at=port: self.sims[at].log().count("cut off") == 1), self.sims[port].log())
            self.assertTrue(c.eventually(
                lambda at=client: at.read(c.REGISTERS["VID"], 2, c.CONFIG) == 0x111D))
            client.enable()
            self.assertTrue(client.read_global(c.port_status(port)) & c.LINK_UP)
            self.assertFalse(client.read_global(c.port_status(2 - port)) & c.LINK_UP)
            client.write(c.OUTDBELLSET, 2)
            self.assertTrue(c.eventually(lambda at=client: at.read(c.INDBELLSTS) & 2))
        os.ftruncate(self.server.memory, 0)
        self.survivors()

    def test_garbage_in_the_memory_ends_the_link_at_most(self):
        source = random.Random(9)
        for _ in range(300):
            where = source.randrange(3)
            if where == 0:  # header
                at = source.randrange(0x800)
            elif where == 1:  # registers
                at = source.randrange(0x1000, 0x4000)
            else:  # heads of slots
                at = 0x4000 + source.randrange(512) * 0x1000 + source.randrange(64)
            size = source.choice((1, 4, 8, 64))
            self.memory[at:at + size] = source.randbytes(size)
            for client in self.clients.values():
                client.write(c.OUTDBELLSET, source.getrandbits(32), posted=True)
                client.write(c.GASAADDR, 0x3E000 + 4 * source.randrange(0x800), posted=True)
                client.write(c.GASADATA, source.getrandbits(32), posted=True)
            for number in self.server.clients():
                self.server.ring(number)
        self.survivors()
        for sim in self.sims.values():
            self.assertLess(len(sim.log().splitlines()), 400)

    def test_a_bell_that_never_stops_holds_up_nobody(self):
        end = time.monotonic() + 1
        while time.monotonic() < end:
            for number in self.server.clients():
                self.server.ring(number)
            self.clients[0].read(c.NTSDATA)
        self.rings(0, 2)
        self.rings(2, 0)
        self.survivors()


if __name__ == "__main__":
    unittest.main()
