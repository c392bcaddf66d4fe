#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Record what a stock QEMU says to a vfio-user server, from firmware to power-off.

record_qemu_session.py RECORDER OUTPUT [--burst] QEMU_COMMAND...

RECORDER is the program built from recorder.cpp. The guest's CPU only runs the firmware; what a
driver would do (enable the device, MSI, register accesses, a reset) is done through QEMU's qtest
socket, so that the recording needs no guest and stays short. With --burst it writes faster than
the server obeys instead, until QEMU gathers writes in REGION_WRITE_MULTI; what is kept then is
the opening and the first of those messages.
"""
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

TIMEOUT = 60.0
BAR_MSI, BAR_INTX, BAR_DMA, BAR_PAUSE = 0x10, 0x14, 0x18, 0x20
HEADER = struct.Struct("<HHIII")


class LineSocket:
    """A UNIX socket that talks in lines."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                self.sock.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.file = self.sock.makefile("rw")

    def ask(self, line):
        """Send one line, return the line that answers it."""
        self.file.write(line + "\n")
        self.file.flush()
        return self.file.readline().strip()


class Qtest(LineSocket):
    """The qtest protocol, as far as it is needed."""

    def command(self, line):
        """One command; returns its value, if it has one."""
        answer = self.ask(line).split()
        if answer[0] != "OK":
            raise RuntimeError(f"{line}: {answer}")
        return int(answer[1], 0) if len(answer) > 1 else None

    def config_read(self, bdf, offset):
        """A dword of configuration space."""
        self.command(f"outl 0xcf8 {0x80000000 | bdf << 8 | offset:#x}")
        return self.command("inl 0xcfc")

    def config_write(self, bdf, offset, value, size="l"):
        """Write configuration space."""
        self.command(f"outl 0xcf8 {0x80000000 | bdf << 8 | offset & ~3:#x}")
        self.command(f"out{size} {0xcfc + offset % 4:#x} {value:#x}")


class Qmp(LineSocket):
    """QMP, as far as it is needed."""

    def __init__(self, path):
        super().__init__(path)
        self.file.readline()
        self.execute("qmp_capabilities")

    def execute(self, command):
        """One command; events in between are skipped."""
        answer = json.loads(self.ask(json.dumps({"execute": command})))
        while "event" in answer:
            answer = json.loads(self.file.readline())
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer}")


