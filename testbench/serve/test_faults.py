# SPDX-License-Identifier: Apache-2.0
"""Faults on demand in a running simulator: what two vfio-user clients see of each one
(docs/timing.md), what the waveform's analysis says of it, and that a replay of the capture repeats
it.

Simulated time follows the wall clock here, so a fault that lasts is a matter of real seconds: long
enough that a busy machine does everything else meanwhile. A completion time-out takes 50 ms.
"""
import json
import os
import pathlib
import select
import signal
import subprocess
import tempfile
import time
import unittest

import client as c
import replay
from client import Control, Serve

BAR2 = 2
BARLTBASE2, PCISTS, AERCES, AERCEM = (
    c.REGISTERS[name] for name in ("BARLTBASE2", "PCISTS", "AERCES", "AERCEM"))
IDPROTDIS = c.FIELDS["NTCTL.IDPROTDIS"]  # whoever asks may cross
ADVISORY, COMPLETION_TIMEOUT, UNSUPPORTED_REQUEST = 0x2000, 0x4000, 0x100000  # AERCES, AERUES
POISON_SEEN = 0x8000                     # PCISTS
RAM, MIB = 0x40000000, 1 << 20
ALL_ONES = 0xFFFFFFFF
LONG = 2.0    # seconds that a held write and a late MSI take
QUIET = 0.25  # and that nothing comes


class TwoHosts(unittest.TestCase):
    """Client one rings doorbells at client two, and has a window (BAR2) into its memory."""

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="ntb-faults-")))
        self.capture = self.directory / "session.stim.gz"
        self.vcd = self.directory / "session.vcd"
        control = self.directory / "control.sock"
        self.serve = self.enterContext(Serve("--control", control, "--capture", self.capture,
                                             "--vcd", self.vcd))
        self.control = self.enterContext(Control(control))
        self.one = self.enterContext(self.serve.client(0))
        self.two = self.enterContext(self.serve.client(2))
        self.ram = self.two.memory(MIB)
        self.two.map(RAM, MIB, self.ram)
        self.msi = self.two.interrupt(c.MSI)
        self.set_up(self.one)
        self.set_up(self.two)
        self.one.write(BARLTBASE2, RAM)
        self.one.write(AERCEM, 0)  # refused reads show in AERUES, too

    @staticmethod
    def set_up(client):
        """What drivers do: doorbells interrupt, the window is open."""
        client.enable()
        client.write(c.NTCTL, c.CPEN | IDPROTDIS)
        client.write(c.NTINTMSK, ALL_ONES & ~c.DBELL)
        client.write(c.INDBELLMSK, 0)

    def fault(self, *faults):
        """Asks for faults: "port2 msi drop"."""
        self.control.obey(*(f"fault {one}" for one in faults))

    def ring(self, bit=1):
        """One doorbell."""
        self.one.write(c.OUTDBELLSET, bit, posted=True)

    def clear(self):
        """What an interrupt handler does."""
        self.two.write(c.INDBELLSTS, ALL_ONES)

    def interrupts(self, seconds=QUIET, wanted=None):
        """MSIs at client two within that time, or until there are so many."""
        count, end = 0, time.monotonic() + seconds
        while wanted is None or count < wanted:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.msi], [], [], left)[0]:
                break
            count += os.eventfd_read(self.msi)
        return count

    def told(self, count=1):
        """So many MSIs come."""
        self.assertEqual(self.interrupts(20, count), count)

    def memory(self, offset=0):
        """What client two has in its memory."""
        return int.from_bytes(os.pread(self.ram, 4, offset), "little")

    def unanswered(self, client, offset=c.NTSDATA, region=c.BAR0):
        """A read that ends with the completion time-out."""
        begin = time.monotonic()
        self.assertEqual(client.read(offset, 4, region), ALL_ONES)
        self.assertGreater(time.monotonic() - begin, 0.04)

    def findings(self):
        """{kind: port} of what the session's waveform calls for a look at."""
        self.assertEqual(self.serve.stop(signal.SIGTERM), 0, self.serve.log())
        done = subprocess.run([os.environ["NTBSIM"], "trace", "summary", str(self.vcd), "--json"],
                              capture_output=True, text=True, check=True, timeout=60)
        found = json.loads(done.stdout)["findings"]
        self.assertIn("link-down", [one["finding"] for one in found])  # the end of the session
        return {one["finding"]: one["port"] for one in found if one["finding"] != "link-down"}

    def replays(self):
        """The capture gives the same waveform."""
        replay.assert_same(self, self.capture, self.vcd, self.directory / "again.vcd")


