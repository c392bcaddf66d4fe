# SPDX-License-Identifier: Apache-2.0
"""Memory windows between two clients: what one writes lies in the other's memory, by content."""
import os
import random
import struct
import unittest

import client as c
from client import Refused, Serve

BAR2, BAR4 = 2, 4
MIB = 1 << 20
LUTOFFSET, LUTLDATA, LUTMDATA, LUTUDATA = (
    c.REGISTERS[name] for name in ("LUTOFFSET", "LUTLDATA", "LUTMDATA", "LUTUDATA"))
BARLTBASE2, BARUTBASE2 = (c.REGISTERS[name] for name in ("BARLTBASE2", "BARUTBASE2"))
UNSUPPORTED_REQUEST = c.FIELDS["AERUES.UR"]
AERCEM, PCISTS = c.REGISTERS["AERCEM"], c.REGISTERS["PCISTS"]
RECEIVED_UR = c.FIELDS["PCISTS.RMAS"]
RAM = 0x40000000  # where the guest physical address space of the clients has its memory
ALL_ONES = 0xFFFFFFFF


class Windows(unittest.TestCase):
    """Client one has a direct window (BAR2) and a table (BAR4) into the memory of client two."""

    def setUp(self):
        self.serve = self.enterContext(Serve())
        self.one = self.enterContext(self.serve.client(0))
        self.two = self.enterContext(self.serve.client(2))
        self.ram = self.two.memory(4 * MIB)
        self.two.map(RAM, 4 * MIB, self.ram)
        for partition, client in enumerate((self.one, self.two)):
            client.enable()
            self.enable_link(client, partition)
        self.one.write(AERCEM, 0)  # refused reads show in AERUES, too
        self.direct(RAM)
        self.entry(3, RAM + MIB)

    @staticmethod
    def enable_link(client, partition):
        """CPEN, and the client's own requester ID in the mapping table."""
        client.write(c.NTCTL, c.CPEN)
        client.write(c.NTMTBLADDR, partition)
        client.write(c.NTMTBLDATA, 1 | client.read(c.REQIDCAP) << 1 | partition << 17)

    def direct(self, base):
        """Where client one's BAR2 leads."""
        self.one.write(BARLTBASE2, base & ALL_ONES)
        self.one.write(BARUTBASE2, base >> 32)

    def entry(self, index, base, partition=1):
        """Where an entry of client one's BAR4 leads."""
        for register, value in ((LUTOFFSET, BAR4 << 8 | index), (LUTLDATA, base & ALL_ONES),
                                (LUTMDATA, base >> 32), (LUTUDATA, 1 << 31 | partition)):
            self.one.write(register, value)

    def memory(self, offset, size=4):
        """What client two has in its memory."""
        return int.from_bytes(os.pread(self.ram, size, offset), "little")

    def unmap(self, address=RAM, size=4 * MIB):
        """Client two takes its memory away."""
        self.two.command(c.DMA_UNMAP, struct.pack("<IIQQ", 24, 0, address, size))

    def refused(self, offset=0, region=BAR2, size=4):
        """The other host refuses: a read gives all ones, and the function that asked there has
        seen UR come back; of a write nothing arrives. The function with the window is innocent."""
        before = os.pread(self.ram, os.fstat(self.ram).st_size, 0)
        self.assertEqual(self.one.read(offset, size, region), (1 << 8 * size) - 1)
        self.assertEqual(self.two.read(PCISTS, 2) & RECEIVED_UR, RECEIVED_UR)
        self.two.write(PCISTS, RECEIVED_UR, 2)
        self.one.write(offset, 0x0BADBAD0, size, region, posted=True)
        self.assertEqual(self.one.read(c.AERUES), 0)
        self.assertEqual(os.pread(self.ram, len(before) + 1, 0), before)

    def unreachable(self):
        """The switch refuses, and AER has the read and the write."""
        for access in (lambda: self.one.read(0, 4, BAR2),
                       lambda: self.one.write(0, 0x0BADBAD0, 4, BAR2, posted=True)):
            access()
            self.assertEqual(self.one.read(c.AERUES), UNSUPPORTED_REQUEST)
            self.one.write(c.AERUES, ALL_ONES)

    def works(self, offset=0, region=BAR2, at=0):
        """A write arrives there and reads back; nothing is logged."""
        value = random.getrandbits(32)
        self.one.write(offset, value, 4, region, posted=True)
        self.assertEqual(self.one.read(offset, 4, region), value)
        self.assertEqual(self.memory(at), value)
        self.assertEqual(self.one.read(c.AERUES), 0)

    # --- What arrives ----------------------------------------------------------------------------

    def test_what_is_written_into_a_window_lies_in_the_peer_s_memory(self):
        source = random.Random(4)
        expected = bytearray(4 * MIB)
        spots = [(BAR2, 0x100, 0x100), (BAR4, 3 * MIB + 0x1000, MIB + 0x1000)]
        for _ in range(400):
            region, offset, at = source.choice(spots)
            step, size = source.randrange(512), source.choice((1, 2, 4, 8))
            value = source.getrandbits(8 * size)
            self.one.write(offset + step, value, size, region, posted=True)
            expected[at + step:at + step + size] = value.to_bytes(size, "little")
        self.one.read(c.AERUES)  # posted writes before it have been carried out
        self.assertEqual(os.pread(self.ram, 4 * MIB, 0), bytes(expected))
        for _ in range(100):
            region, offset, at = source.choice(spots)
            step, size = source.randrange(512), source.choice((1, 2, 4, 8))
            self.assertEqual(self.one.read(offset + step, size, region),
                             int.from_bytes(expected[at + step:at + step + size], "little"))
        self.assertEqual(self.one.read(c.AERUES), 0)

    def test_when_the_doorbell_s_interrupt_comes_the_data_before_it_is_there(self):
        msi = self.two.interrupt(c.MSI)
        self.two.write(c.NTINTMSK, 0xFF & ~c.DBELL)
        self.two.write(c.INDBELLMSK, 0)
        for turn in range(1, 51):
            for i in range(64):
                self.one.write(4 * i, turn << 16 | i, 4, BAR2, posted=True)
            self.one.write(3 * MIB, turn, 4, BAR4, posted=True)
            self.one.write(c.OUTDBELLSET, 1, posted=True)
            self.assertEqual(c.taken(msi), 1)
            found = os.pread(self.ram, 256, 0)
            self.assertEqual(found, struct.pack("<64I", *(turn << 16 | i for i in range(64))))
            self.assertEqual(self.memory(MIB), turn)
            self.two.write(c.INDBELLSTS, 1)

    def test_memory_of_several_maps_is_found_above_4_gib_too(self):
        high = self.two.memory(MIB)
        self.two.map(1 << 40, MIB, high, offset=0)
        self.direct((1 << 40) + 0x2000)
        self.one.write(0x10, 0x600DF00D, 4, BAR2, posted=True)
        self.assertEqual(self.one.read(0x10, 4, BAR2), 0x600DF00D)
        self.assertEqual(os.pread(high, 4, 0x2010), (0x600DF00D).to_bytes(4, "little"))
        self.assertEqual(os.pread(self.ram, 4 * MIB, 0), bytes(4 * MIB))

    # --- Memory that comes and goes --------------------------------------------------------------

    def test_memory_that_was_unmapped_is_refused_and_works_again_elsewhere(self):
        self.works(at=0)
        self.unmap()
        self.refused()
        self.refused(3 * MIB, BAR4)
        self.two.map(RAM, 2 * MIB, self.ram, offset=2 * MIB)  # the same addresses, other memory
        self.works(at=2 * MIB)
        self.works(3 * MIB, BAR4, at=3 * MIB)
        self.unmap(RAM, 2 * MIB)
        self.two.map(RAM << 1, 4 * MIB, self.ram)
        self.refused()
        self.direct(RAM << 1)
        self.works(at=0)

    def test_what_runs_past_the_end_of_a_map_is_refused_as_a_whole(self):
        self.direct(RAM + 4 * MIB - 0x1000)
        self.works(0xFFC, at=4 * MIB - 4)
        self.refused(0x1000)
        self.refused(0xFFE)
        self.refused(0xFFC, size=8)
        self.direct(RAM - 0x1000)
        self.refused(0xFFC)
        self.refused(0xFFE)
        self.works(0x1000, at=0)

    def test_a_map_that_is_read_only_takes_no_write(self):
        self.unmap()
        os.pwrite(self.ram, (0x12345678).to_bytes(4, "little"), 0x40)
        self.two.map(RAM, 4 * MIB, self.ram, flags=0x1)
        self.assertEqual(self.one.read(0x40, 4, BAR2), 0x12345678)
        self.assertEqual(self.one.read(c.AERUES), 0)
        self.one.write(0x40, 0x0BADBAD0, 4, BAR2, posted=True)
        self.assertEqual(self.one.read(c.AERUES), 0)
        self.assertEqual(self.memory(0x40), 0x12345678)

    def test_memory_that_is_cut_off_behind_its_map_is_refused(self):
        self.works(at=0)
        os.ftruncate(self.ram, 0x1000)
        self.works(at=0)
        self.refused(0x1000)
        self.refused(3 * MIB, BAR4)
        self.refused(0)  # what was touched beyond the end spoils its map until it is made anew
        os.ftruncate(self.ram, 4 * MIB)
        self.unmap()
        self.two.map(RAM, 4 * MIB, self.ram)
        self.works(at=0)
        self.works(3 * MIB, BAR4, at=MIB)
        self.assertTrue(self.serve.alive())

    def test_a_peer_that_leaves_in_the_middle_takes_its_windows_with_it(self):
        self.works(at=0)
        for i in range(1000):
            self.one.write(4 * i, i, 4, BAR2, posted=True)
            if i == 500:
                self.two.socket.close()
        self.assertTrue(c.eventually(
            lambda: self.one.read(0, 4, BAR2) == ALL_ONES and self.one.read(c.AERUES) != 0))
        self.one.write(c.AERUES, ALL_ONES)
        self.unreachable()
        self.assertTrue(self.serve.alive())
        with self.serve.client(2) as two:  # it comes back, with memory elsewhere
            two.enable()
            self.enable_link(two, 1)
            other = two.memory(MIB)
            two.map(RAM, MIB, other)
            self.one.write(8, 0x600DF00D, 4, BAR2)
            self.assertEqual(self.one.read(8, 4, BAR2), 0x600DF00D)
            self.assertEqual(os.pread(other, 4, 8), (0x600DF00D).to_bytes(4, "little"))

    def test_a_map_that_nobody_can_make_is_an_error_and_changes_nothing(self):
        with self.assertRaises(Refused):
            self.two.map(RAM + MIB, MIB, self.ram)  # overlaps
        self.works(at=0)


if __name__ == "__main__":
    unittest.main()
