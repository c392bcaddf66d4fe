# SPDX-License-Identifier: Apache-2.0
"""Rows measured with guests on QEMU: a register read as a guest sees it, windows as the corrected
ntb_perf fills them, and ntb_pingpong.

This is the only part of the testbench that uses qemu_glue/: the launcher's own classes start the
guests, so that what is measured is what `ntb cosim` runs.
"""
import collections
import contextlib
import os
import pathlib
import sys
import time

from machine import cpus, median, median_ratio, run_json
from report import BenchError, Row, duration, rate, ratio_row

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "qemu_glue"))
import cosim  # noqa: E402 # pylint: disable=wrong-import-position
import launch_options  # noqa: E402 # pylint: disable=wrong-import-position
import perf  # noqa: E402 # pylint: disable=wrong-import-position
import placement  # noqa: E402 # pylint: disable=wrong-import-position
import stub_plugin  # noqa: E402 # pylint: disable=wrong-import-position
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


def image_with(initramfs, programs, directory):
    """An initramfs with more files. The kernel unpacks archives that follow one another."""
    extra = CpioArchive()
    for program in programs:
        extra.file(program.name, program.read_bytes(), 0o755)
    data = initramfs.read_bytes()
    path = directory / "initramfs.cpio"
    path.write_bytes(data + bytes(-len(data) % 4) + extra.data())
    return path


def command_in(guest, alive, command, what):
    """What the command prints; BenchError if it fails."""
    code, output = guest.finish_command(guest.start_command(command), COMMAND_SECONDS, alive, what)
    if code != 0:
        raise BenchError(f"in the guest: {what} failed: {output.strip() or 'no output'}",
                         f"see {guest.console_log}")
    return output


