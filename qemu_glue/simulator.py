# SPDX-License-Identifier: Apache-2.0
"""`ntbsim serve` as a child: its command line, its readiness, its end."""
import os
import subprocess
import time

from children import Child, LineStream, ending, wait_for
from errors import RunError

START_SECONDS = 60


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


class Simulator:
    """A running simulator; `with` stops it."""

    def __init__(self, command, log_path):
        self.log_path = log_path
        reading, writing = os.pipe()
        self._reading = reading
        try:
            self.child = Child("ntbsim", command, stdin=subprocess.DEVNULL, stdout=writing,
                               stderr=writing)
        finally:
            os.close(writing)
        self.output = LineStream(reading, log_path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends it; its exit code."""
        code = self.child.stop()
        self.output.join()
        if self._reading >= 0:
            os.close(self._reading)
            self._reading = -1
        return code

    def check_alive(self):
        """RunError if it has ended."""
        code = self.child.exit_code()
        if code is not None:
            self.output.join()
            own = [line for line in self.output.lines() if line.startswith("ntbsim: ")]
            lines = own or self.output.lines()
            reason = lines[-1] if lines else "no output"
            raise RunError("simulator", f"ntbsim serve {ending(code)}: {reason}",
                           f"see {self.log_path}")

    def waveform_stopped(self):
        """What it has said about a waveform that ended before its end, as a list of lines."""
        return [line[len("ntbsim: "):] for line in self.output.lines()
                if line.startswith("ntbsim: waveform ")]

    def wait_until_serving(self, sockets):
        """Waits until every port has its socket."""
        deadline = time.monotonic() + START_SECONDS
        for port in sockets:
            wait_for(self.output, rf"^ntbsim: serving port {port}\b", deadline, self.check_alive,
                     f"'ntbsim: serving port {port}'")