def wait_for_firmware(qtest):
    """Return the BDF and BAR0 address of the device, when the firmware has given it one."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        bus = 1  # behind the only root port
        bdf = bus << 8
        if qtest.config_read(bdf, 0) == 0x8091111D:
            bar = qtest.config_read(bdf, 0x10) & ~0xF
            if bar != 0 and qtest.config_read(bdf, 4) & 2:
                return bdf, bar
        time.sleep(0.5)
    raise RuntimeError("the firmware did not set up the device")


def drive(qtest):
    """What a driver does."""
    bdf, bar = wait_for_firmware(qtest)
    qtest.config_write(bdf, 4, 6, "w")  # memory space, bus master
    assert qtest.command(f"readl {bar + 0x40:#x}") == 0
    qtest.command(f"writel {bar + 0x40:#x} 0x12345678")
    assert qtest.command(f"readl {bar + 0x40:#x}") == 0x12345678
    qtest.command(f"writeb {bar + 0x44:#x} 0xab")
    qtest.command(f"writew {bar + 0x46:#x} 0xcdef")
    qtest.command(f"writeq {bar + 0x48:#x} 0x1122334455667788")
    assert qtest.command(f"readl {bar + 0x44:#x}") == 0xCDEF00AB
    # INTx: assert, QEMU unmasks at the next access to the BAR
    qtest.command(f"writel {bar + BAR_INTX:#x} 1")
    time.sleep(0.2)
    qtest.command(f"readl {bar + BAR_INTX:#x}")
    qtest.command(f"writel {bar + BAR_INTX:#x} 0")
    qtest.command(f"readl {bar + BAR_INTX:#x}")
    # MSI
    qtest.config_write(bdf, 0x84, 0xFEE00000)
    qtest.config_write(bdf, 0x88, 0)
    qtest.config_write(bdf, 0x8C, 0x41, "w")
    qtest.config_write(bdf, 0x82, 0x81, "w")
    qtest.command(f"writel {bar + BAR_MSI:#x} 1")
    qtest.command(f"readl {bar + BAR_MSI:#x}")
    # the device writes guest memory
    qtest.command(f"writel {bar + BAR_DMA + 4:#x} 0xfeedc0de")
    qtest.command(f"writel {bar + BAR_DMA:#x} 0x200000")
    qtest.command(f"readl {bar + BAR_DMA:#x}")
    value = qtest.command("readl 0x200000")
    assert value == 0xFEEDC0DE, hex(value)
    # a burst of posted writes
    for i in range(16):
        qtest.command(f"writel {bar + 0x100 + 4 * i:#x} {i:#x}")
    qtest.command(f"readl {bar + 0x100:#x}")
    qtest.config_write(bdf, 0x82, 0x80, "w")  # MSI off, INTx back


def burst(qtest):
    """More posted writes than QEMU queues singly, while the server does not read."""
    _, bar = wait_for_firmware(qtest)
    qtest.command(f"writel {bar + BAR_PAUSE:#x} 1")
    for i in range(3000):
        qtest.command(f"writel {bar + 0x100 + 4 * (i % 16):#x} {i:#x}")
    assert qtest.command(f"readl {bar + 0x100 + 4 * (2999 % 16):#x}") == 2999


def keep_multi_writes(path):
    """Reduce a recording to VERSION and the first REGION_WRITE_MULTI."""
    with open(path, encoding="ascii") as file:
        lines = file.readlines()
    kept = lines[:2]
    for line in lines:
        words = line.split()
        data = bytes.fromhex(words[-1]) if words[0] == ">" else b""
        while len(data) >= HEADER.size:
            _, command, size, _, _ = HEADER.unpack_from(data)
            if command in (14, 15) and len(data) >= size:
                kept.append(f"> {data[:size].hex()}\n")
                break
            data = data[size:]
        if len(kept) > 2:
            break
    with open(path, "w", encoding="ascii") as file:
        file.writelines(kept)


def main():
    """Record one session."""
    recorder, output, *qemu = sys.argv[1:]
    wants_burst = qemu[0] == "--burst"
    if wants_burst:
        qemu.pop(0)
    with tempfile.TemporaryDirectory() as run:
        device, qtest_path, qmp_path = (os.path.join(run, n) for n in ("dev", "qtest", "qmp"))
        with subprocess.Popen([recorder, device, output], stdout=subprocess.PIPE,
                              text=True) as server:
            assert server.stdout.readline() == "listening\n"
            command = qemu + [
                "-machine", "q35,memory-backend=mem", "-accel", "tcg", "-display", "none",
                "-object", "memory-backend-memfd,id=mem,size=256M,share=on", "-m", "256M",
                "-nodefaults", "-device", "pcie-root-port,id=rp",
                "-device", json.dumps({"driver": "vfio-user-pci", "bus": "rp",
                                       "socket": {"type": "unix", "path": device}}),
                "-qtest", f"unix:{qtest_path},server=on,wait=off",
                "-qtest-log", "/dev/null",
                "-qmp", f"unix:{qmp_path},server=on,wait=off"]
            with subprocess.Popen(command) as guest:
                try:
                    qmp = Qmp(qmp_path)
                    qtest = Qtest(qtest_path)
                    if wants_burst:
                        burst(qtest)
                    else:
                        drive(qtest)
                        qmp.execute("system_reset")
                        wait_for_firmware(qtest)
                    qmp.execute("quit")
                    guest.wait(TIMEOUT)
                except BaseException:
                    guest.kill()  # or `with` would wait for it for ever
                    raise
            server.wait(TIMEOUT)
            print(server.stdout.read(), end="")
    if wants_burst:
        keep_multi_writes(output)


if __name__ == "__main__":
    main()
