# SPDX-License-Identifier: Apache-2.0
"""Copies of a guest through a window that the stub maps, against memory copies in the same guest.

No driver takes part: a static program in the guest opens the window and copies. What arrived is
read from the other guest's memory, from outside.
"""
import contextlib
import sys
import time

import in_guest
from in_guest import Guest, GlueError, Port, Progress, prepare, stub_plugin, wait_for
from machine import median
from report import BenchError, Row

# Memory of the receiver that its kernel leaves alone.
RESERVED = 0x8000000
WINDOW_BYTES = 1 << 20


def _copies(s, ready, out, rounds, options):
    """[(into, out of, memory to memory)] in MB/s of one guest with a window into another."""
    with contextlib.ExitStack() as stack:
        paths, _ = stack.enter_context(s.serve(ports=(0, 2), options=options))
        guests = [stack.enter_context(Guest(number, Port(port, number), ready, paths[port], out,
                                            qmp=True, kernel_options=[
                                                "ntb.drivers=off", f"memmap=2M${RESERVED:#x}"]))
                  for number, port in enumerate((0, 2))]
        devices = []
        for guest in guests:
            wait_for(guest.agent, "^agent ready$", time.monotonic() + in_guest.BOOT_SECONDS,
                     guest.check_alive, "the end of booting")
            find = in_guest.FIND.format(ids=in_guest.FUNCTIONS["ntb"][0])
            found = in_guest.command_in(guest, guest.check_alive, find,
                                        "finding the device").split()
            if not found:
                raise BenchError("the guest has no NTB device", f"see {guest.console_log}")
            devices.append(found[0].rsplit("/", 1)[0])
        sender, receiver = guests
        program = f"/bench_guest_window {{}} {RESERVED:#x} {WINDOW_BYTES} {{}}"
        in_guest.command_in(receiver, receiver.check_alive, program.format(devices[1], 0),
                            "opening the window")
        lines = in_guest.command_in(sender, sender.check_alive,
                                    program.format(devices[0], rounds), "copying").splitlines()
        arrived = receiver.qmp.read_memory(RESERVED, WINDOW_BYTES, out.resolve() / "window.memory")
    expected = bytes((i * 2654435761 & 0xFFFFFFFFFFFFFFFF) >> 13 & 0xFF
                     for i in range(WINDOW_BYTES))
    if lines[-1] != "equal" or arrived != expected:
        raise BenchError("what was copied into the window is not in the other host's memory",
                         "this is a defect of the simulator or of the stub")
    return [tuple(float(word) for word in line.split()) for line in lines[:-1]]


def rows(s, build, out, rounds, qemu=None):
    """Into the other host's memory, and out of it."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        ready = prepare(qemu, Progress(sys.stderr))
        stub = stub_plugin.choose("auto", ready.qemu, build / "testbench/ntbsim/ntbsim")
        if not stub.file:
            return [Row("window copy in a guest with the stub", "-", note=stub.why)]
        ready = ready._replace(stub=stub, initramfs=in_guest.image_with(
            ready.initramfs, [build / "testbench/bench/bench_guest_window"], s.directory))
        copies = _copies(s, ready, out, rounds, ["--stub"])
    except GlueError as error:
        raise BenchError.from_launcher(error) from error
    memory = median(c[2] for c in copies)
    table = []
    for what, index in (("window copy in a guest with the stub, into the other's memory", 0),
                        ("  out of it", 1)):
        ratio = median(c[index] / c[2] for c in copies)
        table.append(Row(what, f"{median(c[index] for c in copies):.0f} MB/s",
                         value=median(c[index] for c in copies), unit="MB/s",
                         floor=f"{memory:.0f} MB/s memory to memory", ratio=ratio,
                         bound=">= 0.9 x", met=ratio >= 0.9))
    return table
