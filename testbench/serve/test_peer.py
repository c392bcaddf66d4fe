# SPDX-License-Identifier: Apache-2.0
"""Two simulators that are one switch (`serve --peer`): what one client does reaches the other."""
import concurrent.futures
import os
import pathlib
import random
import signal
import struct
import subprocess
import tempfile
import time
import unittest

import client as c
from client import Control, Serve
from scripted_ivshmem import IvshmemServer

BAR2 = 2
MIB = 1 << 20
RAM = 0x40000000
ALL_ONES = 0xFFFFFFFF
BARLTBASE2, BARUTBASE2, BARSETUP2 = (
    c.REGISTERS[name] for name in ("BARLTBASE2", "BARUTBASE2", "BARSETUP2"))
OUTMSG0, INMSG0, INMSGSRC0, MSGSTS = (
    c.REGISTERS[name] for name in ("OUTMSG0", "INMSG0", "INMSGSRC0", "MSGSTS"))
SWP0MSGCTL0 = c.REGISTERS["SWP0MSGCTL0"]
GDBELLSTS, GIDBELLMSK0, NTGSIGNAL = (
    c.REGISTERS[name] for name in ("GDBELLSTS", "GIDBELLMSK0", "NTGSIGNAL"))
SEGSIGSTS, SEGSIGMSK = (c.REGISTERS[name] for name in ("SEGSIGSTS", "SEGSIGMSK"))
OUTMSG_LOST = c.FIELDS["MSGSTS.OUTMSGSTS0"]
INMSG_FULL = c.FIELDS["MSGSTS.INMSGSTS0"]


