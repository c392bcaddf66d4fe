# SPDX-License-Identifier: Apache-2.0
"""A client of the control socket of `ntbsim serve` (docs/control.md)."""
import socket

from errors import RunError

ANSWER_SECONDS = 30


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
