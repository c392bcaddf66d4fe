# SPDX-License-Identifier: Apache-2.0
"""The other simulator of a switch, as a test scripts it: it takes a side in the shared memory and
puts there what the test says, wrong things too (tlm_bridge/peer/layout.h, docs/peer-link.md).

It hears no bells, and its owner rings (IvshmemServer.ring()). Its record lock is one of the test's
process: the server's memory must not be closed meanwhile. Threading: none.
"""
import fcntl
import mmap
import struct

MEMORY_BYTES = 0x204000
CROSSING, REGISTER_READ, MEMORY_READ, MEMORY_WRITE = 1, 2, 4, 5
DOORBELLS, MESSAGE, MESSAGE_OUTCOME, SWITCH_EVENT = 0, 1, 2, 3
RAISE, LINK_CHANGED, SET_TEMPERATURE = 6, 7, 13
FLAG_SET = 1

SLOTS, SLOT_BYTES = 256, 4096
HEAD = struct.Struct("<HHIIIQQQIIIH6B4x")
FIELDS = ("kind", "bytes", "sender", "to", "tag", "sent_ps", "due_ps", "address", "total", "value",
          "mask", "requester", "port", "index", "from_port", "from_index", "partition", "flags")
INCARNATIONS, TURN = 44, 60  # words of the header
SIDE, SIDE_BYTES = 128, 256
INCARNATION, IVSHMEM_ID, PORTS, NEXT_PS, NOW_PS, FIRST_SLOT, VIEWS = 0, 4, 8, 16, 24, 32, 40
RING, RING_BYTES = 640, 192
HEAD_OF_RING, TAIL_OF_RING, RUNG = 0, 64, 128
NEVER = (1 << 64) - 1


class ScriptedPeer:
    """Takes a side that is free; `with` leaves it."""

    def __init__(self, memory, side=1, port=2):
        self._file, self.side, self._port = memory, side, port
        self.memory = mmap.mmap(memory, MEMORY_BYTES)
        self._block = SIDE + side * SIDE_BYTES
        self._out, self._in = (RING + s * RING_BYTES for s in (side, 1 - side))
        self.incarnation = 0
        self.come()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()
        self.memory.close()

    def get(self, at, code="I"):
        """A word of the memory."""
        return struct.unpack_from("@" + code, self.memory, at)[0]

    def put(self, at, value, code="I"):
        """Writes one, at once as a whole."""
        struct.pack_into("@" + code, self.memory, at, value)

    # --- who is there ----------------------------------------------------------------------------

    def come(self):
        """A simulator of the next number takes the side."""
        fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1 + self.side)
        number = self.get(INCARNATIONS) + 1
        self.put(INCARNATIONS, number)
        for port in range(24):
            self.put(self._block + VIEWS + 8 * port, 0, "Q")
        self.put(self._block + IVSHMEM_ID, 0xFFFFFFFF)
        self.put(self._block + PORTS, 1 << self._port)
        self.put(self._block + NEXT_PS, NEVER, "Q")
        self.put(self._block + NOW_PS, 0, "Q")
        self.put(self._in + TAIL_OF_RING, self.get(self._in + HEAD_OF_RING, "Q"), "Q")
        self.put(self._block + FIRST_SLOT, self.get(self._out + HEAD_OF_RING, "Q"), "Q")
        self.become(number)

    def become(self, number):
        """Says that it is the simulator of that number."""
        self.incarnation = number
        self.put(self._block + INCARNATION, number)

    def leave(self):
        """Dies."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, 1 + self.side)

    def accepts(self, port, accepts=True, doorbells=0):
        """What the other side sees of a port."""
        self.put(self._block + VIEWS + 8 * port, int(accepts))
        self.put(self._block + VIEWS + 8 * port + 4, doorbells)

    def say_time(self, now_ps, next_ps):
        """Its simulated time, without a wall clock; the turn is the other's."""
        self.put(self._block + NEXT_PS, next_ps, "Q")
        self.put(self._block + NOW_PS, now_ps, "Q")
        self.put(TURN, 1 - self.side)

    # --- records ---------------------------------------------------------------------------------

    def send(self, kind=CROSSING, **fields):
        """Puts a record of one slot into the ring and does not ring."""
        position = self.get(self._out + HEAD_OF_RING, "Q")
        values = {"kind": kind, "sender": self.incarnation, "to": self.other(), **fields}
        at = self._slot(self.side, position)
        HEAD.pack_into(self.memory, at, *(values.get(name, 0) for name in FIELDS))
        self.put(self._out + HEAD_OF_RING, position + 1, "Q")

    def has_room(self):
        """Whether the ring takes one more."""
        head, tail = (self.get(at, "Q") for at in self.ring_words(outgoing=True))
        return head - tail < SLOTS

    def other(self):
        """Number of the simulator at the other side."""
        return self.get(SIDE + (1 - self.side) * SIDE_BYTES + INCARNATION)

    def set_rung(self):
        """Its bell, were it there, is rung: until the simulator has heard it."""
        self.put(self._out + RUNG, 1)

    def rung(self):
        """Whether that is not heard yet."""
        return self.get(self._out + RUNG) != 0

    def ring_words(self, *, outgoing):
        """Where head and tail of a ring are, for who writes there what cannot be."""
        base = self._out if outgoing else self._in
        return base + HEAD_OF_RING, base + TAIL_OF_RING

    def received(self):
        """What has come since it asked last: heads of records, by name."""
        head, tail = (self.get(at, "Q") for at in self.ring_words(outgoing=False))
        found = []
        for position in range(tail, head):
            values = HEAD.unpack_from(self.memory, self._slot(1 - self.side, position))
            found.append(dict(zip(FIELDS, values)))
        self.put(self._in + TAIL_OF_RING, head, "Q")
        self.put(self._in + RUNG, 0)
        return found

    def crossings(self, what):
        """The same of those crossings only."""
        return [r for r in self.received() if r["kind"] == CROSSING and r["index"] == what]

    @staticmethod
    def _slot(side, position):
        return 0x4000 + side * SLOTS * SLOT_BYTES + position % SLOTS * SLOT_BYTES
