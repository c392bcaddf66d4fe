# SPDX-License-Identifier: Apache-2.0
"""The device as a client sees it: regions, registers, interrupts, link and reset."""
import os
import random
import select
import struct
import threading
import time
import unittest

import client as c
from client import Refused, Serve


class Device(unittest.TestCase):
    """A simulator with a client on each port."""

    arguments = ()

    def setUp(self):
        self.serve = self.enterContext(Serve(*self.arguments))
        self.one = self.enterContext(self.serve.client(0))
        self.two = self.enterContext(self.serve.client(2))

    def ring(self, sender, receiver, bit=0):
        """A doorbell from one to the other, whose masks are open."""
        receiver.write(c.NTINTMSK, 0xFF & ~c.DBELL)
        receiver.write(c.INDBELLMSK, 0)
        sender.write(c.OUTDBELLSET, 1 << bit, posted=True)

    def quiet(self, fd, seconds=0.2):
        """No signal comes."""
        self.assertEqual(select.select([fd], [], [], seconds)[0], [])

    # --- Description -----------------------------------------------------------------------------

    def test_regions_and_interrupts_are_those_that_qemu_expects(self):
        info = struct.unpack("<4I", self.one.command(c.GET_INFO, struct.pack("<4I", 16, 0, 0, 0)))
        self.assertEqual(info, (16, 0x3, 9, 5))
        sizes = []
        for index in range(9):
            answer = self.one.command(c.GET_REGION_INFO,
                                      struct.pack("<IIIIQQ", 32, 0, index, 0, 0, 0))
            argsz, flags, echoed, capability, size, _ = struct.unpack("<IIIIQQ", answer)
            self.assertEqual((argsz, echoed, capability), (32, index, 0))
            self.assertEqual(flags, 0x3 if size else 0)  # never mmap-able
            sizes.append(size)
        mib = 1 << 20
        self.assertEqual(sizes, [4096, 0, mib, mib, 16 * mib, 0, 0, 4096, 0])
        counts = []
        for index in range(5):
            answer = self.one.command(c.GET_IRQ_INFO, struct.pack("<4I", 16, 0, index, 0))
            counts.append(struct.unpack("<4I", answer)[1:])
        self.assertEqual([count for _, _, count in counts], [1, 1, 0, 0, 0])
        self.assertEqual(counts[0], (0x7, 0, 1))  # eventfd, maskable, automasked
        self.assertEqual(counts[1], (0x9, 1, 1))  # eventfd, no resize
        for index in (9, 0xFFFFFFFF):
            with self.assertRaises(Refused):
                self.one.command(c.GET_REGION_INFO,
                                 struct.pack("<IIIIQQ", 32, 0, index, 0, 0, 0))

    # --- Registers -------------------------------------------------------------------------------

    def test_configuration_space_and_bar0_show_the_same_registers(self):
        self.one.enable()
        for offset in (0x000, 0x008, 0x040, 0x04C, 0x100, c.BARSETUP0, c.NTINTMSK):
            self.assertEqual(self.one.read(offset), self.one.read(offset, 4, c.CONFIG))
        self.one.write(c.NTSDATA, 0x12345678, region=c.CONFIG)
        self.assertEqual(self.one.read(c.NTSDATA), 0x12345678)

    def test_bar0_answers_all_ones_until_memory_decode_is_on(self):
        self.assertEqual(self.one.read(c.BARSETUP0), 0xFFFFFFFF)
        self.one.enable()
        self.assertNotEqual(self.one.read(c.BARSETUP0), 0xFFFFFFFF)

    def test_a_read_sees_every_posted_write_before_it(self):
        self.one.enable()
        for value in range(2000):
            self.one.write(c.NTSDATA, value, posted=True)
            if value % 3 == 0:
                self.assertEqual(self.one.read(c.NTSDATA), value)

    def test_posted_writes_keep_their_order_and_none_is_lost(self):
        self.one.enable()
        signal_data = [c.of_port(port, c.NTSDATA) for port in (0, 2)]
        for turn in range(200):
            for port, address in enumerate(signal_data):
                self.one.write(c.GASAADDR, address, posted=True)
                self.one.write(c.GASADATA, 10 * turn + port, posted=True)
            self.one.write(c.GASAADDR, 0, posted=True)
            got = [self.one.read_global(address) for address in signal_data]
            self.assertEqual(got, [10 * turn, 10 * turn + 1])

    def test_reqidcap_names_the_host_and_not_the_function(self):
        self.one.enable()
        self.assertEqual(self.one.read(c.REQIDCAP), 0x0000)

    def test_the_global_address_space_shows_the_other_port(self):
        self.one.enable()
        self.two.enable().write(c.NTSDATA, 0xCAFE)
        self.assertEqual(self.one.read_global(c.of_port(2, c.NTSDATA)), 0xCAFE)

    def test_two_clients_at_once_get_what_they_wrote(self):
        failures = []

        def hammer(client, seed):
            numbers = random.Random(seed)
            try:
                client.enable()
                for _ in range(3000):
                    value = numbers.getrandbits(32)
                    region = numbers.choice((c.BAR0, c.CONFIG))
                    posted = region == c.BAR0 and numbers.random() < 0.5
                    client.write(c.NTSDATA, value, region=region, posted=posted)
                    got = client.read(c.NTSDATA, region=numbers.choice((c.BAR0, c.CONFIG)))
                    if got != value:
                        failures.append((seed, value, got))
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        threads = [threading.Thread(target=hammer, args=(client, seed))
                   for seed, client in enumerate((self.one, self.two))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    # --- Interrupts ------------------------------------------------------------------------------

    def test_a_doorbell_interrupts_the_other_host_by_msi(self):
        self.one.enable()
        msi = self.two.enable().interrupt(c.MSI)
        for bit in (0, 5, 31):
            self.ring(self.one, self.two, bit)
            self.assertEqual(c.taken(msi), 1)
            self.assertEqual(self.two.read(c.INDBELLSTS), 1 << bit)
            self.assertEqual(self.two.read(c.NTINTSTS) & c.DBELL, c.DBELL)
            self.two.write(c.INDBELLSTS, 1 << bit)
            self.assertEqual(self.two.read(c.NTINTSTS) & c.DBELL, 0)
            self.quiet(msi, 0.05)

    def test_a_masked_doorbell_does_not_interrupt(self):
        self.one.enable()
        msi = self.two.enable().interrupt(c.MSI)
        self.two.write(c.NTINTMSK, 0)
        self.one.write(c.OUTDBELLSET, 1)
        self.assertTrue(c.eventually(lambda: self.two.read(c.INDBELLSTS) == 1))
        self.quiet(msi)

    def test_an_interrupt_reaches_a_client_that_is_not_talking(self):
        self.one.enable()
        msi = self.two.enable().interrupt(c.MSI)
        self.two.write(c.NTINTMSK, 0xFF & ~c.DBELL)
        self.two.write(c.INDBELLMSK, 0)
        self.two.socket.settimeout(0.001)  # a half-sent message: it is in the middle of something
        self.two.socket.sendall(c.HEADER.pack(1, c.REGION_READ, 32, 0, 0))
        time.sleep(0.05)
        self.one.write(c.OUTDBELLSET, 1, posted=True)
        self.assertEqual(c.taken(msi), 1)

    def test_intx_is_raised_when_msi_is_off_and_masks_itself(self):
        self.one.enable()
        intx = self.two.enable(msi=False).interrupt(c.INTX)
        self.ring(self.one, self.two)
        self.assertEqual(c.taken(intx), 1)
        self.one.write(c.OUTDBELLSET, 2, posted=True)
        self.two.write(c.INDBELLSTS, 0xFFFFFFFF)           # deasserted, and asserted anew
        self.one.write(c.OUTDBELLSET, 8, posted=True)
        self.quiet(intx)                                   # masked until the guest is done
        self.two.set_irqs(c.INTX, c.IRQ_NONE | c.IRQ_UNMASK)
        self.assertEqual(c.taken(intx), 1)                 # still asserted
        self.two.write(c.INDBELLSTS, 0xFFFFFFFF)
        self.two.set_irqs(c.INTX, c.IRQ_NONE | c.IRQ_UNMASK)
        self.quiet(intx)
        self.one.write(c.OUTDBELLSET, 4, posted=True)
        self.assertEqual(c.taken(intx), 1)

    def test_intx_is_unmasked_by_an_eventfd(self):
        self.one.enable()
        intx = self.two.enable(msi=False).interrupt(c.INTX)
        unmask = self.two.own(os.eventfd(0, os.EFD_NONBLOCK))
        self.two.set_irqs(c.INTX, c.IRQ_EVENTFD | c.IRQ_UNMASK, fds=[unmask])
        self.ring(self.one, self.two)
        for _ in range(3):
            self.assertEqual(c.taken(intx), 1)
            self.quiet(intx, 0.05)
            os.eventfd_write(unmask, 1)
        self.assertEqual(c.taken(intx), 1)

    def test_an_interrupt_that_is_switched_off_is_not_signalled(self):
        self.one.enable()
        msi = self.two.enable().interrupt(c.MSI)
        self.two.set_irqs(c.MSI, c.IRQ_NONE | c.IRQ_TRIGGER, count=0)
        self.ring(self.one, self.two)
        self.quiet(msi)

    # --- Link and reset --------------------------------------------------------------------------

    def open_events(self, client):
        """Lets every link and reset event through to both partitions."""
        for register in (c.SELINKUPMSK, c.SELINKDNMSK, c.SEMSK, c.SEPMSK,
                         c.SEHRSTMSK):
            client.write_global(register, 0)
        for register in (c.SELINKUPSTS, c.SELINKDNSTS, c.SEHRSTSTS):
            client.write_global(register, 0xFFFFFFFF)
        client.write(c.NTINTMSK, 0xFF & ~c.SEVENT)
        client.write(c.NTINTSTS, c.SEVENT)

    def test_device_reset_is_a_hot_reset(self):
        self.one.enable()
        self.two.enable()
        msi = self.two.interrupt(c.MSI)
        setup = self.one.read(c.BARSETUP0)
        self.one.write(c.NTCTL, c.CPEN)
        self.one.write(c.NTMTBLADDR, 0)
        self.one.write(c.NTMTBLDATA, c.VALID)               # mapping entry 0: partition 0
        self.assertEqual(self.one.read(c.NTMTBLDATA) & c.VALID, c.VALID)
        self.open_events(self.two)
        self.one.command(c.RESET)
        self.assertEqual(self.one.read(0, 4, c.CONFIG), 0x8091111D)
        self.assertGreaterEqual(c.taken(msi), 1)
        self.assertEqual(self.two.read_global(c.SELINKDNSTS), 1 << 0)
        self.assertEqual(self.two.read_global(c.SELINKUPSTS), 1 << 0)
        self.assertEqual(self.two.read_global(c.SEHRSTSTS), 1 << 0)
        self.assertEqual(self.one.read(c.PCICMD, 2, c.CONFIG) & 0x6, 0)
        self.one.enable()
        self.assertEqual(self.one.read(c.NTCTL) & c.CPEN, 0)
        self.assertEqual(self.one.read(c.BARSETUP0), setup)
        self.one.write(c.NTMTBLADDR, 0)
        self.assertEqual(self.one.read(c.NTMTBLDATA) & c.VALID, 0)
        self.assertTrue(self.two.read_global(c.port_status(0)) & c.LINK_UP)

    def test_device_reset_leaves_the_other_port_alone(self):
        self.one.enable()
        self.two.enable().write(c.NTSDATA, 0xB0B)
        self.two.write(c.NTCTL, c.CPEN)
        self.one.command(c.RESET)
        self.assertEqual(self.two.read(c.NTSDATA), 0xB0B)
        self.assertEqual(self.two.read(c.NTCTL) & c.CPEN, c.CPEN)

    def test_device_reset_keeps_the_clients_interrupt_descriptors(self):
        self.two.enable()
        msi = self.one.enable().interrupt(c.MSI)
        self.one.command(c.RESET)
        self.one.enable()
        self.ring(self.two, self.one)
        self.assertEqual(c.taken(msi), 1)

    def test_a_port_looks_the_same_before_its_client_has_come(self):
        self.two.enable()
        setups = [c.of_port(0, c.REGISTERS[f"BARSETUP{bar}"]) for bar in range(6)]
        setup = [self.two.read_global(address) for address in setups]
        status = self.two.read_global(c.port_status(0))
        self.one.close()
        self.assertTrue(c.eventually(
            lambda: not self.two.read_global(c.port_status(0)) & c.LINK_UP))
        self.assertEqual(self.two.read_global(c.port_status(0)), status & ~c.LINK_UP)
        self.assertEqual([self.two.read_global(address) for address in setups], setup)

    def test_a_client_that_comes_back_brings_the_link_up_and_masks_are_kept(self):
        self.two.enable()
        msi = self.two.interrupt(c.MSI)
        self.open_events(self.two)
        self.one.close()
        self.assertEqual(c.taken(msi), 1)
        self.assertEqual(self.two.read_global(c.SELINKDNSTS), 1)
        self.assertEqual(self.two.read_global(c.SELINKUPSTS), 0)
        self.two.write(c.NTINTSTS, c.SEVENT)
        with self.serve.client(0):
            self.assertEqual(c.taken(msi), 1)
            self.assertEqual(self.two.read_global(c.SELINKUPSTS), 1)
        for register in (c.SELINKUPMSK, c.SELINKDNMSK, c.SEMSK, c.SEPMSK):
            self.assertEqual(self.two.read_global(register), 0)
        self.assertEqual(self.two.read(c.NTINTMSK) & c.SEVENT, 0)

    def test_a_client_that_comes_back_at_once_is_not_taken_for_a_second_one(self):
        for value in range(200):
            self.one.close()
            self.one = self.serve.client(0)
            self.assertEqual(self.one.read(0, 4, c.CONFIG), 0x8091111D, value)
        self.one.close()
        self.assertNotIn("refused", self.serve.log())


class Time(unittest.TestCase):
    """How simulated time and the outside world go together."""

    def test_doorbells_and_interrupts_work_without_pacing(self):
        with Serve("--pace", "none") as serve, serve.client(0) as one, serve.client(2) as two:
            one.enable()
            msi = two.enable().interrupt(c.MSI)
            two.write(c.NTINTMSK, 0xFF & ~c.DBELL)
            two.write(c.INDBELLMSK, 0)
            for bit in range(32):
                one.write(c.OUTDBELLSET, 1 << bit, posted=True)
                self.assertEqual(c.taken(msi), 1)
                two.write(c.INDBELLSTS, 1 << bit, posted=True)
                self.assertEqual(two.read(c.NTINTSTS) & c.DBELL, 0)
            one.command(c.RESET)
            self.assertTrue(two.read_global(c.port_status(0)) & c.LINK_UP)

    def test_a_read_that_waits_for_its_completion_holds_up_no_other_port(self):
        # A window read whose completion is dropped, for want of CPEN, ends with a time-out (B8.2).
        with Serve("--set", "timeout.completion_us=1000000") as serve, \
                serve.client(0) as one, serve.client(2) as two:
            two.enable().map(0, 1 << 20, two.memory(1 << 20))
            one.enable().write(c.NTCTL, 0x1)  # IDPROTDIS
            one.send(c.REGION_READ, c.ACCESS.pack(0, 2, 4))
            for value in range(100):
                two.write(c.NTSDATA, value)
                self.assertEqual(two.read(c.NTSDATA), value)
            with serve.client(0, hello=False) as second:
                self.assertTrue(second.closed_by_server())
            ticks = serve.cpu_ticks()
            self.assertEqual(select.select([one.socket], [], [], 0.2)[0], [])
            self.assertLessEqual(serve.cpu_ticks() - ticks, 1)  # it sleeps meanwhile
            self.assertEqual(one.receive()[4][-4:], b"\xff" * 4)

    def test_a_client_that_dies_in_a_waiting_read_is_forgotten(self):
        with Serve("--set", "timeout.completion_us=200000") as serve, serve.client(2) as two:
            two.enable().map(0, 1 << 20, two.memory(1 << 20))
            with serve.client(0) as one:
                one.enable().write(c.NTCTL, 0x1)
                one.send(c.REGION_READ, c.ACCESS.pack(0, 2, 4))
            ticks = serve.cpu_ticks()
            with serve.client(0) as one:
                self.assertEqual(one.read(0, 4, c.CONFIG), 0x8091111D)
            self.assertLessEqual(serve.cpu_ticks() - ticks, 5)


if __name__ == "__main__":
    unittest.main()
