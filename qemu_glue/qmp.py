# SPDX-License-Identifier: Apache-2.0
"""QEMU's machine protocol (QMP) on one end of a socket pair: a guest's memory, reset, power.

Threading: main thread only. Events that QEMU sends in between are skipped.
"""
import json
import pathlib
import socket

from errors import RunError

ANSWER_SECONDS = 60   # QEMU answers when no vCPU waits for the device


class Qmp:
    """The connection to one QEMU; `name` is for messages."""

    def __init__(self, end, name):
        self._socket = end
        self._name = name
        self._rest = b""
        self._greeted = False

    def command(self, name, **arguments):
        """Executes one command; what it returns."""
        if not self._greeted:
            self._greeted = True
            self.command("qmp_capabilities")
        try:
            self._socket.settimeout(ANSWER_SECONDS)
            self._socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode()
                                 + b"\n")
            while True:
                answer = json.loads(self._line())
                if "return" in answer:
                    return answer["return"]
                if "error" in answer:
                    raise RunError(self._name, f"QEMU refused {name}: {answer['error']['desc']}",
                                   "see its log")
        except (OSError, ValueError) as error:
            raise RunError(self._name, f"QEMU did not answer {name}: {error}",
                           "see its log") from error

    def read_memory(self, address, size, path):
        """Guest memory at a physical address, by way of a file of QEMU's."""
        path = pathlib.Path(path)
        self.command("pmemsave", val=address, size=size, filename=str(path))
        data = path.read_bytes()
        path.unlink()
        return data

    def _line(self):
        while b"\n" not in self._rest:
            try:
                data = self._socket.recv(65536)
            except socket.timeout as error:
                raise OSError("no answer in time") from error
            if not data:
                raise OSError("it has ended")
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        return line
