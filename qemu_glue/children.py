# SPDX-License-Identifier: Apache-2.0
"""Child processes, their output, and the directory of their sockets: nothing outlives us.

Every child is stopped when its block is left, and is killed by the kernel should this process be
killed (PR_SET_PDEATHSIG through setpriv). Children run in a session of their own, so Ctrl-C on the
terminal reaches only this process, which then stops them in order.

Threading: one reader thread per output (LineStream); everything else is the main thread, which
must also be the one that starts children, because the kernel watches the starting thread.
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from errors import RunError

STOP_SECONDS = 10
_DIRECTORY = "ntb-cosim"


class Child:
    """A process that is stopped when the block is left. Without a session of its own it stays at
    our terminal."""

    def __init__(self, name, command, pass_fds=(), own_session=True, **options):
        self.name = name
        words = ["setpriv", "--pdeathsig", "KILL", "--"] + [str(word) for word in command]
        try:
            self.process = subprocess.Popen(words, start_new_session=own_session,
                                            pass_fds=pass_fds, **options)
        except OSError as error:
            raise RunError(name, f"cannot be started: {error.strerror}",
                           "run ./ntb setup --cosim") from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def exit_code(self):
        """The exit code, or None while it runs."""
        return self.process.poll()

    def stop(self, sig=signal.SIGTERM):
        """Asks it to end, kills it if it does not; its exit code."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(sig)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()


def ending(code):
    """An exit code in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


class LineStream:
    """Reads a file descriptor in a thread: lines for the main thread, every byte into a log.

    `tee`, if set, is called in the reader thread with each piece of raw bytes.
    """

    def __init__(self, fd, log_path):
        self.log_path = pathlib.Path(log_path)
        self.tee = None
        self._fd = fd
        self._lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        rest = b""
        with open(self.log_path, "wb", buffering=0) as log:
            while True:
                try:
                    data = os.read(self._fd, 65536)
                except OSError:
                    data = b""
                if not data:
                    break
                with contextlib.suppress(OSError):  # a full disk must not stop the run
                    log.write(data)
                tee = self.tee
                if tee is not None:
                    tee(data)  # pylint: disable=not-callable
                *whole, rest = (rest + data).split(b"\n")
                self._add(whole)
            if rest:
                self._add([rest])
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _add(self, lines):
        if not lines:
            return
        with self._changed:
            for line in lines:
                self._lines.append(line.rstrip(b"\r").decode("utf-8", errors="replace"))
            self._changed.notify_all()

    def lines(self, start=0):
        """All lines so far from index `start`."""
        with self._changed:
            return self._lines[start:]

    def find(self, pattern, start=0):
        """The first match of a regular expression among the lines so far, or None."""
        for line in self.lines(start):
            match = re.search(pattern, line)
            if match:
                return match
        return None

    def wait_changed(self, count, seconds):
        """Waits until there are more than `count` lines; False at the end of the stream."""
        with self._changed:
            if len(self._lines) <= count and not self._ended:
                self._changed.wait(seconds)
            return not self._ended or len(self._lines) > count

    def join(self, seconds=5):
        """Waits for the end of the stream, so that the log is whole."""
        self._thread.join(seconds)


def wait_for(stream, pattern, deadline, check_alive, what, start=0):
    """Waits for a line that matches; RunError at the deadline, or from check_alive()."""
    seen = start
    while True:
        fresh = stream.lines(seen)
        for line in fresh:
            match = re.search(pattern, line)
            if match:
                return match
        seen += len(fresh)
        check_alive()
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise RunError("cosim", f"{what} did not happen in time", f"see {stream.log_path}")
        if not stream.wait_changed(seen, min(remaining, 0.25)):
            time.sleep(0.05)  # its end is noticed by check_alive()


def socket_base():
    """Where directories of sockets are made: short, because a socket's path has 107 bytes."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and len(runtime) < 40 and os.access(runtime, os.W_OK):
        return pathlib.Path(runtime)
    return pathlib.Path(tempfile.gettempdir())


@contextlib.contextmanager
def socket_directory(base=None):
    """A new directory for sockets, accessible to this user only, removed at the end.

    A shell that waits for our end of a pipe to close removes it even if this process is killed.
    """
    base = base or socket_base()
    remove_stale_directories(base)
    directory = tempfile.mkdtemp(prefix=f"{_DIRECTORY}-{os.getpid()}-", dir=base)
    with subprocess.Popen(["sh", "-c", 'trap "" INT TERM HUP; read -r _; sleep 0.3; '
                           'rm -rf -- "$1"', "sh", directory],
                          start_new_session=True, stdin=subprocess.PIPE) as remover:
        try:
            yield pathlib.Path(directory)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            remover.stdin.close()


def remove_stale_directories(base):
    """Removes this user's directories whose owner was killed before it could do so."""
    for directory in base.glob(f"{_DIRECTORY}-*-*"):
        with contextlib.suppress(OSError, ValueError):
            owner = int(directory.name.split("-")[2])
            if directory.lstat().st_uid == os.geteuid() and not os.path.exists(f"/proc/{owner}"):
                shutil.rmtree(directory)
