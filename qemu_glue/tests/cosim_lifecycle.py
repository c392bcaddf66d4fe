# SPDX-License-Identifier: Apache-2.0
"""Guests that come and go while their peer plays ping-pong, and guests without MSI.

Stock QEMU, unmodified drivers. Each case starts a simulator (the program that NTBSIM names) and
two guests.
"""
import contextlib
import os
import pathlib
import signal
import tempfile
import time
import unittest

import context  # noqa: F401 # pylint: disable=unused-import
import checks
import pingpong
from children import socket_directory, wait_for
from guest import Guest
from prepare import prepare
from simulator import Simulator, serve_command
from topology import BUILT_IN, nt_ports

BOOT_SECONDS = 180
LINK_SECONDS = 60
COMMAND_SECONDS = 60


class Lifecycle(unittest.TestCase):
    """A simulator and two guests that play ping-pong."""

    def start(self, *kernel_options):
        """Starts everything and waits for the link."""
        self.serve(*kernel_options)
        self.guests = [self.boot(number) for number in range(2)]
        for guest in self.guests:
            self.wait_for_agent(guest)
            self.play(guest)
        self.wait_for_link(True)

    def serve(self, *kernel_options):
        """Starts the simulator."""
        self.kernel_options = kernel_options
        self.prepared = prepare()
        stack = self.enterContext(contextlib.ExitStack())
        self.out = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.ports = nt_ports("two-host")
        folder = stack.enter_context(socket_directory())
        self.sockets = [folder / f"port{port.number}.sock" for port in self.ports]
        by_port = {port.number: path for port, path in zip(self.ports, self.sockets)}
        self.simulator = stack.enter_context(Simulator(
            serve_command(os.environ["NTBSIM"], "two-host", by_port), self.out / "ntbsim.log"))
        self.simulator.wait_until_serving(by_port)
        self.stack = stack
        self.guests = []

    def boot(self, number):
        """Starts a guest."""
        return self.stack.enter_context(Guest(
            number, self.ports[number], self.prepared, self.sockets[number], self.out,
            kernel_options=self.kernel_options, reboot=True))

    def check_alive(self):
        """RunError if anything has ended that should run."""
        self.simulator.check_alive()
        for guest in self.guests:
            guest.check_alive()

    def wait_for_agent(self, guest, start=0):
        """Until the guest is up and obeys commands."""
        wait_for(guest.agent, "^agent ready$", time.monotonic() + BOOT_SECONDS,
                 self.simulator.check_alive, f"{guest.name}: the end of booting", start)

    def do(self, guest, command):
        """The output of a shell command that must work."""
        token = guest.start_command(command)
        code, output = guest.finish_command(token, COMMAND_SECONDS, self.check_alive, command)
        self.assertEqual(code, 0, f"{guest.name}: {command}: {output}")
        return output

    def device(self, guest):
        """The function's address in the guest."""
        return self.do(guest, pingpong.FIND_DEVICE).split()[0]

    def play(self, guest):
        """Loads ntb_pingpong."""
        self.do(guest, pingpong.LOAD.format(delay=2))

    def link(self, guest):
        """Whether the driver says that its link is up."""
        return checks.link_is_up(self.do(guest, pingpong.READ_INFO.format(
            device=self.device(guest))))

    def wait_for_link(self, up, guests=None):
        """Until these guests' drivers say so."""
        for guest in guests or self.guests:
            end = time.monotonic() + LINK_SECONDS
            while self.link(guest) != up:
                self.assertLess(time.monotonic(), end,
                                f"{guest.name}: the link did not go {'up' if up else 'down'}")
                time.sleep(0.1)

    def count(self, guest):
        """Pings that the guest has seen."""
        return pingpong.parse_sample(self.do(guest, pingpong.READ_COUNT.format(
            device=self.device(guest)))).count

    def pings_rise(self, expected_complaint=None):
        """Both counters go up, and no kernel complains (but about what is to be expected)."""
        before = [self.count(guest) for guest in self.guests]
        end = time.monotonic() + LINK_SECONDS
        for guest, first in zip(self.guests, before):
            while self.count(guest) < first + 20:
                self.assertLess(time.monotonic(), end, f"{guest.name}: the counter does not rise")
                time.sleep(0.1)
        for guest in self.guests:
            problems = checks.kernel_problems(guest.console.lines(),
                                              self.do(guest, pingpong.READ_LOG).splitlines())
            self.assertEqual([problem for problem in problems
                              if not expected_complaint or expected_complaint not in problem], [])

    def test_a_guest_that_reboots_finds_its_device_again_and_ping_pong_goes_on(self):
        self.start()
        self.pings_rise()
        rebooting, staying = self.guests
        seen = len(rebooting.agent.lines())
        rebooting.start_command("reboot -f")
        self.wait_for_link(False, [staying])
        self.wait_for_agent(rebooting, seen)
        self.assertTrue(rebooting.console.find("IDT NTB device is ready"))
        self.play(rebooting)
        self.wait_for_link(True)
        self.pings_rise()

    def test_a_guest_that_is_killed_and_started_again_takes_the_same_socket(self):
        self.start()
        self.pings_rise()
        killed, staying = self.guests
        killed.child.stop(signal.SIGKILL)
        self.guests = [staying]
        self.wait_for_link(False)
        self.guests = [self.boot(0), staying]
        self.wait_for_agent(self.guests[0])
        self.play(self.guests[0])
        self.wait_for_link(True)
        self.pings_rise()

    def test_guests_come_in_any_order_and_both_may_be_dead_at_once(self):
        self.serve()
        for order in ((1, 0), (0, 1)):
            self.guests = []
            for number in order:
                self.assertFalse(any(self.link(guest) for guest in self.guests))
                self.guests.append(self.boot(number))
                self.wait_for_agent(self.guests[-1])
                self.play(self.guests[-1])
            self.wait_for_link(True)
            self.pings_rise()
            for guest in self.guests:
                guest.child.stop(signal.SIGKILL)

    def test_guests_without_msi_play_ping_pong_by_intx(self):
        self.start("pci=nomsi")
        for guest in self.guests:
            line = self.do(guest, "grep ntb /proc/interrupts")
            self.assertIn("IO-APIC", line)
            self.assertNotIn("MSI", line)
        # The kernel's AER service has no interrupt without MSI, and says so.
        self.pings_rise("PCIe AER capability disabled")