class Msis(TwoHosts):
    """One MSI is lost, comes twice, comes late."""

    def test_a_dropped_msi_leaves_its_doorbell_pending_and_clearing_helps(self):
        self.fault("port2 msi drop")
        self.ring(1)
        self.assertEqual(self.interrupts(), 0)
        self.assertEqual(self.two.read(c.INDBELLSTS), 1)
        self.ring(2)  # one is pending: no further interrupt
        self.assertEqual(self.interrupts(), 0)
        self.clear()
        self.ring(1)
        self.told()
        self.assertEqual(self.interrupts(), 0)
        self.assertEqual(self.findings(), {"interrupt-lost": 2, "interrupt-coalesced": 2})
        self.replays()

    def test_a_doubled_msi_finds_nothing_to_do_the_second_time(self):
        self.fault("port2 msi double")
        self.ring()
        self.told(2)
        self.clear()
        self.fault("port2 msi double 500ms")
        self.ring()
        self.told()
        self.clear()
        self.told()
        self.assertEqual(self.two.read(c.NTINTSTS), 0)
        self.ring()
        self.told()
        self.assertEqual(self.interrupts(), 0)
        self.assertEqual(self.findings(), {"interrupt-unasked": 2})
        self.replays()

    def test_a_late_msi_comes_after_its_time_and_others_pass_it(self):
        self.fault(f"port2 msi delay {LONG:g}s")
        begin = time.monotonic()
        self.ring(1)
        self.assertEqual(self.interrupts(), 0)
        self.assertEqual(self.two.read(c.INDBELLSTS), 1)
        self.clear()
        self.ring(2)
        self.told()
        self.assertLess(time.monotonic() - begin, LONG)
        self.told()
        self.assertGreater(time.monotonic() - begin, LONG - 0.01)
        self.assertEqual(self.findings(), {"interrupt-late": 2})
        self.replays()


class Data(TwoHosts):
    """Window data that is late, poisoned, unanswered."""

    def test_a_doorbell_passes_a_window_write_that_is_held(self):
        self.fault(f"port0 hold-write {LONG:g}s")
        begin = time.monotonic()
        self.one.write(0, 0xDA7A, 4, BAR2, posted=True)
        self.ring()
        self.told()
        self.assertEqual(self.memory(), 0)  # the interrupt is there and its data is not
        self.assertLess(time.monotonic() - begin, LONG)
        self.one.write(8, 1, 4, BAR2, posted=True)
        self.assertTrue(c.eventually(lambda: self.memory(8) == 1))
        self.assertTrue(c.eventually(lambda: self.memory() == 0xDA7A))
        self.assertGreater(time.monotonic() - begin, LONG - 0.01)
        self.assertEqual(self.findings(), {"data-overtaken": 2})
        self.replays()

    def test_poison_spoils_a_register_write_and_marks_a_window_write(self):
        self.fault("port0 poison rx")
        self.one.write(c.NTSDATA, 0x1111)
        self.assertEqual(self.one.read(c.NTSDATA), 0)
        self.assertEqual(self.one.read(c.AERUES), UNSUPPORTED_REQUEST)
        self.assertTrue(self.one.read(PCISTS, 2) & POISON_SEEN)
        self.one.write(c.AERUES, ALL_ONES)
        self.fault("port0 poison rx")
        self.one.write(0, 0x2222, 4, BAR2)
        self.assertTrue(self.one.read(AERCES) & ADVISORY)
        # vfio-user has no EP: the data lies there as it came.
        self.assertTrue(c.eventually(lambda: self.memory() == 0x2222))
        self.one.write(c.NTSDATA, 0x3333)  # once only
        self.assertEqual(self.one.read(c.NTSDATA), 0x3333)

    def test_a_poisoned_completion_gives_all_ones(self):
        self.one.write(c.NTSDATA, 0x1234)
        self.fault("port0 poison tx")
        self.assertEqual(self.one.read(c.NTSDATA), ALL_ONES)
        self.assertEqual(self.one.read(c.NTSDATA), 0x1234)
        self.one.write(0, 0x5678, 4, BAR2)
        self.fault("port2 poison rx")  # of client two, which answers a window read
        self.assertEqual(self.one.read(0, 4, BAR2), ALL_ONES)
        self.assertTrue(self.two.read(PCISTS, 2) & POISON_SEEN)
        self.assertEqual(self.one.read(0, 4, BAR2), 0x5678)

    def test_a_dropped_completion_ends_with_the_time_out(self):
        self.fault("port0 drop-completion tx")
        self.unanswered(self.one)
        self.assertEqual(self.one.read(c.NTSDATA), 0)
        self.one.write(0, 0x5678, 4, BAR2)
        self.fault("port2 drop-completion rx")
        self.unanswered(self.one, 0, BAR2)
        self.assertEqual(self.two.read(c.AERUES), COMPLETION_TIMEOUT)
        self.assertEqual(self.one.read(0, 4, BAR2), 0x5678)
        self.assertEqual(self.serve.stop(signal.SIGTERM), 0)
        self.replays()


