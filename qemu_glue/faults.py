# SPDX-License-Identifier: Apache-2.0
"""`--run faults`: what the drivers of two guests see of faults that the simulator makes on demand.

The faults are statements at the control socket of `ntbsim serve` (docs/control.md). Guests play
ping-pong meanwhile. RunError where going on makes no sense; the rest are problems of the run.
"""
import re
import socket
import time

import checks
from errors import RunError
from pingpong import COMMAND_SECONDS, READ_INFO, Pingpong

ANSWER_SECONDS = 30
# Peers are told of a link by a switch event, and the driver reads the port's state then.
SEEN_SECONDS = 20
DEGREES = (42.5, 60.0)


class Control:
    """A client of the control socket; `with` closes it."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(ANSWER_SECONDS)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise RunError("control socket", error.strerror or str(error),
                           "see ntbsim.log") from error
        self._lines = self._socket.makefile("r", encoding="ascii")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._lines.close()
        self._socket.close()

    def obey(self, statement):
        """Has it executed; RunError if the simulator refuses."""
        try:
            self._socket.sendall(statement.encode("ascii") + b"\n")
            answer = self._lines.readline().strip()
        except OSError as error:
            answer = error.strerror or str(error)
        if not answer.startswith("ok at "):
            raise RunError("control socket", f"'{statement}': {answer or 'no answer'}",
                           "see ntbsim.log")


class Faults(Pingpong):
    """Ping-pong, and one fault after the other."""

    def execute(self):
        """All steps; a list of problems."""
        self.start()
        watcher, other = self.run.guests[:2]
        with Control(self.run.control) as control:
            self._temperature(control)
            for statement in (f"link port{other.port.number} down",
                              f"link port{other.port.number} up"):
                self._link_goes_down(control, watcher, statement)
        for guest in self.run.guests:
            self.problems += [f"{guest.name}: {line}" for line in
                              checks.kernel_problems(guest.console.lines(), [])]
        return self.problems

    def _info(self, guest):
        command = READ_INFO.format(device=self.devices[guest])
        return self.run.everywhere_ok({guest: command}, COMMAND_SECONDS, f"'{command}'")[guest]

    def _temperature(self, control):
        for degrees in DEGREES:
            self.run.progress.step(f"temp {degrees:g}")
            control.obey(f"temp {degrees:g}")
            for guest in self.run.guests:
                shown = re.search(r"Switch temperature\s*- (-?\d+\.\d+)C", self._info(guest))
                if shown is None or float(shown.group(1)) != degrees:
                    self.problems.append(f"{guest.name}: the driver shows "
                                         f"{shown.group(1) if shown else 'no'} degrees at "
                                         f"{degrees:g}")

    def _link_goes_down(self, control, watcher, statement):
        """After a surprise down, and after the reset that it was, the peer has no NTB link until
        the driver at that port begins anew."""
        self.run.progress.step(statement)
        control.obey(statement)
        deadline = time.monotonic() + SEEN_SECONDS
        while checks.link_is_up(self._info(watcher)):
            if time.monotonic() > deadline:
                self.problems.append(f"{watcher.name}: after '{statement}' the driver shows the "
                                     "NTB link up")
                return
            self.run.pause(0.3)
