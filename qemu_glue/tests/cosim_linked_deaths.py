# SPDX-License-Identifier: Apache-2.0
"""`--link ivshmem`: guests, their simulators and the server are killed while two stock guests play
ping-pong. The survivor's driver sees its link go down, and ping-pong goes on when what was killed
is there again."""
import contextlib
import os
import pathlib
import signal
import tempfile
import types
import unittest

import context  # noqa: F401 # pylint: disable=unused-import
import cosim_lifecycle
from children import socket_directory
from linked_simulators import LinkedSimulators
from prepare import prepare
from simulator import Simulator, serve_command
from topology import nt_ports


class LinkedTakesLong(cosim_lifecycle.Lifecycle):
    """A server, two simulators, two guests."""

    def serve(self, *kernel_options):
        self.kernel_options = kernel_options
        self.prepared = prepare()
        stack = self.enterContext(contextlib.ExitStack())
        self.out = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.ports = nt_ports("two-host")
        folder = stack.enter_context(socket_directory())
        self.sockets = [folder / f"port{port.number}.sock" for port in self.ports]
        self.server_path = folder / "ivshmem"
        options = types.SimpleNamespace(ntbsim=os.environ["NTBSIM"], topology="two-host", vcd=None,
                                        vcd_limit=None, out=self.out)
        self.simulator = stack.enter_context(LinkedSimulators(
            options, {port.number: path for port, path in zip(self.ports, self.sockets)},
            self.server_path))
        self.stack = stack
        self.guests = []

    def kill_guest(self, number):
        """kill -9; the other one's driver sees the link go down."""
        self.guests[number].child.stop(signal.SIGKILL)
        staying = self.guests[1 - number]
        self.guests = [staying]
        self.wait_for_link(False)
        return staying

    def guest_comes_back(self, number, staying):
        """The guest is started again, and ping-pong goes on."""
        self.guests = [staying]
        comer = self.boot(number)
        self.guests = [comer, staying] if number == 0 else [staying, comer]
        self.wait_for_agent(comer)
        self.play(comer)
        self.wait_for_link(True)
        self.pings_rise()

    def kill_simulator(self, number):
        """kill -9 of a simulator; its guest has lost its device and is killed, too."""
        place, staying = self.simulator.simulators, self.guests[1 - number]
        self.guests[number].child.stop(signal.SIGKILL)
        self.guests = [staying]
        place.pop(number).child.stop(signal.SIGKILL)
        self.wait_for_link(False)
        return staying

    def simulator_comes_back(self, number):
        """Another one takes its place at the server."""
        port = self.ports[number].number
        simulator = self.stack.enter_context(Simulator(
            serve_command(os.environ["NTBSIM"], "two-host", {port: self.sockets[number]},
                          extra=["--peer", f"ivshmem:{self.server_path}"]),
            self.out / f"ntbsim.port{port}.again.log"))
        simulator.wait_until_serving([port])
        self.simulator.simulators.insert(number, simulator)

    def test_a_linked_guest_is_killed_and_comes_back_either_one_and_without_the_server(self):
        self.start()
        self.pings_rise()
        self.guest_comes_back(1, self.kill_guest(1))
        self.simulator.server.child.process.kill()
        self.simulator.server.child.process.wait()
        self.pings_rise()
        self.guest_comes_back(0, self.kill_guest(0))

    def test_a_simulator_of_two_guests_is_killed_and_comes_back_either_one(self):
        self.start()
        self.pings_rise()
        for number in (1, 0):
            staying = self.kill_simulator(number)
            self.simulator_comes_back(number)
            self.guest_comes_back(number, staying)


if __name__ == "__main__":
    unittest.main()
