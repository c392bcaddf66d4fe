# SPDX-License-Identifier: Apache-2.0
"""What is in the guests' image."""
import pathlib
import struct
import tempfile
import types
import unittest
import unittest.mock

import context  # pylint: disable=unused-import
import guest_image


class GuestImage(unittest.TestCase):
    """With programs of the host that are stand-ins."""

    def test_libkmod_finds_an_index_without_modules_for_the_kernel_of_the_guest(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory)
            for name in (*guest_image.MODULES, "program"):
                (path / name).write_bytes(b"x")
            kernel = types.SimpleNamespace(version="6.1.0-7", modules=path)
            with unittest.mock.patch.object(guest_image, "program", lambda *_: path / "program"), \
                    unittest.mock.patch.object(guest_image, "libraries_of", lambda _: []):
                data = guest_image.make(kernel)
        for name in ("dep", "alias", "symbols", "builtin.alias", "builtin"):
            before, found, after = data.partition(
                f"lib/modules/6.1.0-7/modules.{name}.bin\0".encode())
            self.assertTrue(found, name)
            start = -(len(before) + len(found)) % 4
            self.assertEqual((0xB007F457, 0x00020001, 0),
                             struct.unpack(">III", after[start:start + 12]))


if __name__ == "__main__":
    unittest.main()
