# SPDX-License-Identifier: Apache-2.0
"""Flow control between a guest that posts writes and the simulator.

QEMU's vfio-user client takes a posted write of its guest at once and queues, without a bound, what
the simulator has not read (seen in QEMU 10.1 to 11.1): a guest that makes writes faster than the
simulator takes them ends for lack of memory, and a read waits behind all of them. So a QEMU that
has grown by GROWTH while its socket is full is stopped (QMP: its clock stops, too) until the
simulator has read everything.

Where the kernel does not tell what is unread in a socket (no unix_diag), nothing is ever stopped.
Threading: main thread only; poll() never waits for more than QEMU's answer.
"""
import re
import socket
import struct
import time

from errors import RunError

GROWTH = 64 << 20     # bytes of QEMU's own memory beyond what it had when its guest was up
FULL = 4096           # unread bytes: more than anything but a flood leaves there
PERIOD = 0.2          # seconds between two looks
DRAINED_LOOKS = 2     # this many looks without anything unread: QEMU's queue is empty, too

# linux/sock_diag.h, linux/unix_diag.h, linux/netlink.h
_SOCK_DIAG = 4
_BY_FAMILY = 20
_REQUEST_DUMP = 0x301
_MESSAGE_ERROR, _MESSAGE_DONE = 2, 3
_ESTABLISHED = 1 << 1
_SHOW_NAME, _SHOW_QUEUE = 0x01, 0x10
_NAME, _QUEUE = 0, 4


def parse_dump(data):
    """({path: unread bytes}, whether the dump has ended) of one netlink datagram, or None.

    Only sockets with a path: of a connection, the end that accepted it.
    """
    unread, offset = {}, 0
    while offset + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, offset)
        if kind == _MESSAGE_DONE:
            return unread, True
        if kind == _MESSAGE_ERROR or length < 16:
            return None
        attributes, at = {}, offset + 32
        while at + 4 <= min(offset + length, len(data)):
            size, name = struct.unpack_from("=HH", data, at)
            attributes[name] = data[at + 4:at + max(size, 4)]
            at += max((size + 3) & ~3, 4)
        if _NAME in attributes and len(attributes.get(_QUEUE, b"")) == 8:
            path = attributes[_NAME].rstrip(b"\0").decode(errors="replace")
            unread[path] = unread.get(path, 0) + struct.unpack("=II", attributes[_QUEUE])[0]
        offset += (length + 3) & ~3
    return unread, False


def unread_bytes():
    """{path: bytes that have been sent there and not been read}, or None if nobody tells."""
    request = struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, _ESTABLISHED, 0,
                          _SHOW_NAME | _SHOW_QUEUE, 0xffffffff, 0xffffffff)
    header = struct.pack("=IHHII", 16 + len(request), _BY_FAMILY, _REQUEST_DUMP, 1, 0)
    unread = {}
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as end:
            end.settimeout(5)
            end.send(header + request)
            while True:
                parsed = parse_dump(end.recv(1 << 16))
                if parsed is None:
                    return None
                unread.update(parsed[0])
                if parsed[1]:
                    return unread
    except OSError:
        return None


def own_memory(pid):
    """Bytes of memory that a process shares with nobody; 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            match = re.search(r"^RssAnon:\s+(\d+) kB", status.read(), re.M)
    except OSError:
        match = None
    return int(match.group(1)) << 10 if match else 0


class FlowControl:
    """Stops and continues the guests of a run. `unread` and `memory` are those above."""

    def __init__(self, unread=unread_bytes, memory=own_memory, clock=time.monotonic):
        self._unread = unread
        self._memory = memory
        self._clock = clock
        self._next = 0.0
        self._first = {}      # guest: its QEMU's memory when it was first looked at
        self._looks = {}      # guest that is stopped: looks without anything unread
        self._since = {}      # guest that is stopped: since when
        self._seconds = {}    # guest: how long it has been stopped
        self.stops = 0

    def stopped_seconds(self, guest):
        """How long a guest has been stopped so far: its clock does not know of that time."""
        running = self._clock() - self._since[guest] if guest in self._since else 0.0
        return self._seconds.get(guest, 0.0) + running

    def poll(self, guests):
        """Looks after running guests whose agents have answered; RunError as Qmp.command()."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + PERIOD
        grown = [guest for guest in guests if guest.qmp and (
            guest in self._looks or self._has_grown(guest))]
        unread = self._unread() if grown else None
        if unread is None:
            return
        for guest in grown:
            waiting = unread.get(str(guest.socket_path), 0)
            if guest in self._looks:
                self._looks[guest] = 0 if waiting else self._looks[guest] + 1
                if self._looks[guest] >= DRAINED_LOOKS:
                    del self._looks[guest]
                    self._command(guest, "cont")
                    self._seconds[guest] = self.stopped_seconds(guest)
                    del self._since[guest]
            elif waiting >= FULL:
                self._looks[guest] = 0
                self.stops += 1
                self._since[guest] = now
                self._command(guest, "stop")

    def _has_grown(self, guest):
        memory = self._memory(guest.child.process.pid)
        return memory > self._first.setdefault(guest, memory) + GROWTH

    @staticmethod
    def _command(guest, name):
        try:
            guest.qmp.command(name)
        except RunError:
            guest.check_alive()  # one that has ended says why better
            raise
