# SPDX-License-Identifier: Apache-2.0
"""The initramfs format, read back by a program that is not ours."""
import subprocess
import unittest

import context  # noqa: F401 # pylint: disable=unused-import
from cpio_archive import CpioArchive


class Cpio(unittest.TestCase):
    """busybox's cpio is what guests of others use."""

    def archive(self):
        """A small one of each kind of entry."""
        archive = CpioArchive()
        archive.file("usr/bin/tool", b"#!/bin/sh\n", 0o755)
        archive.file("usr/share/odd", b"12345")
        archive.symlink("bin", "usr/bin")
        archive.device("dev/console", 5, 1)
        return archive.data()

    def test_the_layout_is_the_kernels(self):
        data = self.archive()
        self.assertEqual(0, len(data) % 4)
        self.assertTrue(data.startswith(b"070701"))
        self.assertIn(b"TRAILER!!!", data)
        # "usr": directory, mode 040755, 2 hard fields that the kernel reads
        self.assertEqual(b"000041ed", data[14:22])
        self.assertEqual(b"usr\0", data[110:114])

    def test_another_program_lists_every_entry(self):
        listing = subprocess.run(["busybox", "cpio", "-t"], input=self.archive(), check=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        self.assertEqual(["usr", "usr/bin", "usr/bin/tool", "usr/share", "usr/share/odd", "bin",
                          "dev", "dev/console"], listing.decode().split())

    def test_content_survives(self):
        content = subprocess.run(["busybox", "cpio", "-i", "--to-stdout", "usr/share/odd"],
                                 input=self.archive(), check=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL).stdout
        self.assertEqual(b"12345", content)

    def test_a_name_is_written_once(self):
        archive = CpioArchive()
        archive.file("a", b"")
        with self.assertRaises(ValueError):
            archive.file("a", b"")


if __name__ == "__main__":
    unittest.main()
