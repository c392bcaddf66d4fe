# SPDX-License-Identifier: Apache-2.0
"""A simulator that starts from an EEPROM image, as its clients see it."""
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

import client as c
from client import Serve

ALL_ONES = 0xFFFFFFFF
CONFIG = 7  # the region of configuration space


class Eeprom(unittest.TestCase):
    """The image of two-host in a directory of its own."""

    def setUp(self):
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.image = directory / "two-host.eeprom"
        subprocess.run([os.environ["NTBSIM"], "topology", "eeprom", "two-host", "--output",
                        self.image], check=True, capture_output=True)

    def sizes(self, client):
        """Of the BARs, as QEMU asks for them when it starts."""
        sizes = []
        for index in range(6):
            answer = client.command(c.GET_REGION_INFO,
                                    struct.pack("<IIIIQQ", 32, 0, index, 0, 0, 0))
            sizes.append(struct.unpack("<IIIIQQ", answer)[4])
        return sizes

    def test_an_image_serves_what_its_topology_does(self):
        with Serve(topology=self.image) as serve, serve.client(0) as one, \
                serve.client(2) as two:
            mib = 1 << 20
            self.assertEqual(self.sizes(one), [4096, 0, mib, mib, 16 * mib, 0])
            self.assertEqual(self.sizes(two), self.sizes(one))
            self.assertEqual(one.read(0, region=CONFIG), 0x8091111D)
            one.enable()
            two.enable()
            two.write(c.INDBELLMSK, 0)
            one.write(c.OUTDBELLSET, 1 << 3)
            self.assertTrue(c.eventually(lambda: two.read(c.INDBELLSTS) == 1 << 3))

    def test_a_bad_image_leaves_devices_that_nobody_finds_and_a_line_in_the_log(self):
        data = bytearray(self.image.read_bytes())
        data[-1] ^= 1
        self.image.write_bytes(data)
        with Serve(topology=self.image) as serve, serve.client(0) as one:
            self.assertEqual(one.read(0, region=CONFIG), ALL_ONES)
            self.assertTrue(c.eventually(lambda: "the checksum is wrong, so the switch stays "
                                         "halted (" in serve.log()), serve.log())
            self.assertTrue(serve.alive())

    def test_a_bad_image_of_which_nothing_can_be_read_is_served_as_well(self):
        self.image.write_bytes(b"\xff" * 512)
        with Serve(topology=self.image) as serve, serve.client(2) as two:
            self.assertEqual(self.sizes(two), [0] * 6)
            self.assertEqual(two.read(0, region=CONFIG), ALL_ONES)
            self.assertTrue(c.eventually(lambda: "type 0xff begins no block" in serve.log()))
