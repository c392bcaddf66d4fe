# SPDX-License-Identifier: Apache-2.0
"""An ivshmem server for tests of two simulators, from the protocol's documentation (QEMU,
docs/specs/ivshmem-spec). It shares nothing with the server in the program.

Threading: a thread of its own, ended by close(). Errors: a client that goes away is told of, no
more.
"""
import array
import os
import select
import socket
import struct
import threading

MEMORY = 4 << 20


class IvshmemServer:
    """One vector per client; `with` ends it."""

    def __init__(self, path, size=MEMORY):
        self.path = path
        self.memory = os.memfd_create("ivshmem")
        os.ftruncate(self.memory, size)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(8)
        self._clients = {}  # id: (socket, eventfd)
        self._next = 0
        self._stop = os.eventfd(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """The server dies: its clients see their connections end."""
        if self._thread.is_alive():
            os.eventfd_write(self._stop, 1)
            self._thread.join()
            self._listener.close()
            for connection, bell in self._clients.values():
                connection.close()
                os.close(bell)
            self._clients.clear()
            os.close(self._stop)
            os.unlink(self.path)

    def free(self):
        """The memory is nobody's any more; after close()."""
        os.close(self.memory)

    def ring(self, client):
        """Interrupts a client, as a peer that never ends might."""
        os.eventfd_write(self._clients[client][1], 1)

    def clients(self):
        """IDs of those that are there."""
        return sorted(self._clients)

    @staticmethod
    def _say(connection, number, fd=None):
        rights = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                         array.array("i", [fd]))]
        try:
            connection.sendmsg([struct.pack("<q", number)], rights)
        except OSError:
            pass  # it is gone; its end of file comes

    def _join(self):
        connection, _ = self._listener.accept()
        number, bell = self._next, os.eventfd(0, os.EFD_NONBLOCK)
        self._next += 1
        self._say(connection, 0)
        self._say(connection, number)
        self._say(connection, -1, self.memory)
        for other, (to_other, other_bell) in self._clients.items():
            self._say(to_other, number, bell)
            self._say(connection, other, other_bell)
        self._say(connection, number, bell)
        self._clients[number] = (connection, bell)

    def _leave(self, number):
        connection, bell = self._clients.pop(number)
        connection.close()
        os.close(bell)
        for other, _ in self._clients.values():
            self._say(other, number)

    def _run(self):
        while True:
            sockets = {connection: number for number, (connection, _) in self._clients.items()}
            ready, _, _ = select.select([self._stop, self._listener, *sockets], [], [])
            if self._stop in ready:
                return
            if self._listener in ready:
                self._join()
            for connection in ready:
                if connection in sockets:
                    self._leave(sockets[connection])
