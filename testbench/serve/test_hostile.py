# SPDX-License-Identifier: Apache-2.0
"""Clients that misbehave: nothing they do ends the simulator or harms the other port."""
import contextlib
import os
import random
import resource
import select
import signal
import socket
import struct
import threading
import time
import unittest

import client as c
from client import Refused, Serve


class Attacked(unittest.TestCase):
    """One simulator with an honest client on port 2, and somebody else on port 0."""

    OPTIONS = ()

    def setUp(self):
        self.serve = self.enterContext(Serve(*self.OPTIONS))
        self.honest = self.enterContext(self.serve.client(2)).enable()
        self.honest.write(c.NTSDATA, 0x600D)

    def unharmed(self, port_free=True):
        """The simulator runs, the honest client is served, and the port takes a new client."""
        self.assertTrue(self.serve.alive(), self.serve.log())
        self.assertEqual(self.honest.read(c.NTSDATA), 0x600D)
        if port_free:
            with self.serve.client(0) as client:
                self.assertEqual(client.read(0, 4, c.CONFIG), 0x8091111D)

    def refuses(self, error, function, *arguments, **options):
        """The call gets this errno."""
        with self.assertRaises(Refused) as caught:
            function(*arguments, **options)
        self.assertEqual(os.strerror(caught.exception.errno), os.strerror(error))

    def flood(self, client, _=None, request=None):
        """Sends as fast as it can from a thread; a function that ends this."""
        request = request or (c.HEADER.pack(0, c.REGION_WRITE, 36, c.NO_REPLY, 0) +
                              c.ACCESS.pack(c.NTSDATA, c.BAR0, 4) + b"abcd")
        going = True

        def run():
            with contextlib.suppress(OSError):
                while going:
                    client.socket.sendall(request * (0x100000 // len(request)))

        thread = threading.Thread(target=run)
        thread.start()

        def stop():
            nonlocal going
            going = False
            with contextlib.suppress(OSError):  # the simulator may be gone
                client.socket.shutdown(socket.SHUT_RDWR)
            thread.join()

        return stop

    def answered_in_time(self, seconds=1.0):
        """The honest client's slowest of some round trips is bounded (here generously)."""
        slowest = 0.0
        for value in range(200):
            begin = time.monotonic()
            self.honest.write(c.NTSDATA, value, posted=True)
            self.assertEqual(self.honest.read(c.NTSDATA), value)
            slowest = max(slowest, time.monotonic() - begin)
        self.honest.write(c.NTSDATA, 0x600D)
        self.assertLess(slowest, seconds)


class Hostile(Attacked):
    """The default timing and pace."""

    # --- Streams ---------------------------------------------------------------------------------

    def test_a_second_client_is_refused_and_the_first_is_unaffected(self):
        with self.serve.client(0) as first:
            first.enable().write(c.NTSDATA, 0xF1257)
            second = self.enterContext(self.serve.client(0, hello=False))
            self.assertTrue(second.closed_by_server())
            self.assertIn("port 0: refused a second client", self.serve.log())
            self.assertEqual(first.read(c.NTSDATA), 0xF1257)
        self.unharmed()

    def test_a_second_client_is_refused_while_the_first_one_floods(self):
        with self.serve.client(0) as first:
            stop = self.flood(first, first.enable())
            second = self.enterContext(self.serve.client(0, hello=False))
            self.assertTrue(second.closed_by_server(5))
            stop()
        self.unharmed()

    def test_rubbish_ends_the_connection(self):
        numbers = random.Random(1)
        for _ in range(50):
            with self.serve.client(0, hello=False) as client:
                client.socket.sendall(numbers.randbytes(numbers.randrange(16, 4096)))
                client.socket.shutdown(socket.SHUT_WR)
                self.assertTrue(client.closed_by_server())
        self.unharmed()

    def test_rubbish_after_version_ends_the_connection(self):
        numbers = random.Random(2)
        for _ in range(50):
            with self.serve.client(0) as client:
                client.socket.sendall(numbers.randbytes(numbers.randrange(16, 4096)))
                client.socket.shutdown(socket.SHUT_WR)
                self.assertTrue(client.closed_by_server())
        self.unharmed()

    def test_a_client_that_closes_half_way_is_forgotten(self):
        message = c.HEADER.pack(1, c.REGION_WRITE, 36, 0, 0) + \
            c.ACCESS.pack(c.NTSDATA, c.BAR0, 4) + b"abcd"
        for length in range(1, len(message)):
            with self.serve.client(0) as client:
                client.socket.sendall(message[:length])
        self.unharmed()

    def test_a_size_below_a_header_ends_the_connection(self):
        with self.serve.client(0) as client:
            client.send(c.GET_INFO, size=15)
            self.assertTrue(client.closed_by_server())
        self.unharmed()

    def test_a_size_beyond_any_message_ends_the_connection_at_once(self):
        with self.serve.client(0) as client:
            client.send(c.REGION_WRITE, size=0xFFFFFFFF)
            self.assertTrue(client.closed_by_server())
        self.unharmed()

    def test_a_count_that_is_not_the_size_is_refused(self):
        with self.serve.client(0) as client:
            for count in (0, 3, 5, 0xFFFFFFFF):
                payload = c.ACCESS.pack(c.NTSDATA, c.BAR0, count) + b"abcd"
                self.refuses(22, client.command, c.REGION_WRITE, payload)
            for count in (0, 0x20000, 0xFFFFFFFF):
                self.refuses(22, client.command, c.REGION_READ,
                             c.ACCESS.pack(c.NTSDATA, c.BAR0, count))
        self.unharmed()

    def test_an_access_outside_its_region_is_refused(self):
        with self.serve.client(0) as client:
            for region, offset in ((c.CONFIG, 4094), (c.BAR0, 4096), (c.BAR0, 2 ** 64 - 2),
                                   (1, 0), (6, 0), (8, 0), (9, 0), (0xFFFFFFFF, 0)):
                self.refuses(22, client.read, offset, 4, region)
        self.unharmed()

    def test_a_command_that_does_not_exist_is_refused(self):
        with self.serve.client(0) as client:
            for command in (0, 6, 11, 12, 16, 19, 0xFFFF):
                with self.assertRaises(Refused):
                    client.command(command, b"\0" * 64)
        self.unharmed()

    def test_a_client_with_another_major_version_is_refused(self):
        with self.serve.client(0, hello=False) as client:
            self.refuses(22, client.command, c.VERSION, struct.pack("<HH", 1, 0))
            self.assertTrue(client.closed_by_server())
        self.unharmed()

    # --- File descriptors ------------------------------------------------------------------------

    def test_unwanted_descriptors_are_closed(self):
        with self.serve.client(0) as client:
            client.read(0, 4, c.CONFIG)
            before = self.serve.descriptors()
            extra = [client.own(os.open("/dev/null", os.O_RDONLY)) for _ in range(8)]
            for _ in range(100):
                client.command(c.REGION_READ, c.ACCESS.pack(0, c.CONFIG, 4), extra)
            self.assertTrue(c.eventually(lambda: self.serve.descriptors() == before))
        self.unharmed()

    def test_as_many_descriptors_as_a_socket_carries_are_closed(self):
        with self.serve.client(0) as client:
            client.read(0, 4, c.CONFIG)
            before = self.serve.descriptors()
            extra = [client.own(os.open("/dev/null", os.O_RDONLY)) for _ in range(200)]
            for _ in range(20):
                client.command(c.REGION_READ, c.ACCESS.pack(0, c.CONFIG, 4), extra)
                with self.assertRaises(Refused):
                    client.set_irqs(c.MSI, c.IRQ_EVENTFD | c.IRQ_TRIGGER, fds=extra)
            self.assertTrue(c.eventually(lambda: self.serve.descriptors() == before))
        self.unharmed()

    def test_without_a_free_descriptor_clients_are_refused_and_the_others_served(self):
        limit = resource.prlimit(self.serve.process.pid, resource.RLIMIT_NOFILE)
        with self.serve.client(0) as client:
            client.read(0, 4, c.CONFIG)
            used = self.serve.descriptors()
            resource.prlimit(self.serve.process.pid, resource.RLIMIT_NOFILE, (used, limit[1]))
            extra = [client.own(os.eventfd(0)) for _ in range(8)]
            for _ in range(20):  # none of them arrives
                with self.assertRaises(Refused):
                    client.set_irqs(c.MSI, c.IRQ_EVENTFD | c.IRQ_TRIGGER, fds=extra[:1])
                client.command(c.REGION_READ, c.ACCESS.pack(0, c.CONFIG, 4), extra)
                with self.assertRaises(OSError):
                    with self.serve.client(0):
                        pass
            self.assertEqual(self.serve.descriptors(), used)
            resource.prlimit(self.serve.process.pid, resource.RLIMIT_NOFILE, limit)
            client.set_irqs(c.MSI, c.IRQ_EVENTFD | c.IRQ_TRIGGER, fds=extra[:1])
        self.unharmed()

    def test_descriptors_of_a_client_that_goes_are_closed(self):
        before = self.serve.descriptors()
        for _ in range(20):
            with self.serve.client(0) as client:
                client.interrupt(c.MSI)
                client.map(0, 1 << 20, client.memory(1 << 20))
        self.assertTrue(c.eventually(lambda: self.serve.descriptors() == before))
        self.unharmed()

    def test_an_interrupt_descriptor_that_is_no_eventfd_is_refused(self):
        reading, writing = os.pipe()
        with self.serve.client(0) as client:
            for fd in (client.own(reading), client.own(writing), client.memory(4096),
                       client.own(os.open("/dev/full", os.O_WRONLY)), client.socket.fileno()):
                self.refuses(22, client.set_irqs, c.MSI, c.IRQ_EVENTFD | c.IRQ_TRIGGER, fds=[fd])
        self.unharmed()

    def test_a_full_eventfd_does_not_block_the_simulator(self):
        with self.serve.client(0) as client:
            full = client.own(os.eventfd(0))  # blocking, too
            os.eventfd_write(full, 2 ** 64 - 2)
            client.enable().set_irqs(c.MSI, c.IRQ_EVENTFD | c.IRQ_TRIGGER, fds=[full])
            client.write(c.NTINTMSK, 0)
            client.write(c.INDBELLMSK, 0)
            for bit in range(4):
                self.honest.write(c.OUTDBELLSET, 1 << bit)
                client.write(c.INDBELLSTS, 1 << bit)
            self.assertEqual(client.read(c.INDBELLSTS), 0)
            client.set_irqs(c.MSI, c.IRQ_NONE | c.IRQ_TRIGGER)
        self.unharmed()

    def test_an_unmask_descriptor_that_is_always_readable_does_not_keep_the_simulator_awake(self):
        with self.serve.client(0) as client:
            intx = client.enable(msi=False).interrupt(c.INTX)
            endless = client.own(os.eventfd(2 ** 31, os.EFD_SEMAPHORE))  # a read takes one of them
            client.set_irqs(c.INTX, c.IRQ_EVENTFD | c.IRQ_UNMASK, fds=[endless])
            self.answered_in_time()
            time.sleep(0.3)
            ticks = self.serve.cpu_ticks()
            time.sleep(0.5)
            self.assertLessEqual(self.serve.cpu_ticks() - ticks, 2)
            client.write(c.NTINTMSK, 0)
            client.write(c.INDBELLMSK, 0)
            client.write(c.OUTDBELLSET, 1)  # to itself: the interrupt still works
            self.assertEqual(c.taken(intx), 1)
        self.unharmed()

    # --- Guest memory ----------------------------------------------------------------------------

    def test_dma_maps_that_overlap_wrap_or_never_end_are_refused(self):
        with self.serve.client(0) as client:
            ram = client.memory(1 << 20)
            client.map(0x100000, 0x10000, ram)
            self.refuses(17, client.map, 0x108000, 0x10000, ram)
            self.refuses(17, client.map, 0xF8000, 0x10000, ram)
            self.refuses(17, client.map, 0, 1 << 32)
            self.refuses(22, client.map, 2 ** 64 - 0x1000, 0x2000, ram)
            self.refuses(22, client.map, 0x200000, 0, ram)
            self.refuses(22, client.map, 0x200000, 1 << 20, ram, 0x1000)   # beyond the file
            self.refuses(22, client.map, 0x200000, 0x1000, ram, 0x800)     # not of whole pages
            self.refuses(22, client.map, 0x200000, 2 ** 63, ram)
            self.refuses(22, client.map, 0x200000, 0x1000, ram, 2 ** 64 - 0x1000)
            client.map(0x200000, 0x10000, ram)
        self.unharmed()

    def test_dma_maps_without_number_are_refused(self):
        with self.serve.client(0) as client:
            ram = client.memory(4096)
            made = 0
            with self.assertRaises(Refused):
                for made in range(100000):
                    client.map(made * 4096, 4096, ram)
            self.assertGreater(made, 100)
            client.command(c.DMA_UNMAP, struct.pack("<IIQQ", 24, 2, 0, 0))
            client.map(0, 4096, ram)
        self.unharmed()

    def test_ram_that_is_truncated_after_mapping_does_not_end_the_simulator(self):
        with self.serve.client(0) as client:
            ram = client.memory(1 << 20)
            client.map(0, 1 << 20, ram)
            msi = client.enable().interrupt(c.MSI)
            os.ftruncate(ram, 0)
            client.write(c.NTINTMSK, 0)
            client.write(c.INDBELLMSK, 0)
            self.honest.write(c.OUTDBELLSET, 1)
            self.assertEqual(c.taken(msi), 1)
            client.command(c.DMA_UNMAP, struct.pack("<IIQQ", 24, 0, 0, 1 << 20))
        self.unharmed()

    # --- Greed -----------------------------------------------------------------------------------

    def test_a_flood_of_posted_writes_does_not_starve_the_other_port(self):
        with self.serve.client(0) as client:
            stop = self.flood(client.enable())
            self.answered_in_time()
            stop()
        self.unharmed()

    def test_a_flood_of_other_commands_does_not_starve_the_other_port(self):
        def message(command, payload):
            return c.HEADER.pack(0, command, 16 + len(payload), c.NO_REPLY, 0) + payload

        ends = {
            "resets": message(c.RESET, b""),
            "maps": message(c.DMA_MAP, struct.pack("<IIQQQ", 32, 3, 0, 0x1000, 0x1000)) +
                    message(c.DMA_UNMAP, struct.pack("<IIQQ", 24, 0, 0x1000, 0x1000)),
            "interrupts": message(c.SET_IRQS, struct.pack(
                "<5I", 20, c.IRQ_NONE | c.IRQ_TRIGGER, c.MSI, 0, 1)),
            "long writes": message(c.REGION_WRITE, c.ACCESS.pack(0, c.CONFIG, 4096) + bytes(4096)),
            "global accesses": message(c.REGION_WRITE, c.ACCESS.pack(c.GASAADDR, c.BAR0, 8) +
                                       bytes(8)),
            "doorbells": message(c.REGION_WRITE, c.ACCESS.pack(c.OUTDBELLSET, c.BAR0, 4) +
                                 b"\xff\xff\xff\xff"),
        }
        for name, request in ends.items():
            with self.subTest(flood=name), self.serve.client(0) as client:
                client.enable().interrupt(c.MSI)
                stop = self.flood(client, request=request)
                try:
                    self.answered_in_time()
                finally:
                    stop()
        self.unharmed()

    def test_a_flood_of_connections_does_not_starve_the_other_port(self):
        self.enterContext(self.serve.client(0))
        going = True

        def run():
            while going:
                with contextlib.suppress(OSError):
                    self.serve.client(0, hello=False).close()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            self.answered_in_time()
        finally:
            going = False
            thread.join()
        self.unharmed(port_free=False)

    def test_a_client_that_never_reads_is_thrown_out_and_starves_nobody(self):
        request = c.HEADER.pack(0, c.REGION_READ, 32, 0, 0) + c.ACCESS.pack(0, c.CONFIG, 4096)
        with self.serve.client(0) as client:
            stop = self.flood(client, request=request)
            self.answered_in_time()
            self.assertTrue(c.eventually(lambda: "does not read its replies" in self.serve.log()))
            stop()
        self.unharmed()

    def test_a_client_that_never_reads_costs_nothing_while_it_is_quiet(self):
        request = c.HEADER.pack(0, c.REGION_READ, 32, 0, 0) + c.ACCESS.pack(0, c.CONFIG, 4096)
        with self.serve.client(0) as client:
            client.socket.sendall(request * 100)  # more than a socket holds, less than the limit
            self.honest.read(c.NTSDATA)
            time.sleep(0.3)
            ticks = self.serve.cpu_ticks()
            time.sleep(1)
            self.assertLessEqual(self.serve.cpu_ticks() - ticks, 2)
            for _ in range(100):
                self.assertEqual(len(client.receive()[4]), 16 + 4096)
        self.unharmed()

    def test_log_lines_that_a_client_causes_are_limited(self):
        with self.serve.client(0) as client:
            for _ in range(5000):
                with self.assertRaises(Refused):
                    client.command(0xFFFF)
            lines = self.serve.log().count("\n")
            self.assertLess(lines, 100, self.serve.log())
        self.unharmed()

    def test_log_lines_of_clients_that_come_and_go_are_limited(self):
        # Each deserves lines of its own: it came, it was refused this and that, it left.
        for _ in range(500):
            with self.serve.client(0) as client:
                for _ in range(5):
                    with self.assertRaises(Refused):
                        client.command(0xFFFF)
            with self.serve.client(0, hello=False) as client:
                client.send(0xFFFF, size=7)  # shorter than a header: it is thrown out
                self.assertTrue(client.closed_by_server())
        self.assertLess(self.serve.log().count("\n"), 100)
        self.unharmed()

    # --- Death -----------------------------------------------------------------------------------

    def test_a_client_that_dies_takes_the_link_down_and_the_port_takes_a_new_one(self):
        msi = self.honest.interrupt(c.MSI)
        with self.serve.client(0):
            self.assertTrue(self.honest.read_global(c.port_status(0)) & c.LINK_UP)
            for register in (c.SELINKUPSTS, c.SELINKDNSTS):
                self.honest.write_global(register, 0xFFFFFFFF)
            for register in (c.SELINKUPMSK, c.SELINKDNMSK, c.SEMSK, c.SEPMSK):
                self.honest.write_global(register, 0)
            self.honest.write(c.NTINTSTS, c.SEVENT)
            self.honest.write(c.NTINTMSK, 0xFF & ~c.SEVENT)
            self.assertEqual(select.select([msi], [], [], 0)[0], [])
        self.assertEqual(c.taken(msi), 1)
        self.assertEqual(self.honest.read_global(c.SELINKDNSTS), 1 << 0)
        self.assertFalse(self.honest.read_global(c.port_status(0)) & c.LINK_UP)
        self.assertTrue(self.honest.read(c.NTINTSTS) & c.SEVENT)
        self.honest.write(c.NTINTSTS, c.SEVENT)
        with self.serve.client(0) as client:
            self.assertEqual(c.taken(msi), 1)
            self.assertEqual(self.honest.read_global(c.SELINKUPSTS), 1 << 0)
            self.assertTrue(self.honest.read_global(c.port_status(0)) & c.LINK_UP)
            self.assertEqual(client.read(0, 4, c.CONFIG), 0x8091111D)
        self.unharmed()

    def test_a_client_that_dies_in_the_middle_of_a_flood_is_forgotten(self):
        for _ in range(10):
            with self.serve.client(0) as client:
                self.flood(client.enable())()
        self.unharmed()


class Anything(unittest.TestCase):
    """A guest's driver that has lost its mind: any register, any value, any size."""

    ACCESSES = 10_000

    def access(self, numbers, client):
        """One access to registers by any door, or to a window."""
        size = numbers.choice((1, 2, 4, 4, 4, 8))
        value = numbers.choice((0, 2 ** (8 * size) - 1, numbers.getrandbits(8 * size),
                                1 << numbers.randrange(8 * size)))
        region, end = numbers.choice(((c.CONFIG, 4096), (c.BAR0, 4096), (c.BAR0, 4096),
                                      (2, 1 << 20), (4, 1 << 24)))
        offset = min(numbers.randrange(0, end, numbers.choice((1, 4))), end - size)
        if numbers.randrange(4) == 0:  # registers of others and of the switch
            client.write(c.GASAADDR, numbers.randrange(0, 0x40000, 4), posted=True)
            region, offset, size = c.BAR0, c.GASADATA, 4
            value &= 0xFFFFFFFF
        if numbers.randrange(8) == 0:
            client.read(offset, size, region)
        else:
            client.write(offset, value, size, region, posted=True)

    def put_right(self, client):
        """Now and then what the rest needs, or soon every access would be refused."""
        client.enable()
        client.write(c.NTCTL, c.CPEN | c.FIELDS["NTCTL.IDPROTDIS"])

    def test_a_guest_that_writes_anything_anywhere_does_not_end_the_simulator(self):
        for seed in range(3):
            numbers = random.Random(seed)
            with self.subTest(seed=seed), \
                    Serve("--pace", "none", "--vcd", "/dev/null") as serve, \
                    serve.client(0) as mad, serve.client(2) as other:
                for client in (mad, other):
                    client.interrupt(c.MSI)
                    client.interrupt(c.INTX)
                    client.map(0, 1 << 20, client.memory(1 << 20))
                    self.put_right(client)
                for i in range(self.ACCESSES):
                    self.access(numbers, mad)
                    if i % 100 == 99:
                        other.read(0, 4, c.CONFIG)  # answered, whatever has become of it
                        mad.command(c.RESET)
                        self.put_right(mad)
                self.assertTrue(serve.alive(), serve.log())
                self.assertEqual(serve.stop(signal.SIGTERM), 0, serve.log())


class WithoutTime(Attacked):
    """What a flood does whose accesses take no simulated time."""

    def starves_nobody(self):
        """The honest client is answered in time, and its interrupts come."""
        msi = self.honest.interrupt(c.MSI)
        self.honest.write(c.NTINTMSK, 0xFF & ~c.DBELL)
        self.honest.write(c.INDBELLMSK, 0)
        with self.serve.client(0) as client:
            stop = self.flood(client.enable())
            try:
                self.answered_in_time()
                for _ in range(20):
                    self.honest.write(c.OUTDBELLSET, 1)  # to itself
                    self.assertEqual(c.taken(msi), 1)
                    self.honest.write(c.INDBELLSTS, 1)
            finally:
                stop()
        self.unharmed()

    def ends_in_order(self):
        """SIGTERM ends it with code 0 in the middle of the flood."""
        with self.serve.client(0) as client:
            stop = self.flood(client.enable())
            try:
                self.answered_in_time()
                self.assertEqual(self.serve.stop(signal.SIGTERM), 0, self.serve.log())
            finally:
                stop()


class WithoutDelays(WithoutTime):
    """Nothing but the wall clock moves simulated time."""

    OPTIONS = ("--timing", "ideal")

    def test_a_flood_that_takes_no_simulated_time_starves_nobody(self):
        self.starves_nobody()

    def test_a_flood_that_takes_no_simulated_time_does_not_keep_it_from_ending(self):
        self.ends_in_order()


class WithoutDelaysOrPace(WithoutTime):
    """Nothing at all moves simulated time."""

    OPTIONS = ("--timing", "ideal", "--pace", "none")

    def test_a_flood_without_delays_and_pace_starves_nobody(self):
        self.starves_nobody()

    def test_a_flood_without_delays_and_pace_does_not_keep_it_from_ending(self):
        self.ends_in_order()


if __name__ == "__main__":
    unittest.main()
