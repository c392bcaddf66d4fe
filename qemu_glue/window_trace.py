# SPDX-License-Identifier: Apache-2.0
"""What a waveform says about window traffic: writes that entered the switch, and that left it.

Reads VCD as a stream. Signals: switch.portP.link.rx.tlp (from the host) and .tx.tlp (to the host).
"""
import collections
import re

_SCOPE = re.compile(r"^\$scope module (\S+) \$end")
_STRING = re.compile(r"^\$var string \d+ (\S+) tlp \$end")
_ENTERING = re.compile(r"^MWr (bar\d)\+(0x[0-9a-f]+)")
# A host's interrupts are shown as MSI, so a memory write that leaves is a peer's.
_LEAVING = re.compile(r"^MWr (0x[0-9a-f]+)")

# One write: into a window of `port` (bar is its name), or out to the memory of its host (bar None).
Write = collections.namedtuple("Write", "time_ps port bar address")


def window_writes(lines):
    """Yields the writes that entered windows and that left into host memory, in order of time."""
    signals = {}
    scopes = []
    time = 0
    for line in lines:
        kind = line[:1]
        if kind == "#":
            time = int(line[1:])
        elif kind == "s":
            text, _, identifier = line[1:].rstrip("\n").partition(" ")
            if identifier not in signals:
                continue
            port, direction = signals[identifier]
            text = text.replace("\\040", " ")
            match = (_ENTERING if direction == "rx" else _LEAVING).match(text)
            if not match:
                continue
            if direction == "tx":
                yield Write(time, port, None, int(match.group(1), 16))
            elif match.group(1) != "bar0":  # the registers
                yield Write(time, port, match.group(1), int(match.group(2), 16))
        elif kind == "$":
            _declare(line, scopes, signals)


class Fate:
    """What became of the first `count` writes into a window, seen at the peer.

    A write that leaves while they come in, or up to `slack_ps` later, is taken for one of them.
    """

    def __init__(self, port, bar, peer, buffer, count, slack_ps=10**9):
        self.entered, self.left, self.in_buffer = 0, 0, 0
        self.first_ps, self.last_ps = None, None
        self.first_entering, self.first_leaving = None, None
        self._from, self._to, self._buffer = (port, bar), peer, buffer
        self._count, self._slack = count, slack_ps

    def add(self, write):
        """Takes note of one write."""
        if (write.port, write.bar) == self._from and self.entered < self._count:
            self.entered += 1
            self.last_ps = write.time_ps
            if self.first_ps is None:
                self.first_ps, self.first_entering = write.time_ps, write.address
        elif write.bar is None and write.port == self._to and self.first_ps is not None:
            if write.time_ps > self.last_ps + self._slack or self.left >= self._count:
                return
            self.left += 1
            if self.first_leaving is None:
                self.first_leaving = write.address
            self.in_buffer += self._buffer[0] <= write.address < sum(self._buffer)


def _declare(line, scopes, signals):
    scope = _SCOPE.match(line)
    if scope:
        scopes.append(scope.group(1))
    elif line.startswith("$upscope"):
        scopes.pop()
    else:
        string = _STRING.match(line)
        if string and len(scopes) >= 3:
            port = next((int(name[4:]) for name in scopes
                         if re.fullmatch(r"port\d+", name)), None)
            if port is not None:
                signals[string.group(1)] = (port, scopes[-1])
