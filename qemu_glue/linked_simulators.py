# SPDX-License-Identifier: Apache-2.0
"""`--link ivshmem`: a simulator for each guest, together one switch, joined at an ivshmem server.

Each writes a waveform of its own, FILE.portP.vcd beside the FILE.vcd that is asked for; after the
run they are merged into that one.
"""
import contextlib
import pathlib
import subprocess

from errors import RunError
from ivshmem_server import IvshmemServer
from simulator import Simulator, serve_command


def part_of(path, port):
    """Where the simulator of a port writes, of what shall be one file in the end."""
    path = pathlib.Path(path)
    return path.with_name(f"{path.stem}.port{port}{path.suffix}")


class LinkedSimulators:
    """Server and simulators, to be used like one simulator; `with` stops them.

    `extra` gives more words for the simulator of a port.
    """

    def __init__(self, options, sockets, server_path, extra=lambda port: ()):
        self._ntbsim = options.ntbsim
        self._vcd = options.vcd
        self._ports = list(sockets)
        self._stack = contextlib.ExitStack()
        self.log_path = options.out / f"ntbsim.port{self._ports[0]}.log"
        self.simulators = []
        with contextlib.ExitStack() as building:
            self.server = building.enter_context(IvshmemServer(
                options.ntbsim, server_path, options.out / "ivshmem-server.log"))
            self.server.wait_until_serving()
            for port, path in sockets.items():
                command = serve_command(options.ntbsim, options.topology, {port: path},
                                        part_of(self._vcd, port) if self._vcd else None,
                                        options.vcd_limit,
                                        extra=["--peer", f"ivshmem:{server_path}", *extra(port)])
                simulator = Simulator(command, options.out / f"ntbsim.port{port}.log")
                self.simulators.append(building.enter_context(simulator))
                simulator.wait_until_serving([port])
            self._stack = building.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def pids(self):
        """Of the simulators; the server has nothing to do while they run."""
        return [simulator.child.process.pid for simulator in self.simulators]

    def check_alive(self):
        """RunError if one has ended."""
        for simulator in self.simulators:
            simulator.check_alive()

    def stop(self):
        """Ends them; the first exit code that is not 0, or 0. Merges the waveforms."""
        codes = [simulator.stop() for simulator in self.simulators]
        self._stack.close()
        if self._vcd and not any(codes):
            self._merge()
        return next((code for code in codes if code), 0)

    def windows_trapped(self):
        """As Simulator.windows_trapped()."""
        return next((line for simulator in self.simulators
                     for line in [simulator.windows_trapped()] if line), None)

    def waveform_stopped(self):
        """As Simulator.waveform_stopped()."""
        return [line for simulator in self.simulators for line in simulator.waveform_stopped()]

    def _merge(self):
        parts = [str(part_of(self._vcd, port)) for port in self._ports]
        done = subprocess.run([self._ntbsim, "trace", "merge", *parts, "-o", str(self._vcd)],
                              check=False, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            reason = (done.stdout.splitlines() or ["no reason"])[-1]
            raise RunError("trace merge", reason, f"see {', '.join(parts)}")
