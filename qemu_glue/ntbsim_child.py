# SPDX-License-Identifier: Apache-2.0
"""A command of `ntbsim` that runs until it is stopped, as a child."""
import os
import subprocess

from children import Child, LineStream, ending
from errors import RunError

START_SECONDS = 60


class NtbsimChild:
    """A running command; `with` stops it. `what` is its name in errors, `command` its words."""

    def __init__(self, what, command, log_path):
        self.log_path = log_path
        self._what = what
        self._words = " ".join(["ntbsim", *command[1:2]])
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
            raise RunError(self._what, f"{self._words} {ending(code)}: {reason}",
                           f"see {self.log_path}")