class TwoSimulators(unittest.TestCase):
    """An ivshmem server, and tools to start simulators at it."""

    def setUp(self):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix="ntb-peer-"))
        self.path = pathlib.Path(directory) / "ivshmem"
        self.server = self.enterContext(self.make_server())

    def make_server(self):
        """The ivshmem server of the test."""
        return IvshmemServer(self.path)

    def side(self, port, *arguments, topology="two-host"):
        """A running simulator with that port."""
        return self.enterContext(Serve("--peer", f"ivshmem:{self.path}", *arguments,
                                       ports=(port,), topology=topology))

    def refusal(self, *arguments, port=2):
        """What a simulator says that does not start."""
        run = subprocess.run(
            [os.environ["NTBSIM"], "serve", "--port", f"{port}={self.path}.{port}", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            timeout=60, text=True, check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        return run.stderr

    @staticmethod
    def drained(msi):
        """Forgets interrupts that came until now."""
        while c.taken(msi, 0):
            pass

    @staticmethod
    def open_interrupts(client):
        """Doorbells, messages and switch events interrupt."""
        client.write(c.NTINTMSK, 0)
        client.write(c.INDBELLMSK, 0)
        client.write(c.REGISTERS["MSGSTSMSK"], 0)


class OneSwitch(TwoSimulators):
    """A simulator with port 0, one with port 2, and a client at each."""

    def setUp(self):
        super().setUp()
        self.first = self.side(0)
        self.second = self.side(2)
        self.one = self.enterContext(self.first.client(0)).enable()
        self.two = self.enterContext(self.second.client(2)).enable()

    def both_links_are_up(self):
        """As each of the clients sees it."""
        return all(client.read_global(c.port_status(port)) & c.LINK_UP
                   for client in (self.one, self.two) for port in (0, 2))

    def test_both_ports_are_up_in_the_switch_that_each_of_them_sees(self):
        self.assertTrue(c.eventually(self.both_links_are_up))
        self.two.close()
        self.assertTrue(c.eventually(
            lambda: not self.one.read_global(c.port_status(2)) & c.LINK_UP))

    def test_a_doorbell_interrupts_the_host_at_the_other_simulator(self):
        for sender, receiver in ((self.one, self.two), (self.two, self.one)):
            self.open_interrupts(receiver)
            msi = receiver.interrupt(c.MSI)
            for bit in (0, 31):
                sender.write(c.OUTDBELLSET, 1 << bit, posted=True)
                self.assertEqual(c.taken(msi), 1)
                self.assertEqual(receiver.read(c.INDBELLSTS), 1 << bit)
                self.assertEqual(sender.read_global(GDBELLSTS) & 1 << bit, 1 << bit)
                receiver.write(c.INDBELLSTS, 1 << bit)
                sender.write(c.INDBELLSTS, 1 << bit)  # loop-back

    def test_a_thousand_doorbells_go_back_and_forth(self):
        bells = {client: client.interrupt(c.MSI) for client in (self.one, self.two)}
        for client in bells:
            self.open_interrupts(client)
        for partition, bit in ((0, 1), (1, 0)):  # no loop-back: bit n only reaches the other
            self.one.write_global(GIDBELLMSK0 + 4 * bit, 0xFF & ~(1 << (1 - partition)))
        for turn in range(500):
            for bit, (sender, receiver) in enumerate(((self.one, self.two), (self.two, self.one))):
                sender.write(c.OUTDBELLSET, 2 >> bit, posted=True)
                self.assertEqual(c.taken(bells[receiver]), 1, turn)
                receiver.write(c.INDBELLSTS, 3, posted=True)

    def test_a_doorbell_mask_that_one_sets_holds_for_the_other(self):
        self.two.write_global(GIDBELLMSK0, 1 << 1)  # doorbell 0 does not reach partition 1
        self.one.write(c.OUTDBELLSET, 3)
        self.assertTrue(c.eventually(lambda: self.two.read(c.INDBELLSTS)))
        self.assertEqual(self.two.read(c.INDBELLSTS), 2)

    def test_a_message_arrives_and_one_that_finds_the_register_full_is_told(self):
        part = c.FIELDS["SWP0MSGCTL0.PART"]
        self.one.write_global(SWP0MSGCTL0, part & -part)  # register 0 of partition 1
        self.one.write(OUTMSG0, 0xCAFE)
        self.assertEqual(self.one.read(MSGSTS) & OUTMSG_LOST, 0)
        self.assertTrue(c.eventually(lambda: self.two.read(MSGSTS) & INMSG_FULL))
        self.assertEqual(self.two.read(INMSG0), 0xCAFE)
        self.assertEqual(self.two.read(INMSGSRC0), 0)
        self.one.write(OUTMSG0, 0xBABE)
        self.assertEqual(self.one.read(MSGSTS) & OUTMSG_LOST, OUTMSG_LOST)  # the next read sees it
        self.assertEqual(self.two.read(INMSG0), 0xCAFE)
        self.two.write(MSGSTS, INMSG_FULL)
        self.one.write(MSGSTS, OUTMSG_LOST)
        self.one.write(OUTMSG0, 0xBABE)
        self.assertEqual(self.one.read(MSGSTS) & OUTMSG_LOST, 0)
        self.assertTrue(c.eventually(lambda: self.two.read(INMSG0) == 0xBABE))

    def test_doorbells_of_all_bits_and_a_message_of_all_ones_arrive(self):
        part = c.FIELDS["SWP0MSGCTL0.PART"]
        self.one.write_global(SWP0MSGCTL0, part & -part)
        self.one.write(c.OUTDBELLSET, ALL_ONES)
        self.assertTrue(c.eventually(lambda: self.two.read(c.INDBELLSTS) == ALL_ONES))
        self.one.write(OUTMSG0, ALL_ONES)
        self.assertEqual(self.one.read(MSGSTS) & OUTMSG_LOST, 0)
        self.assertTrue(c.eventually(lambda: self.two.read(MSGSTS) & INMSG_FULL))
        self.assertEqual(self.two.read(INMSG0), ALL_ONES)

    def test_the_mapping_table_is_one(self):
        for writer, reader, index in ((self.one, self.two, 0), (self.two, self.one, 1)):
            writer.write(c.NTMTBLADDR, index)
            writer.write(c.NTMTBLDATA, c.VALID | index << 17)
            reader.write(c.NTMTBLADDR, index)
            self.assertEqual(reader.read(c.NTMTBLDATA), c.VALID | index << 17)

    def test_a_global_register_that_either_writes_reads_the_same_in_both(self):
        source = random.Random(6)
        for _ in range(100):
            writer, reader = source.sample((self.one, self.two), 2)
            value = source.getrandbits(8)
            writer.write_global(c.SEPMSK, value)
            self.assertEqual(writer.read_global(c.SEPMSK) & 0xFF, value)
            self.assertEqual(reader.read_global(c.SEPMSK) & 0xFF, value)

    def test_registers_of_the_other_port_are_reached_by_the_global_space(self):
        self.two.write(c.NTSDATA, 0x12345678)
        self.assertEqual(self.one.read_global(c.of_port(2, c.NTSDATA)), 0x12345678)
        self.one.write_global(c.of_port(2, c.NTSDATA), 0x9ABCDEF0)
        self.assertEqual(self.two.read(c.NTSDATA), 0x9ABCDEF0)
        self.assertEqual(self.one.read_global(c.of_port(2, BARSETUP2)), self.two.read(BARSETUP2))

    def test_a_global_signal_of_either_is_an_event_for_the_other(self):
        for sender, receiver, partition in ((self.one, self.two, 0), (self.two, self.one, 1)):
            self.open_interrupts(receiver)
            msi = receiver.interrupt(c.MSI)
            receiver.write_global(c.SEPMSK, 0xFF & ~(1 << (1 - partition)))
            receiver.write_global(SEGSIGMSK, 0)
            receiver.write_global(c.SEMSK, 0)
            sender.write(NTGSIGNAL, 1)
            self.assertEqual(c.taken(msi), 1)
            self.assertEqual(receiver.read(c.NTINTSTS) & c.SEVENT, c.SEVENT)
            self.assertEqual(receiver.read_global(SEGSIGSTS), 1 << partition)
            receiver.write_global(SEGSIGSTS, 1 << partition)
            receiver.write(c.NTINTSTS, c.SEVENT)


class Starts(TwoSimulators):
    """How two simulators find each other."""

    def test_two_simulators_that_start_at_once_find_each_other(self):
        for _ in range(4):
            with concurrent.futures.ThreadPoolExecutor() as pool:
                sims = list(pool.map(self.side, (0, 2)))
            with sims[0].client(0) as one, sims[1].client(2) as two:
                one.enable()
                two.enable()
                for near, far in ((one, two), (two, one)):
                    near.write(c.OUTDBELLSET, 1, posted=True)
                    self.assertTrue(c.eventually(lambda at=far: at.read(c.INDBELLSTS) & 1))
                    far.write(c.INDBELLSTS, 1)
            for sim in sims:
                self.assertEqual(sim.stop(signal.SIGTERM), 0)


class Windows(TwoSimulators):
    """Each client has a direct window (BAR2) into the memory of the other."""

    def setUp(self):
        super().setUp()
        self.first, self.second = self.side(0), self.side(2)
        self.one = self.enterContext(self.first.client(0)).enable()
        self.two = self.enterContext(self.second.client(2)).enable()
        self.ram = {}
        for partition, client in enumerate((self.one, self.two)):
            client.write(c.NTCTL, c.CPEN)
            client.write(c.NTMTBLADDR, partition)
            client.write(c.NTMTBLDATA, 1 | client.read(c.REQIDCAP) << 1 | partition << 17)
            self.ram[client] = client.memory(4 * MIB)
            client.map(RAM, 4 * MIB, self.ram[client])
            client.write(BARLTBASE2, RAM)
            client.write(BARUTBASE2, 0)

    def pairs(self):
        """Both directions."""
        return (self.one, self.two), (self.two, self.one)

    def test_what_is_written_into_a_window_lies_in_the_memory_at_the_other_simulator(self):
        source = random.Random(4)
        for near, far in self.pairs():
            expected = bytearray(0x1000)
            for _ in range(300):
                size = source.choice((1, 2, 4, 8))
                at, value = source.randrange(0x1000 - size), source.getrandbits(8 * size)
                near.write(at, value, size, BAR2, posted=True)
                expected[at:at + size] = value.to_bytes(size, "little")
            near.read(0, 4, BAR2)  # pushes the writes before it
            self.assertEqual(os.pread(self.ram[far], 0x1000, 0), bytes(expected))
            for _ in range(50):
                size = source.choice((1, 2, 4, 8))
                at = source.randrange(0x1000 - size)
                self.assertEqual(near.read(at, size, BAR2),
                                 int.from_bytes(expected[at:at + size], "little"))

    def test_a_doorbell_comes_after_the_data_before_it(self):
        for near, far in self.pairs():
            self.open_interrupts(far)
            msi = far.interrupt(c.MSI)
            far.write(c.NTINTMSK, 0xFF & ~c.DBELL)
            far.write(c.INDBELLSTS, ALL_ONES)  # what looped back
            self.drained(msi)
            for turn in range(1, 51):
                for i in range(64):
                    near.write(4 * i, turn << 16 | i, 4, BAR2, posted=True)
                near.write(c.OUTDBELLSET, 1, posted=True)
                self.assertEqual(c.taken(msi), 1)
                found = os.pread(self.ram[far], 256, 0)
                self.assertEqual(found, struct.pack("<64I", *(turn << 16 | i for i in range(64))))
                far.write(c.INDBELLSTS, 1)

    def test_writes_wait_for_a_simulator_that_stands_still_and_none_is_lost(self):
        self.second.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.second.process.send_signal, signal.SIGCONT)
        for number in range(330):  # more than find room
            self.one.write(4 * number, number, 4, BAR2, posted=True)
        time.sleep(2.5)
        self.second.process.send_signal(signal.SIGCONT)
        self.assertEqual(self.one.read(4 * 329, 4, BAR2), 329)
        found = memoryview(os.pread(self.ram[self.two], 4 * 330, 0)).cast("I")
        self.assertEqual(list(found), list(range(330)))

    def test_a_write_of_a_global_register_waits_for_a_simulator_that_stands_still(self):
        for port, sim in ((0, self.first), (2, self.second)):
            client = self.two if port == 0 else self.one
            sim.process.send_signal(signal.SIGSTOP)
            self.addCleanup(sim.process.send_signal, signal.SIGCONT)
            client.write(c.GASAADDR, c.of_port(port, c.NTSDATA))
            client.write(c.GASADATA, 0x5EED0000 | port, posted=True)
            time.sleep(0.2)
            sim.process.send_signal(signal.SIGCONT)
            self.assertEqual(client.read(c.GASADATA), 0x5EED0000 | port)

    def test_a_large_write_arrives_whole(self):
        data = random.Random(5).randbytes(64 << 10)
        for near, far in self.pairs():
            near.command(c.REGION_WRITE, c.ACCESS.pack(0, BAR2, len(data)) + data)
            near.read(0, 4, BAR2)
            self.assertEqual(os.pread(self.ram[far], len(data), 0), data)
            got = near.command(c.REGION_READ, c.ACCESS.pack(0, BAR2, len(data)))
            self.assertEqual(got[c.ACCESS.size:], data)

    def test_a_host_without_bus_mastering_refuses_what_would_go_into_its_memory(self):
        self.two.write(c.PCICMD, 0x2, 2, c.CONFIG)
        self.assertTrue(c.eventually(lambda: self.one.read(0, 4, BAR2) == ALL_ONES))
        self.two.write(c.PCICMD, 0x6, 2, c.CONFIG)
        self.assertTrue(c.eventually(lambda: self.one.read(0, 4, BAR2) == 0))

    def test_a_read_of_a_simulator_that_stands_still_ends_as_unsupported(self):
        self.second.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.second.process.send_signal, signal.SIGCONT)
        self.assertEqual(self.one.read(0, 4, BAR2), ALL_ONES)
        self.assertEqual(self.one.read(c.NTSDATA), 0)  # nothing else is held up
        self.second.process.send_signal(signal.SIGCONT)
        self.assertTrue(c.eventually(lambda: self.one.read(0, 4, BAR2) == 0))


