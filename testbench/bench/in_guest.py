# SPDX-License-Identifier: Apache-2.0
"""Rows measured with guests on QEMU: a register read as a guest sees it, and ntb_pingpong.

This is the only part of the testbench that uses qemu_glue/: the launcher's own classes start the
guests, so that what is measured is what `ntb cosim` runs.
"""
import contextlib
import pathlib
import sys
import time

from machine import median, median_ratio, run_json
from over_socket import PING_PONG
from report import BenchError, Row, duration, rate

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "qemu_glue"))
import cosim  # noqa: E402 # pylint: disable=wrong-import-position
import launch_options  # noqa: E402 # pylint: disable=wrong-import-position
from children import wait_for  # noqa: E402 # pylint: disable=wrong-import-position
from cpio_archive import CpioArchive  # noqa: E402 # pylint: disable=wrong-import-position
from errors import GlueError  # noqa: E402 # pylint: disable=wrong-import-position
from guest import Guest  # noqa: E402 # pylint: disable=wrong-import-position
from pingpong import Pingpong  # noqa: E402 # pylint: disable=wrong-import-position
from prepare import prepare  # noqa: E402 # pylint: disable=wrong-import-position
from progress import Progress  # noqa: E402 # pylint: disable=wrong-import-position
from topology import Port  # noqa: E402 # pylint: disable=wrong-import-position

BOOT_SECONDS = 240
COMMAND_SECONDS = 120
# The device, and QEMU's own educational device beside it: PCI IDs, an offset to read, one to write.
FUNCTIONS = {"ntb": ("0x111d", "0x0428", "0x0ff8"), "edu": ("0x1234:0x11e8", "0x04", "0x04")}
# No driver is loaded: a bound driver keeps its BAR to itself.
FIND = """for d in /sys/bus/pci/devices/*; do
  v=$(cat $d/vendor); p=$(cat $d/device)
  case "{ids}" in $v|$v:$p) echo 1 >$d/enable && echo $d/resource0;; esac
done"""


def _image_with(initramfs, program, directory):
    """An initramfs with one more file. The kernel unpacks archives that follow one another."""
    extra = CpioArchive()
    extra.file("bench_guest", program.read_bytes(), 0o755)
    data = initramfs.read_bytes()
    path = directory / "initramfs.cpio"
    path.write_bytes(data + bytes(-len(data) % 4) + extra.data())
    return path


def _command(guest, alive, command, what):
    code, output = guest.finish_command(guest.start_command(command), COMMAND_SECONDS, alive, what)
    if code != 0:
        raise BenchError(f"in the guest: {what} failed: {output.strip() or 'no output'}",
                         f"see {guest.console_log}")
    return output


def register_rows(s, build, out, rounds, qemu=None):
    """A register read in a guest, beside `edu` in the same guest and the bare round trip."""
    out.mkdir(parents=True, exist_ok=True)
    figures = {"ntb": [], "edu": [], "floor": [], "bare": [], "queued": []}
    writes = {"ntb": [], "edu": []}
    try:
        ready = prepare(qemu, Progress(sys.stderr))
        ready = ready._replace(
            initramfs=_image_with(ready.initramfs, build / "testbench/bench/bench_guest",
                                  s.directory),
            qemu=[*ready.qemu, "-device", "edu"])
        with contextlib.ExitStack() as stack:
            # A simulator for the guest, and one of the same kind for the bare client.
            paths, _ = stack.enter_context(s.serve())
            bare_paths, _ = stack.enter_context(s.serve())
            guest = stack.enter_context(Guest(0, Port(0, 0), ready, paths[0], out,
                                              kernel_options=["ntb.drivers=off"]))
            wait_for(guest.agent, "^agent ready$", time.monotonic() + BOOT_SECONDS,
                     guest.check_alive, "the end of booting")
            files = {}
            for name, (ids, _, _) in FUNCTIONS.items():
                found = _command(guest, guest.check_alive, FIND.format(ids=ids), f"finding {name}")
                if not found.strip():
                    raise BenchError(f"the guest has no {name} device", f"see {guest.console_log}")
                files[name] = found.split()[0]
            for _ in range(rounds):
                for name, (_, read_at, write_at) in FUNCTIONS.items():
                    count = 3000 if name == "ntb" else 100000
                    line = _command(guest, guest.check_alive, f"/bench_guest {files[name]} "
                                    f"{read_at} {write_at} {count}", f"measuring {name}")
                    read_ns, write_ns, _ = line.split()
                    figures[name].append(float(read_ns))
                    writes[name].append(float(write_ns))
                for key, shape in (("bare", ()), ("queued", ("queued",))):
                    with s.echo() as echo:
                        result = run_json([s.client, "read", bare_paths[0], echo, 2000, 1, *shape])
                    figures[key].append(median(result["device"]))
                    if key == "bare":
                        figures["floor"].append(median(result["floor"]))
    except GlueError as error:
        raise BenchError.from_launcher(error) from error
    read = median(figures["ntb"])
    ratio = median_ratio(figures["ntb"], figures["bare"])
    queued = median_ratio(figures["ntb"], figures["queued"])
    edu = f"edu in the same guest: read {duration(median(figures['edu']))}, " \
          f"write {duration(median(writes['edu']))}"
    return [
        Row("register read in a guest", duration(read), value=read, unit="ns",
            floor=f"{duration(median(figures['floor']))} {PING_PONG}",
            ratio=median_ratio(figures["ntb"], figures["floor"]), bound="<= 20 µs",
            met=read <= 20000, note=f"{edu}; accelerator {ready.accelerator}"),
        Row("  against the bare region read", duration(read), value=read, unit="ns",
            floor=f"{duration(median(figures['bare']))} bare region read", ratio=ratio,
            bound="<= 1.5 x", met=ratio <= 1.5),
        Row("  against a bare client in two threads, as QEMU's", duration(read), value=read,
            unit="ns", floor=f"{duration(median(figures['queued']))} the same client's",
            ratio=queued),
        Row("  posted register write in a guest", duration(median(writes["ntb"])),
            value=median(writes["ntb"]), unit="ns",
            floor=f"{duration(median(writes['edu']))} edu's",
            ratio=median_ratio(writes["ntb"], writes["edu"])),
    ]


def _pings(build, out, seconds, waveform, qemu):
    arguments = ["--run", "pingpong", "--pingpong-delay-ms", "0", "--seconds", str(seconds),
                 "--ntbsim", str(build / "testbench/ntbsim/ntbsim"), "--out", str(out)]
    if qemu:
        arguments += ["--qemu", qemu]
    options = launch_options.parse(arguments)
    if not waveform:
        options.vcd = None
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        run = cosim.Run(options, Progress(sys.stderr), stack)
        run.start()
        pingpong = Pingpong(run, options)
        problems = pingpong.execute()
    if problems:
        raise BenchError(f"ntb_pingpong: {problems[0]}", f"see {out}")
    return [guest["pings_per_second"] for guest in pingpong.result["guests"]]


def pingpong_rows(build, out, seconds, qemu=None):
    """ntb_pingpong without a delay between two guests."""
    rows = []
    try:
        for waveform, what in ((False, "ntb_pingpong delay_ms=0, slower side"),
                               (True, "  with the waveform written")):
            slower = min(_pings(build, out, seconds, waveform, qemu))
            row = Row(what, rate(slower), value=slower, unit="1/s")
            if not waveform:
                row.bound, row.met = ">= 3 k/s", slower >= 3000
            rows.append(row)
    except GlueError as error:
        raise BenchError.from_launcher(error) from error
    return rows