class Credits(TwoHosts):
    """A receiver that gives no credit of one kind any more."""

    def blocked(self, client):
        """A read whose answer does not come; its bytes are read by answered()."""
        client.send(c.REGION_READ, c.ACCESS.pack(c.NTSDATA, c.BAR0, 4))
        self.assertEqual(select.select([client.socket], [], [], QUIET)[0], [])

    @staticmethod
    def answered(client):
        """The value of blocked()'s read."""
        return int.from_bytes(client.receive()[4][c.ACCESS.size:], "little")

    def test_without_posted_credit_of_the_host_no_msi_and_no_data_arrives(self):
        self.fault("port2 credits stuck tx posted")
        self.one.write(0, 7, 4, BAR2, posted=True)
        self.ring()
        self.assertEqual(self.interrupts(), 0)
        self.assertEqual(self.memory(), 0)
        self.assertEqual(self.one.read(c.NTSDATA), 0)  # the other link is fine
        self.unanswered(self.two)  # completions do not pass the writes before them
        self.fault("port2 credits free tx posted")
        self.told()
        self.assertEqual(self.memory(), 7)
        self.assertEqual(self.two.read(c.INDBELLSTS), 1)
        self.assertEqual(self.findings(), {"interrupt-late": 2})
        self.replays()

    def test_without_non_posted_credit_of_the_host_window_reads_time_out_and_writes_pass(self):
        self.fault("port2 credits stuck tx non-posted")
        self.unanswered(self.one, 0, BAR2)
        self.one.write(0, 9, 4, BAR2)
        self.assertTrue(c.eventually(lambda: self.memory() == 9))
        self.fault("port2 credits free tx non-posted")
        self.assertEqual(self.one.read(0, 4, BAR2), 9)

    def test_without_completion_credit_of_the_host_its_reads_time_out(self):
        self.fault("port0 credits stuck tx completion")
        self.unanswered(self.one)
        self.fault("port0 clear")
        self.assertEqual(self.one.read(c.NTSDATA), 0)

    def test_a_host_without_posted_credit_waits_with_all_that_is_behind_its_write(self):
        self.fault("port0 credits stuck rx posted")
        self.one.write(c.NTSDATA, 5, posted=True)
        self.blocked(self.one)
        self.assertEqual(self.two.read(c.NTSDATA), 0)  # the other host goes on
        self.fault("port0 credits free rx posted")
        self.assertEqual(self.answered(self.one), 5)

    def test_a_host_without_non_posted_or_completion_credit_reads_all_ones(self):
        self.fault("port0 credits stuck rx non-posted")
        self.unanswered(self.one)
        self.one.write(c.NTSDATA, 6, posted=True)  # writes have their own
        self.fault("port0 credits free rx non-posted")
        self.assertEqual(self.one.read(c.NTSDATA), 6)
        self.fault("port2 credits stuck rx completion")  # client two's answers
        self.unanswered(self.one, 0, BAR2)
        self.fault("port2 credits free rx completion")
        self.assertEqual(self.one.read(0, 4, BAR2), 0)


