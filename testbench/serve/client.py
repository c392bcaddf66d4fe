# SPDX-License-Identifier: Apache-2.0
"""A small vfio-user client, and `ntbsim serve` as a child, for tests of the running simulator.

The client is written from the protocol's documentation (QEMU, "vfio-user Protocol Specification")
and shares nothing with the server under test. It sends what it is told, wrong things too.

Threading: one thread per client. Errors: Refused with the errno of a reply, ConnectionError when
the server has closed, TimeoutError when it does not answer.
"""
import array
import itertools
import json
import os
import pathlib
import select
import socket
import struct
import subprocess
import tempfile
import time

VERSION, DMA_MAP, DMA_UNMAP, GET_INFO, GET_REGION_INFO, GET_IRQ_INFO, SET_IRQS = 1, 2, 3, 4, 5, 7, 8
REGION_READ, REGION_WRITE, RESET = 9, 10, 13
NO_REPLY, ERROR = 0x10, 0x20
HEADER = struct.Struct("<HHIII")
ACCESS = struct.Struct("<QII")

BAR0, CONFIG = 0, 7
INTX, MSI = 0, 1
IRQ_NONE, IRQ_BOOL, IRQ_EVENTFD, IRQ_MASK, IRQ_UNMASK, IRQ_TRIGGER = 1, 2, 4, 8, 16, 32


def _map():
    """Offsets of registers, masks of their fields: from the map in the program under test."""
    text = subprocess.run([os.environ["NTBSIM"], "regs", "export", "--format", "json"], check=True,
                          stdout=subprocess.PIPE).stdout
    offsets, masks = {}, {}
    for space in json.loads(text)["spaces"]:
        for row in space["registers"]:
            offsets.update((member["name"], member["offset"]) for member in row["members"])
            for field in row["fields"]:
                mask = (2 << field["msb"]) - (1 << field["lsb"])
                masks.update((f"{member['name']}.{field['name']}", mask)
                             for member in row["members"])
    return offsets, masks


# Offset of a register by its name, mask of a field by "REGISTER.FIELD" (docs/registers.md).
REGISTERS, FIELDS = _map()

PCICMD, MSICAP, MSIADDR, MSIMDATA, AERUES = (
    REGISTERS[name] for name in ("PCICMD", "MSICAP", "MSIADDR", "MSIMDATA", "AERUES"))
NTCTL, NTINTSTS, NTINTMSK, NTSDATA = (
    REGISTERS[name] for name in ("NTCTL", "NTINTSTS", "NTINTMSK", "NTSDATA"))
OUTDBELLSET, INDBELLSTS, INDBELLMSK = (
    REGISTERS[name] for name in ("OUTDBELLSET", "INDBELLSTS", "INDBELLMSK"))
BARSETUP0, REQIDCAP, GASAADDR, GASADATA = (
    REGISTERS[name] for name in ("BARSETUP0", "REQIDCAP", "GASAADDR", "GASADATA"))
NTMTBLADDR, NTMTBLDATA = (REGISTERS[name] for name in ("NTMTBLADDR", "NTMTBLDATA"))
SESTS, SEMSK, SEPMSK = (REGISTERS[name] for name in ("SESTS", "SEMSK", "SEPMSK"))
SELINKUPSTS, SELINKUPMSK, SELINKDNSTS, SELINKDNMSK = (
    REGISTERS[name] for name in ("SELINKUPSTS", "SELINKUPMSK", "SELINKDNSTS", "SELINKDNMSK"))
SEHRSTSTS, SEHRSTMSK = (REGISTERS[name] for name in ("SEHRSTSTS", "SEHRSTMSK"))
SEVENT, DBELL = FIELDS["NTINTSTS.SEVENT"], FIELDS["NTINTSTS.DBELL"]
CPEN, VALID = FIELDS["NTCTL.CPEN"], FIELDS["NTMTBLDATA.VALID"]
LINK_UP = FIELDS["SWPORT0STS.LINKUP"]


def port_status(port):
    """Global address of SWPORTxSTS."""
    return REGISTERS[f"SWPORT{port}STS"]


def of_port(port, register):
    """Global address of a register of a port's NT function (behaviour B1.7)."""
    return port * 0x2000 + 0x1000 + register


class Refused(Exception):
    """An error reply."""

    def __init__(self, command, error):
        super().__init__(f"command {command}: {os.strerror(error)}")
        self.errno = error


