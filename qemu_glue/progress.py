# SPDX-License-Identifier: Apache-2.0
"""Progress of long work: one line that is rewritten on a terminal, plain lines in a log."""
import sys
import time


class Progress:
    """Says what is going on, on stderr when `json` figures go to stdout, else on stdout."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stdout
        self.is_terminal = self.stream.isatty()
        self.start = time.monotonic()
        self._open_line = False

    def step(self, text):
        """A state that will soon be replaced by the next one."""
        stamp = f"[{time.monotonic() - self.start:5.1f} s] {text}"
        if self.is_terminal:
            self.stream.write(f"\r\x1b[K{stamp[:118]}")
            self._open_line = True
        else:
            self.stream.write(stamp + "\n")
        self.stream.flush()

    def line(self, text=""):
        """A line that stays."""
        if self._open_line:
            self.stream.write("\r\x1b[K")
            self._open_line = False
        self.stream.write(text + "\n")
        self.stream.flush()

    def done(self):
        """Leaves the terminal in order."""
        if self._open_line:
            self.stream.write("\r\x1b[K")
            self._open_line = False
            self.stream.flush()
