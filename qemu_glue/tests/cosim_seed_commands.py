# SPDX-License-Identifier: Apache-2.0
"""The published commands for the device idt-ntb-ivshmem (docs/ivshmem.md), word by word, with the
stand-ins of qemu_glue/seed in place of a patched QEMU."""
import contextlib
import os
import pathlib
import re
import shlex
import socket
import tempfile
import time
import unittest
import unittest.mock

import context
import published_guests
from children import Child, LineStream, wait_for
from errors import RunError
from ntbsim_child import NtbsimChild
from prepare import prepare

SECONDS = 300  # for anything that a guest does
SERVER = "ivshmem-server -vF -n 2"
SOCKET = "/tmp/ivshmem_socket"  # as published; the server's default
QEMU = (
    "{seed}/qemu-system-x86_64 -object rng-random,filename=/dev/urandom,id=rng0 "
    "-device virtio-rng-pci,rng=rng0 -drive file={disk},if=virtio,format=raw "
    "-cpu IvyBridge -machine q35 -smp 4 -m 256 "
    "-device idt-ntb-ivshmem,vectors=2,chardev=ivshmem,number={number} "
    "-chardev socket,path=/tmp/ivshmem_socket,id=ivshmem -nographic  -kernel {kernel} "
    "-initrd {initrd} "
    "-append 'root=/dev/vda rw console=ttyS0 console=ttyS1 oprofile.timer=1 tsc=reliable "
    "no_timer_check rcupdate.rcu_expedited=1 '")
COUNT = r"cat /sys/kernel/debug/ntb_pingpong/0000\:00\:04.0/count"
DISCOVERED = r"ntb_hw_idt 0000:00:04\.0: IDT 89HPES24NT6AG2 discovered"
READY = r"ntb_hw_idt 0000:00:04\.0: IDT NTB device is ready"


class PublishedGuest:
    """A guest with its console on a socket instead of a terminal."""

    def __init__(self, number, words, log_path, stack):
        self.name = f"guest {number}"
        self._log_path = log_path
        self._console, end = socket.socketpair()
        stack.callback(self._console.close)
        with end:
            self.child = stack.enter_context(Child(self.name, words, stdin=end, stdout=end,
                                                   stderr=end))
        self.console = LineStream(self._console.fileno(), log_path)

    def check_alive(self):
        """RunError if it has ended."""
        if self.child.exit_code() is not None:
            last = (self.console.lines() or ["no output"])[-1]
            raise RunError(self.name, f"it has ended: {last}", f"see {self._log_path}")

    def wait(self, pattern, start=0):
        """The first line that matches."""
        return wait_for(self.console, pattern, time.monotonic() + SECONDS, self.check_alive,
                        f"{self.name}: '{pattern}'", start)

    def type(self, command, pattern):
        """A command at the guest's shell; the first line of its output that matches."""
        start = len(self.console.lines())
        self._console.sendall(f"{command}\n".encode())
        return self.wait(pattern, start)

    def count(self):
        """What ntb_pingpong has counted."""
        return int(self.type(COUNT, r"^(\d+)\r?$").group(1))


class SeedCommands(unittest.TestCase):
    """Server, guest 0, guest 1; dmesg; the counter, twice."""

    def published_commands_work(self, topology, order):
        """All steps of the publication, the guests started in this order."""
        kernel = prepare().kernel
        stack = self.enterContext(contextlib.ExitStack())
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        initrd = published_guests.make_initrd(kernel, folder / "initrd")
        environment = {**os.environ, "NTB_TOPOLOGY": topology,
                       "PATH": f"{context.GLUE / 'seed'}:{os.environ['PATH']}"}
        self.enterContext(unittest.mock.patch.dict(os.environ, environment))
        server = stack.enter_context(NtbsimChild("server", shlex.split(SERVER),
                                                 folder / "server.log"))
        wait_for(server.output, f"ivshmem server on {SOCKET}", time.monotonic() + SECONDS,
                 server.check_alive, "the start of the server")
        guests = {}
        for number in order:
            disk = published_guests.make_disk(kernel, folder, ("first", "second")[number])
            words = shlex.split(QEMU.format(seed=context.GLUE / "seed", disk=disk, number=number,
                                            kernel=kernel.image, initrd=initrd))
            guests[number] = PublishedGuest(number, words, folder / f"guest{number}.log", stack)
        for guest in guests.values():
            guest.wait("^shell ready")
            guest.type("dmesg", DISCOVERED)
            guest.type("dmesg", READY)
        for guest in guests.values():
            end = time.monotonic() + SECONDS
            first = guest.count()
            while guest.count() < first + 3:
                self.assertLess(time.monotonic(), end, f"{guest.name}: the counter stays {first}")
                time.sleep(0.5)
        for guest in guests.values():
            log = "\n".join(guest.console.lines())
            self.assertIsNone(re.search("Oops|BUG:|WARNING:|Call Trace", log), log)

    def test_the_published_commands_work_on_topology_seed(self):
        self.published_commands_work("seed", (0, 1))


class SeedCommandsTakesLong(SeedCommands):
    """The other topology, the other order."""

    def test_the_published_commands_work_on_topology_seed_with_guest_1_first(self):
        self.published_commands_work("seed", (1, 0))

    def test_the_published_commands_work_on_topology_two_host(self):
        self.published_commands_work("two-host", (0, 1))

    def test_the_published_commands_work_on_topology_two_host_with_guest_1_first(self):
        self.published_commands_work("two-host", (1, 0))


if __name__ == "__main__":
    unittest.main()