class Refusals(TwoSimulators):
    """Who does not fit is told so in one line."""

    def test_a_third_simulator_is_refused(self):
        self.side(0)
        self.side(2)
        text = self.refusal("--peer", f"ivshmem:{self.path}", port=2)
        self.assertIn("two simulators are attached already", text)

    def test_a_capture_of_half_a_switch_is_refused(self):
        text = self.refusal("--peer", f"ivshmem:{self.path}", "--capture", f"{self.path}.stim")
        self.assertIn("--capture: not with --peer", text)

    def test_another_topology_or_timing_is_refused(self):
        self.side(0)
        for arguments in (("--topology", "three-host"), ("--set", "pipeline.doorbell=9")):
            text = self.refusal("--peer", f"ivshmem:{self.path}", *arguments)
            self.assertIn("another topology or timing", text)

    def test_a_port_that_the_other_one_has_is_refused(self):
        self.side(0)
        text = self.refusal("--peer", f"ivshmem:{self.path}", port=0)
        self.assertIn("serves one of these ports", text)

    def test_memory_that_is_too_small_or_in_use_is_refused(self):
        small = self.path.with_name("small")
        with IvshmemServer(small, 1 << 20):
            self.assertIn("bytes", self.refusal("--peer", f"ivshmem:{small}"))
        os.pwrite(self.server.memory, b"something", 1 << 20)
        self.assertIn("in use by something else",
                      self.refusal("--peer", f"ivshmem:{self.path}"))
        os.pwrite(self.server.memory, b"else", 0)
        self.assertIn("in use by something else",
                      self.refusal("--peer", f"ivshmem:{self.path}"))

    def test_a_trigger_without_a_signal_is_refused_where_others_have_left_links_up(self):
        sim = self.side(0)
        with sim.client(0) as client:
            client.enable()
            self.assertTrue(client.read_global(c.port_status(0)) & c.LINK_UP)
            sim.process.kill()
            sim.process.wait()
        text = self.refusal("--peer", f"ivshmem:{self.path}", "--vcd", f"{self.path}.vcd",
                            "--vcd-window", "1ms", "--vcd-trigger", "switch.nothing == 1")
        self.assertIn("switch.nothing", text)

    def test_a_peer_that_is_no_ivshmem_socket_is_refused(self):
        self.assertIn("not of the form", self.refusal("--peer", "tcp:1"))
        self.refusal("--peer", f"ivshmem:{self.path}.not-there")