@contextlib.contextmanager
def _placed(cores):
    """Everything that the block starts runs on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _measure_registers(s, ready, out, rounds, options):
    """{what: [nanoseconds in each round]} of a guest, and of bare clients in turn with it."""
    figures = collections.defaultdict(list)
    with contextlib.ExitStack() as stack:
        # A simulator for the guest, and one of the same kind for the bare client.
        paths, _ = stack.enter_context(s.serve(options=options))
        bare_paths, _ = stack.enter_context(s.serve(options=options))
        guest = stack.enter_context(Guest(0, Port(0, 0), ready, paths[0], out,
                                          kernel_options=["ntb.drivers=off"]))
        wait_for(guest.agent, "^agent ready$", time.monotonic() + BOOT_SECONDS,
                 guest.check_alive, "the end of booting")
        files = {}
        for name, (ids, _, _) in FUNCTIONS.items():
            found = command_in(guest, guest.check_alive, FIND.format(ids=ids), f"finding {name}")
            if not found.strip():
                raise BenchError(f"the guest has no {name} device", f"see {guest.console_log}")
            files[name] = found.split()[0]
        for _ in range(rounds):
            for name, (_, read_at, write_at) in FUNCTIONS.items():
                count = 3000 if name == "ntb" and not ready.stub.file else 100000
                line = command_in(guest, guest.check_alive, f"/bench_guest {files[name]} "
                                f"{read_at} {write_at} {count}", f"measuring {name}")
                read_ns, write_ns, _ = line.split()
                figures[f"{name} read"].append(float(read_ns))
                figures[f"{name} write"].append(float(write_ns))
            for shape in ("plain", "queued"):
                with s.echo() as echo:
                    result = run_json([s.client, "read", bare_paths[0], echo, 2000, 1,
                                       *([shape] if shape == "queued" else [])])
                figures[shape].append(median(result["device"]))
    return figures


def register_rows(s, build, out, rounds, qemu=None):
    """A register read in a guest, beside `edu` in the same guest and the bare round trip."""
    out.mkdir(parents=True, exist_ok=True)
    cores = cpus()
    try:
        ready = prepare(qemu, Progress(sys.stderr))
        stub = stub_plugin.choose("auto", ready.qemu, build / "testbench/ntbsim/ntbsim")
        ready = ready._replace(
            initramfs=image_with(ready.initramfs, [build / "testbench/bench/bench_guest"],
                                  s.directory),
            qemu=[*ready.qemu, "-device", "edu"])
        with _placed({cores[-1]}):
            one = _measure_registers(s, ready, out, rounds, ["--spin-us", 0])
        free = _measure_registers(s, ready, out, rounds, []) if len(cores) > 1 else None
        stubbed = _measure_registers(s, ready._replace(stub=stub), out, rounds, ["--stub"]) \
            if stub.file else None
    except GlueError as error:
        raise BenchError.from_launcher(error) from error

    def against(what, figures, figure, other, name, bound=None):
        return ratio_row(what, median(figures[figure]), median(figures[other]),
                         median_ratio(figures[figure], figures[other]), bound, name)

    read = median(one["ntb read"])
    rows = [
        Row("register read in a guest, QEMU and simulator on one core", duration(read),
            value=read, unit="ns", floor=f"{duration(median(one['edu read']))} edu's",
            ratio=median_ratio(one["ntb read"], one["edu read"]), bound="<= 20 µs",
            met=read <= 20000, note=f"edu is QEMU's own device in the same guest; accelerator "
            f"{ready.accelerator}"),
        against("  against the bare read of a client shaped as QEMU's", one, "ntb read", "queued",
                "two-thread client", 1.5),
        against("  against the bare read of the plain client", one, "ntb read", "plain",
                "one-thread client"),
        against("  posted register write", one, "ntb write", "edu write", "edu's"),
    ]
    if stubbed is not None:
        rows += [against("register read in a guest with the stub", stubbed, "ntb read",
                         "edu read", "edu's", 2),
                 against("  register write", stubbed, "ntb write", "edu write", "edu's", 2)]
    if free is not None:
        rows += [against("  read, placed by the kernel", free, "ntb read", "queued",
                         "two-thread client"),
                 against("  read, placed by the kernel", free, "ntb read", "plain",
                         "one-thread client")]
    return rows


def window_rows(build, out, order, qemu=None):
    """Windows of a guest, by the corrected ntb_perf: the slower way, content verified."""
    rows = []
    for stub, what in (("off", "window of a guest over vfio-user, corrected ntb_perf"),
                       ("auto", "  with the stub (if QEMU takes it)")):
        arguments = ["--run", "perf", "--data-order", str(order), "--stub", stub,
                     "--ntbsim", str(build / "testbench/ntbsim/ntbsim"), "--out", str(out)]
        options = launch_options.parse(arguments + (["--qemu", qemu] if qemu else []))
        options.vcd = None
        out.mkdir(parents=True, exist_ok=True)
        result = {}
        try:
            with contextlib.ExitStack() as stack:
                run = cosim.Run(options, Progress(sys.stderr), stack)
                run.start()
                problems = perf.Perf(run, options).execute(result)
        except GlueError as error:
            raise BenchError.from_launcher(error) from error
        if problems:
            raise BenchError(f"ntb_perf: {problems[0]}", f"see {out}")
        slower = min((row for row in result["perf"] if row["what"] == "ntb_perf corrected"),
                     key=lambda row: row["mb_per_second"])
        row = Row(what, f"{slower['mb_per_second']:.1f} MB/s", value=slower["mb_per_second"],
                  unit="MB/s", ratio=slower["ratio_to_memcpy"],
                  floor=f"{slower['mb_per_second'] / slower['ratio_to_memcpy']:.0f} MB/s memcpy in "
                        "that guest")
        if stub == "off":
            row.bound, row.met = ">= 3 MB/s", row.value >= 3
        rows.append(row)
    return rows


def _pings(build, out, seconds, waveform, qemu, where, stub="auto"):
    arguments = ["--run", "pingpong", "--pingpong-delay-ms", "0", "--seconds", str(seconds),
                 "--ntbsim", str(build / "testbench/ntbsim/ntbsim"), "--out", str(out),
                 "--stub", stub]
    if qemu:
        arguments += ["--qemu", qemu]
    options = launch_options.parse(arguments)
    if not waveform:
        options.vcd = None
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        run = cosim.Run(options, Progress(sys.stderr), stack)
        run.start()
        placement.place(where, run.pids())
        pingpong = Pingpong(run, options)
        problems = pingpong.execute()
    if problems:
        raise BenchError(f"ntb_pingpong: {problems[0]}", f"see {out}")
    return [guest["pings_per_second"] for guest in pingpong.result["guests"]]


def pingpong_rows(build, out, seconds, qemu=None):
    """ntb_pingpong without a delay between two guests."""
    # Judged as `./ntb cosim` runs it on this machine.
    cases = [("ntb_pingpong delay_ms=0, slower side", False, "auto", True),
             ("  with the waveform written", True, "auto", False),
             ("  all on one core", False, "together", False),
             ("  placed by the kernel", False, "kernel", False)]
    rows = []
    judged_rate = 0.0
    try:
        for what, waveform, where, judged in cases:
            slower = min(_pings(build, out, seconds, waveform, qemu, where))
            row = Row(what, rate(slower), value=slower, unit="1/s")
            if judged:
                row.bound, row.met = ">= 3 k/s", slower >= 3000
                judged_rate = slower
            rows.append(row)
        without = min(_pings(build, out, seconds, False, qemu, "auto", "off"))
        rows.append(Row("  with the stub (if QEMU takes it) against without", rate(judged_rate),
                        value=judged_rate, unit="1/s", floor=f"{rate(without)} without",
                        ratio=judged_rate / without, bound=">= 2 x, 5 k/s",
                        met=judged_rate >= 5000 and judged_rate >= 2 * without))
    except GlueError as error:
        raise BenchError.from_launcher(error) from error
    return rows
