# SPDX-License-Identifier: Apache-2.0
"""Stock QEMU's ivshmem-doorbell devices as clients of `ntbsim ivshmem-server`: guests ring each
other and share memory.

A guest needs no driver for that: it reads and writes the BARs with busybox's devmem. MSI-X is
switched on with its vectors left masked, so an interrupt stays in the pending bits, where it can
be read, with KVM as with TCG.
"""
import contextlib
import os
import pathlib
import tempfile
import time
import unittest

import context  # noqa: F401 # pylint: disable=unused-import
from children import socket_directory, wait_for
from guest import Guest
from ivshmem_server import IvshmemServer
from prepare import prepare

BOOT_SECONDS = 180
COMMAND_SECONDS = 60
MSIX = 0x11  # capability ID, PCI 3.0 section 6.8.2
# Registers in BAR0, docs/specs/ivshmem-spec.
IVPOSITION, DOORBELL = 8, 12

FIND = """for d in /sys/bus/pci/devices/*; do
  if [ "$(cat $d/vendor) $(cat $d/device)" = "0x1af4 0x1110" ]; then echo $d; fi
done"""


class IvshmemDevice:
    """The ivshmem device in a guest, by its registers."""

    def __init__(self, guest, do):
        self._do = lambda command: do(guest, command)
        self._path = self._do(FIND).strip()
        self._do(f"echo 1 >{self._path}/enable")
        resources = self._do(f"cat {self._path}/resource").splitlines()
        self._bars = [int(line.split()[0], 16) for line in resources[:3]]
        self._pending = None
        self._enable_msix()

    def _enable_msix(self):
        config = bytes.fromhex(self._do(f"od -An -tx1 -v {self._path}/config").replace("\n", ""))
        at = config[0x34]
        while at and config[at] != MSIX:
            at = config[at + 1]
        pending = int.from_bytes(config[at + 8:at + 12], "little")
        self._pending = self._bars[pending & 7] + (pending & ~7)
        # The top bit of message control; no vector is unmasked.
        self._do(f"printf '\\200' | dd of={self._path}/config bs=1 seek={at + 3} conv=notrunc")

    def read(self, address):
        """32 bits."""
        return int(self._do(f"devmem {address:#x} 32"), 16)

    def write(self, address, value):
        """32 bits."""
        self._do(f"devmem {address:#x} 32 {value:#x}")

    def id(self):
        """The ID that the server gave."""
        return self.read(self._bars[0] + IVPOSITION)

    def ring(self, peer, vector):
        """Interrupts a peer."""
        self.write(self._bars[0] + DOORBELL, peer << 16 | vector)

    def pending(self):
        """The vectors that have been interrupted, as bits."""
        return self.read(self._pending)

    def shared(self, offset):
        """The address of a byte of the shared memory."""
        return self._bars[2] + offset


class IvshmemGuests(unittest.TestCase):
    """A server and guests."""

    def setUp(self):
        self.prepared = prepare()
        self.stack = self.enterContext(contextlib.ExitStack())
        self.out = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        folder = self.stack.enter_context(socket_directory())
        self.server = self.stack.enter_context(IvshmemServer(
            os.environ["NTBSIM"], folder / "ivshmem", self.out / "server.log"))
        self.server.wait_until_serving()

    def boot(self, number):
        """Starts a guest with an ivshmem device."""
        devices = ["-chardev", f"socket,path={self.server.path},id=ivshmem",
                   "-device", "ivshmem-doorbell,chardev=ivshmem,vectors=2"]
        return self.stack.enter_context(Guest(number, None, self.prepared, None, self.out,
                                              devices=devices,
                                              kernel_options=["ntb.drivers=off"]))

    def device(self, guest):
        """Its device, when the guest is up."""
        wait_for(guest.agent, "^agent ready$", time.monotonic() + BOOT_SECONDS,
                 guest.check_alive, f"{guest.name}: the end of booting")
        return IvshmemDevice(guest, self.do)

    def do(self, guest, command):
        """The output of a shell command that must work."""
        token = guest.start_command(command)
        code, output = guest.finish_command(token, COMMAND_SECONDS, guest.check_alive, command)
        self.assertEqual(code, 0, f"{guest.name}: {command}: {output}")
        return output

    def comes_to(self, expected, what):
        """A value that guests reach, soon."""
        end = time.monotonic() + COMMAND_SECONDS
        while what() != expected:
            self.assertLess(time.monotonic(), end, f"{what()} instead of {expected}")
            time.sleep(0.05)

    def test_guests_with_ivshmem_devices_ring_each_other_with_and_without_the_server(self):
        guests = [self.boot(number) for number in range(2)]
        first, second = sorted((self.device(guest) for guest in guests), key=IvshmemDevice.id)
        self.assertEqual((first.id(), second.id()), (0, 1))
        first.write(first.shared(0x100), 0x5eed)
        self.assertEqual(second.read(second.shared(0x100)), 0x5eed)
        self.assertEqual((first.pending(), second.pending()), (0, 0))
        first.ring(1, 1)
        self.comes_to(0b10, second.pending)
        second.ring(0, 0)
        self.comes_to(0b01, first.pending)
        first.ring(7, 0)  # nobody
        self.server.child.process.kill()
        self.server.child.process.wait()
        second.ring(0, 1)
        self.comes_to(0b11, first.pending)
        self.assertEqual(second.pending(), 0b10)


class IvshmemGuestsTakesLong(IvshmemGuests):
    """Guests that come and go."""

    def test_a_guest_that_joins_later_takes_no_id_of_one_that_has_left(self):
        gone = self.boot(0)
        staying = self.boot(1)
        self.assertEqual(sorted(self.device(guest).id() for guest in (gone, staying)), [0, 1])
        gone.child.stop()
        wait_for(self.server.output, "client [01] left", time.monotonic() + COMMAND_SECONDS,
                 self.server.check_alive, "the departure")
        comer = self.device(self.boot(2))
        self.assertEqual(comer.id(), 2)
        there = IvshmemDevice(staying, self.do)
        there.ring(2, 0)
        self.comes_to(0b01, comer.pending)
        comer.ring(there.id(), 1)
        self.comes_to(0b10, there.pending)


if __name__ == "__main__":
    unittest.main()