class Client:
    """One connection; `with` closes it. Opens with VERSION unless told not to."""

    def __init__(self, path, hello=True, timeout=10):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self._ids = itertools.count(1)
        self._owned = []
        try:
            self.socket.connect(str(path))
            if hello:
                self.capabilities = self.command(VERSION, struct.pack("<HH", 0, 0))
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Leaves, with everything that was made here."""
        self.socket.close()
        while self._owned:
            os.close(self._owned.pop())

    # --- Messages --------------------------------------------------------------------------------

    def send(self, command, payload=b"", fds=(), flags=0, size=None):
        """Sends one message (`size`: what its header claims); its id."""
        identifier = next(self._ids) & 0xFFFF
        header = HEADER.pack(identifier, command, 16 + len(payload) if size is None else size,
                             flags, 0)
        data = header + payload
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        sent = self.socket.sendmsg([data], rights)
        if sent < len(data):
            self.socket.sendall(data[sent:])
        return identifier

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the server has closed")
            data += piece
        return data

    def receive(self):
        """(id, command, flags, errno, payload) of the next message."""
        identifier, command, size, flags, error = HEADER.unpack(self._exactly(16))
        return identifier, command, flags, error, self._exactly(size - 16)

    def command(self, command, payload=b"", fds=()):
        """The payload of the reply; Refused."""
        identifier = self.send(command, payload, fds)
        got, replied, flags, error, answer = self.receive()
        if (got, replied) != (identifier, command) or flags & 0xF != 1:
            raise AssertionError(f"reply {got}/{replied:#x} to {identifier}/{command:#x}")
        if flags & ERROR:
            raise Refused(command, error)
        return answer

    def closed_by_server(self, seconds=10):
        """True if the server closes the connection in time (unread replies are skipped)."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    # --- Registers -------------------------------------------------------------------------------

    def read(self, offset, size=4, region=BAR0):
        """A register."""
        answer = self.command(REGION_READ, ACCESS.pack(offset, region, size))
        return int.from_bytes(answer[ACCESS.size:], "little")

    def write(self, offset, value, size=4, region=BAR0, posted=False):
        """Writes a register; `posted` without asking for an answer, as QEMU does for BARs."""
        payload = ACCESS.pack(offset, region, size) + value.to_bytes(size, "little")
        if posted:
            self.send(REGION_WRITE, payload, flags=NO_REPLY)
        else:
            self.command(REGION_WRITE, payload)

    def read_global(self, address):
        """A register of the global address space, through GASAADDR and GASADATA."""
        self.write(GASAADDR, address)
        return self.read(GASADATA)

    def write_global(self, address, value):
        """Writes a register of the global address space."""
        self.write(GASAADDR, address)
        self.write(GASADATA, value)

    def enable(self, msi=True):
        """What a driver's probe does: memory decode, bus mastering, MSI on or INTx."""
        self.write(PCICMD, 0x6, 2, CONFIG)
        if msi:
            self.write(MSIADDR, 0xFEE00000, 4, CONFIG)
            self.write(MSIMDATA, 0x41, 2, CONFIG)
            self.write(MSICAP + 2, 0x1, 2, CONFIG)
        return self

    # --- Interrupts and memory -------------------------------------------------------------------

    def own(self, fd):
        """Closes this descriptor with the client."""
        self._owned.append(fd)
        return fd

    def set_irqs(self, index, flags, count=1, data=b"", fds=()):
        """DEVICE_SET_IRQS."""
        payload = struct.pack("<5I", 20 + len(data), flags, index, 0, count) + data
        self.command(SET_IRQS, payload, fds)

    def interrupt(self, index):
        """Connects a new eventfd to an interrupt; the descriptor."""
        fd = self.own(os.eventfd(0, os.EFD_NONBLOCK))
        self.set_irqs(index, IRQ_EVENTFD | IRQ_TRIGGER, fds=[fd])
        return fd

    def map(self, address, size, fd=None, offset=0, flags=0x3):
        """DMA_MAP."""
        payload = struct.pack("<IIQQQ", 32, flags, offset, address, size)
        self.command(DMA_MAP, payload, [] if fd is None else [fd])

    def memory(self, size):
        """A memfd that stands for guest RAM."""
        fd = self.own(os.memfd_create("ram"))
        os.ftruncate(fd, size)
        return fd


def taken(fd, seconds=5):
    """The count of an eventfd, waited for; 0 if nothing comes."""
    if not select.select([fd], [], [], seconds)[0]:
        return 0
    return os.eventfd_read(fd)


def eventually(condition, seconds=10):
    """Polls until the condition is true; its last value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.01)


class Serve:
    """A running `ntbsim serve` with a directory of its own."""

    def __init__(self, *arguments, ports=(0, 2), topology="two-host"):
        self._directory = tempfile.TemporaryDirectory(prefix="ntb-serve-")
        self.directory = pathlib.Path(self._directory.name)
        self.sockets = {port: self.directory / f"{port}.sock" for port in ports}
        self._log = self.directory / "log"
        command = [os.environ["NTBSIM"], "serve", "--topology", str(topology)]
        for port, path in self.sockets.items():
            command += ["--port", f"{port}={path}"]
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen(command + [str(word) for word in arguments],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        last = f"serving port {max(ports)} "
        if not eventually(lambda: last in self.log() or self.process.poll() is not None, 60) or \
                self.process.poll() is not None:
            text = self.log()
            self.__exit__()
            raise AssertionError(f"ntbsim serve did not start: {text}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._directory.cleanup()

    def log(self):
        """What it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def client(self, port, **options):
        """A new client of a port."""
        return Client(self.sockets[port], **options)

    def stop(self, signal, seconds=20):
        """Sends a signal; the exit code."""
        self.process.send_signal(signal)
        return self.process.wait(seconds)

    def alive(self):
        """True while it runs."""
        return self.process.poll() is None

    def cpu_ticks(self):
        """Processor time used so far, in clock ticks."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(
            encoding="ascii").rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def sleeps(self):
        """How often its threads have gone to sleep."""
        total = 0
        for status in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/status"):
            for line in status.read_text(encoding="ascii").splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
        return total

    def descriptors(self):
        """How many file descriptors it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Control:
    """A client of the control socket (docs/control.md)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))
        self.socket.settimeout(20)
        self.lines = self.socket.makefile("r", encoding="ascii")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def say(self, *statements):
        """The answers, one a statement."""
        self.socket.sendall("".join(f"{line}\n" for line in statements).encode())
        return [self.lines.readline().rstrip("\n") for _ in statements]

    def obey(self, *statements):
        """Every statement is obeyed; AssertionError with the first refusal."""
        for statement, answer in zip(statements, self.say(*statements)):
            if not answer.startswith("ok at "):
                raise AssertionError(f"'{statement}': {answer}")