class Links(TwoHosts):
    """Links that fail, and the end of faults."""

    def test_a_surprise_down_reads_all_ones_at_its_host_and_is_an_event_for_the_peer(self):
        told = self.one.interrupt(c.MSI)
        self.one.write(c.NTINTMSK, ALL_ONES & ~c.SEVENT)
        for mask in (c.SEMSK, c.SEPMSK, c.SELINKDNMSK, c.SELINKUPMSK):
            self.one.write_global(mask, 0)
        self.two.write(c.NTSDATA, 0x1234)
        self.control.obey("link port2 down")
        self.assertEqual(c.taken(told), 1)
        self.assertEqual(self.one.read_global(c.SELINKDNSTS), 1 << 2)
        self.assertEqual(self.one.read_global(c.port_status(2)) & c.LINK_UP, 0)
        self.assertEqual(self.two.read(c.NTSDATA), ALL_ONES)
        self.assertEqual(self.two.read(0, 4, c.CONFIG), ALL_ONES)
        self.assertEqual(self.one.read(0, 4, BAR2), ALL_ONES)  # refused at once
        self.assertEqual(self.one.read(c.AERUES), UNSUPPORTED_REQUEST)
        self.one.write_global(c.SELINKDNSTS, ALL_ONES)
        self.one.write(c.NTINTSTS, c.SEVENT)
        self.control.obey("link port2 up")
        self.assertEqual(c.taken(told), 1)
        self.assertEqual(self.one.read_global(c.SELINKUPSTS) & 1 << 2, 1 << 2)
        self.assertEqual(self.two.read(0, 4, c.CONFIG), 0x8091111D)
        self.assertEqual(self.two.read(c.NTSDATA, 4, c.CONFIG), 0)  # it was a reset
        self.set_up(self.two)
        self.one.write(0, 3, 4, BAR2)
        self.assertTrue(c.eventually(lambda: self.memory() == 3))
        self.assertEqual(self.findings(), {"request-refused": 0})
        self.replays()

    def test_a_link_that_goes_down_takes_what_was_held_and_stuck_with_it(self):
        self.fault("port2 credits stuck tx posted", "port2 msi delay 200ms")
        self.one.write(0, 7, 4, BAR2, posted=True)
        self.ring()
        self.assertEqual(self.interrupts(0.1), 0)
        self.control.obey("link port2 down", "link port2 up")
        self.set_up(self.two)
        self.assertEqual(self.interrupts(), 0)
        self.assertEqual(self.memory(), 0)
        self.one.write(0, 8, 4, BAR2, posted=True)
        self.ring()
        self.told()
        self.assertEqual(self.memory(), 8)

    def test_faults_that_are_taken_back_do_not_happen(self):
        self.fault("port2 msi drop", "port2 msi drop", "port0 hold-write 10s", "port0 poison tx",
                   "port0 clear", "port2 clear")
        self.one.write(0, 3, 4, BAR2, posted=True)
        self.ring()
        self.told()
        self.assertEqual(self.memory(), 3)
        self.assertEqual(self.one.read(c.NTSDATA), 0)
        self.assertEqual(self.findings(), {})

    def test_faults_that_cannot_be_are_refused_with_one_line(self):
        for text in ("port1 msi drop", "port2 lcrc", "port2 msi", "port2 msi delay",
                     "port2 poison", "port2 credits stuck tx", "port2 hold-write soon"):
            with self.subTest(fault=text):
                answer, = self.control.say("fault " + text)
                self.assertRegex(answer, r"\Aerror: [^\n]+ \([^\n]+\)\Z")


if __name__ == "__main__":
    unittest.main()
