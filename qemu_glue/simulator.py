# SPDX-License-Identifier: Apache-2.0
"""`ntbsim serve` as a child: its command line, its readiness, its end."""
import time

from children import wait_for
from ntbsim_child import START_SECONDS, NtbsimChild


def serve_command(ntbsim, topology, sockets, vcd=None, vcd_limit=None, capture=None, extra=()):
    """The words of `ntbsim serve`; `sockets` maps port numbers to paths."""
    command = [str(ntbsim), "serve", "--topology", topology]
    for port, path in sockets.items():
        command += ["--port", f"{port}={path}"]
    if vcd:
        command += ["--vcd", str(vcd)]
        if vcd_limit:
            command += ["--vcd-limit", vcd_limit]
    if capture:
        command += ["--capture", str(capture)]
    return command + list(extra)


class Simulator(NtbsimChild):
    """A running simulator; `with` stops it."""

    def __init__(self, command, log_path):
        super().__init__("simulator", command, log_path)

    def pids(self):
        """Of its process."""
        return [self.child.process.pid]

    def waveform_stopped(self):
        """What it has said about a waveform that ended before its end, as a list of lines."""
        return [line[len("ntbsim: "):] for line in self.output.lines()
                if line.startswith("ntbsim: waveform ")]

    def windows_trapped(self):
        """What it has said about windows that are not mapped, or None."""
        said = None
        for line in self.output.lines():
            if line.startswith("ntbsim: windows") and "stay trapped" in line:
                said = said or line[len("ntbsim: "):]
            elif line == "ntbsim: windows: the other simulator is reached now":
                said = None
        return said

    def wait_until_serving(self, sockets):
        """Waits until every port has its socket."""
        deadline = time.monotonic() + START_SECONDS
        for port in sockets:
            wait_for(self.output, rf"^ntbsim: serving port {port}\b", deadline, self.check_alive,
                     f"'ntbsim: serving port {port}'")