class Functions(unittest.TestCase):
    """One guest, at a port that has an NT and a DMA function."""

    def test_lspci_in_a_guest_shows_the_nt_and_the_dma_function_of_its_port(self):
        with contextlib.ExitStack() as stack:
            out = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            topology = out / "dma.toml"
            text = (BUILT_IN / "two-host.toml").read_text(encoding="utf-8")
            topology.write_text(text.replace('mode = "nt"', 'mode = "nt_dma"', 1),
                                encoding="utf-8")
            folder = stack.enter_context(socket_directory())
            sockets = {"0": folder / "nt.sock", "0.1": folder / "dma.sock"}
            simulator = stack.enter_context(Simulator(
                serve_command(os.environ["NTBSIM"], str(topology), sockets), out / "ntbsim.log"))
            simulator.wait_until_serving(sockets)
            guest = stack.enter_context(Guest(
                0, nt_ports(str(topology))[0], prepare(), sockets["0"], out,
                dma_socket=sockets["0.1"]))
            wait_for(guest.agent, "^agent ready$", time.monotonic() + BOOT_SECONDS,
                     guest.check_alive, "the end of booting")
            code, shown = guest.finish_command(
                guest.start_command("lspci -n -d 111d: && lspci -k -d 111d:"), COMMAND_SECONDS,
                guest.check_alive)
            self.assertEqual(code, 0, shown)
            self.assertRegex(shown, r"(?m)^01:00\.0 0680: 111d:8091")
            self.assertRegex(shown, r"(?m)^01:00\.1 0880: 111d:8091")
            self.assertRegex(shown, r"(?s)01:00\.0.*Kernel driver in use: ntb_hw_idt.*01:00\.1")
            self.assertTrue(guest.console.find("IDT NTB device is ready"))


if __name__ == "__main__":
    unittest.main()
