#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in for a QEMU that has the device `idt-ntb-ivshmem`: stock QEMU, with a simulator behind
it that is joined to the other guest's at the ivshmem server (docs/ivshmem.md).

It takes QEMU's command line. In the environment: NTB_TOPOLOGY (default: seed), NTB_QEMU,
NTBSIM, NTB_SERVE_OPTIONS (more words for `ntbsim serve`, e.g. --vcd guest0.vcd), NTB_OUT (where the
simulator's log is written; default: out/).
Exit codes: QEMU's own; 2 and one line if it was not started, 1 if the simulator did not.
"""
import os
import pathlib
import shlex
import signal
import subprocess
import sys

import qemu_finder
import seed_command_line
from children import Child, socket_directory
from errors import GlueError, UserError
from paths import GLUE, OUT, ntbsim_program
from simulator import Simulator, serve_command
from topology import nt_ports

TOPOLOGY = "seed"


def hide_ourselves():
    """Takes the directory of our stand-ins out of PATH: the real QEMU is looked for."""
    ours = GLUE / "seed"
    os.environ["PATH"] = os.pathsep.join(
        folder for folder in os.environ.get("PATH", "").split(os.pathsep)
        if folder and pathlib.Path(folder).resolve() != ours)


def port_of(number, topology):
    """The NT port with this number in the original's counting."""
    ports = nt_ports(topology)
    if number >= len(ports):
        raise UserError(f"-device {seed_command_line.DRIVER}",
                        f"number={number}, but topology {topology} has {len(ports)} NT ports",
                        f"give 0 to {len(ports) - 1}, or another topology in NTB_TOPOLOGY")
    return ports[number].number


def simulator_command(seed, socket_path):
    """The words that start the simulator of this guest."""
    topology = os.environ.get("NTB_TOPOLOGY") or TOPOLOGY
    port = port_of(seed.number, topology)
    try:
        more = shlex.split(os.environ.get("NTB_SERVE_OPTIONS", ""))
    except ValueError as error:
        raise UserError("NTB_SERVE_OPTIONS", str(error), "close the quotation") from error
    return serve_command(ntbsim_program(), topology, {port: socket_path},
                         extra=["--peer", f"ivshmem:{seed.server}", *more]), port


class Guest:
    """QEMU on our terminal; what asks us to end asks it."""

    def __init__(self, command):
        self.child = Child("QEMU", command, own_session=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.child.process.terminate())

    def wait(self, simulator):
        """Its exit code; says once if the simulator ends before it."""
        told = False
        while True:
            try:
                return self.child.process.wait(0.5)
            except subprocess.TimeoutExpired:
                pass
            try:
                if not told:
                    simulator.check_alive()
            except GlueError as error:
                told = True
                print(f"{error}\r", file=sys.stderr)


def run(words):
    """Simulator and QEMU, one inside the other; QEMU's exit code."""
    seed = seed_command_line.take_device(words)
    with socket_directory() as folder:
        socket_path = folder / "port.sock"
        command = seed_command_line.for_stock_qemu(seed, socket_path)
        serve, port = simulator_command(seed, socket_path)
        qemu = qemu_finder.find()
        out = pathlib.Path(os.environ.get("NTB_OUT") or OUT)
        out.mkdir(parents=True, exist_ok=True)
        with Simulator(serve, out / f"seed-guest{seed.number}.ntbsim.log") as simulator:
            simulator.wait_until_serving([port])
            guest = Guest(qemu + command)
            with guest.child:
                return guest.wait(simulator)


def main(words):
    """QEMU's command line."""
    hide_ourselves()
    try:
        if not seed_command_line.has_device(words):
            qemu = qemu_finder.find()
            os.execv(qemu[0], qemu + words)
        code = run(words)
        return code if code >= 0 else 128 - code
    except GlueError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