class ControlOfEach(TwoSimulators):
    """A control socket at each of two simulators."""

    def setUp(self):
        super().setUp()
        self.clients, self.controls = {}, {}
        for port in (0, 2):
            path = f"{self.path}.control{port}"
            serve = self.side(port, "--control", path)
            self.controls[port] = self.enterContext(Control(path))
            self.clients[port] = self.enterContext(serve.client(port)).enable()

    def obey(self, port, *statements):
        """The simulator of that port obeys."""
        for answer in self.controls[port].say(*statements):
            self.assertRegex(answer, r"\Aok at \d+ps\Z")

    def comes_to(self, port, register, value):
        """A global register, as the host of that port sees it."""
        client = self.clients[port]
        self.assertTrue(c.eventually(lambda: client.read_global(register) == value),
                        f"{client.read_global(register):#x}")

    def test_faults_at_either_simulator_are_seen_at_the_other(self):
        for here, there in ((0, 2), (2, 0)):
            seen = self.clients[there]
            for up in (True, False, True):
                self.obey(here, f"link port{here} {'up' if up else 'down'}")
                self.assertTrue(c.eventually(
                    lambda client=seen, port=here, up=up:
                    bool(client.read_global(c.port_status(port)) & c.LINK_UP) == up))
            self.clients[here].enable().write(c.NTCTL, c.CPEN)
            self.obey(here, f"reset partition {here // 2} hot")
            self.assertEqual(self.clients[here].enable().read(c.NTCTL) & c.CPEN, 0)

    def test_what_is_about_the_whole_switch_is_taken_by_either_simulator(self):
        clients = self.clients.values()
        for here in (0, 2):
            self.clients[here].enable().write_global(c.REGISTERS["TMPCTL"], 0)  # the sensor is on
            self.obey(here, f"temp {40 + here}")
            for client in clients:
                self.assertTrue(c.eventually(
                    lambda client=client, wanted=2 * (40 + here):
                    client.enable().read_global(c.REGISTERS["TMPSTS"]) & 0xFF == wanted))
                client.write(c.NTCTL, c.CPEN)
            self.obey(here, "reset switch fundamental")
            for client in clients:
                self.assertTrue(c.eventually(
                    lambda client=client: client.enable().read(c.NTCTL) & c.CPEN == 0))

    def test_a_port_of_the_other_simulator_is_refused(self):
        for here, there in ((0, 2), (2, 0)):
            for statement in (f"link port{there} down", f"reset port{there} hot",
                              f"reset partition {there // 2} hot", f"fault port{there} msi drop"):
                answer = self.controls[here].say(statement)[0]
                self.assertRegex(answer, r"\Aerror: .*no host here \(.+\)\Z")


if __name__ == "__main__":
    unittest.main()
