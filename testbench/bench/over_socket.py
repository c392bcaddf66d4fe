# SPDX-License-Identifier: Apache-2.0
"""Rows measured from outside, by a client of a running `ntbsim serve`.

Floor and simulator are measured by the same client in turn. Client and servers are pinned: where
the kernel places two processes decides more than what they do (one core or two).
"""
import contextlib
import os
import pathlib
import subprocess
import tempfile
import time

from machine import cpus, median, median_ratio, on_cpu, run_json
from report import BenchError, Row, duration, ratio_row

PING_PONG = "bare socket ping-pong"


@contextlib.contextmanager
def child(command, ready, log, cpu=None, lines=1):
    """A process that runs while the block does; waits for `lines` lines that start with `ready`."""
    with open(log, "ab") as errors:
        try:
            process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=errors, text=True,
                                       **on_cpu(cpu))
        except OSError as error:
            raise BenchError(f"{command[0]}: {error.strerror}",
                             "build first: ./ntb build") from error
    try:
        for _ in range(lines):
            if not process.stdout.readline().startswith(ready):
                raise BenchError(f"{pathlib.Path(command[0]).name} does not start", f"see {log}")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdin.close()
        process.stdout.close()


class Sockets:
    """Directory of sockets, and the programs with their options."""

    def __init__(self, build, directory, log):
        self.directory = pathlib.Path(directory)
        self.ntbsim = build / "testbench/ntbsim/ntbsim"
        self.client = build / "testbench/bench/bench_socket"
        self.echo_server = build / "testbench/bench/bench_echo_server"
        self.log = log
        self._count = 0

    def new_path(self):
        """A path where nothing is yet."""
        self._count += 1
        return self.directory / f"{self._count}.sock"

    @contextlib.contextmanager
    def serve(self, ports=(0,), cpu=None, options=()):
        """A simulator; {port: socket path} and its process."""
        paths = {port: self.new_path() for port in ports}
        command = [self.ntbsim, "serve", "--topology", "two-host", *options]
        for port, path in paths.items():
            command += ["--port", f"{port}={path}"]
        with child(command, "ntbsim: serving port", self.log, cpu, len(paths)) as process:
            yield paths, process

    @contextlib.contextmanager
    def echo(self, cpu=None, spin_us=0):
        """The floor's server, for one client; its socket."""
        path = self.new_path()
        with child([self.echo_server, path, spin_us], "ready", self.log, cpu):
            yield path


@contextlib.contextmanager
def sockets(build):
    """A directory of sockets that vanishes in the end."""
    with tempfile.TemporaryDirectory(prefix="ntb-bench-") as directory:
        yield Sockets(build, directory, pathlib.Path(directory) / "log")


def measure_reads(s, count, rounds, client_cpu, server_cpu, spin_us=0, shape=()):
    """(floor, device): medians of each round's nanoseconds a round trip."""
    with s.serve(cpu=server_cpu, options=["--spin-us", spin_us]) as (paths, _), \
            s.echo(server_cpu, spin_us) as echo:
        result = run_json([s.client, "read", paths[0], echo, count, rounds, *shape], client_cpu)
    return result["floor"], result["device"]


def read_rows(s, count, rounds):
    """A region read's round trip against the bare ping-pong."""
    rows = []

    def add(what, judged, **where):
        floor, device = measure_reads(s, count, rounds, **where)
        # The bound of each round is its own floor's: drift cancels.
        over = median(b - (1.1 * a + 1000) for a, b in zip(floor, device))
        row = ratio_row(what, median(device), median(floor), median_ratio(device, floor), None,
                        PING_PONG)
        row.bound = "<= 1.1 x + 1 µs" if judged else ""
        row.met = over <= 0 if judged else None
        rows.append(row)

    one = cpus()[0]
    add("region read over vfio-user, one core", True, client_cpu=one, server_cpu=one)
    rows[-1].note = "libvfio-user's sample is not packaged; the floor is the ping-pong instead"
    if len(cpus()) > 1:
        two = cpus()[1]
        add("region read over vfio-user, two cores", True, client_cpu=one, server_cpu=two)
        add("  both servers spin 50 µs before they sleep", False, client_cpu=one, server_cpu=two,
            spin_us=50)
    add("  client in two threads, as QEMU's", False, client_cpu=None, server_cpu=None,
        shape=["queued"])
    return rows


def posted_rows(s, count, rounds):
    """Posted writes: their price, and that all arrive in order."""
    one, other = cpus()[0], cpus()[-1]
    with s.serve(cpu=other) as (paths, process), s.echo(other) as echo:
        def posted(many, times):
            return run_json([s.client, "posted", paths[0], echo, many, times], one)
        before = resident_bytes(process.pid)
        result = posted(count, rounds)
        after = resident_bytes(process.pid)
    total = 2 * count * (rounds + 1)
    floor, register, doorbell = result["floor"], result["register"], result["doorbell"]
    rows = [
        ratio_row("posted register write, sustained", median(register), median(floor),
                  median_ratio(register, floor), None, "the same writes, read and dropped"),
        ratio_row("  posted doorbell, sustained", median(doorbell), median(floor),
                  median_ratio(doorbell, floor), None, "the same"),
        Row(f"  memory of the simulator after {total:.0e}", f"+{(after - before) // 1024} KiB",
            value=after - before, unit="bytes", floor=f"{before // 1024} KiB resident",
            bound="<= 1024 KiB", met=after - before <= 1 << 20),
    ]
    rows[0].bound, rows[0].met = "<= 1.5 µs", median(register) <= 1500
    return rows


def window_rows(s, count, rounds):
    """Writes of one client into the other's memory; bench_socket compares every byte."""
    one, other = cpus()[0], cpus()[-1]
    with s.serve(ports=(0, 2), cpu=other) as (paths, _), s.echo(other) as echo:
        result = run_json([s.client, "windows", paths[0], paths[2], echo, count, rounds], one)
    floor, single, multi = result["floor"], result["single"], result["multi"]
    rows = [
        ratio_row("window write over vfio-user, 4 bytes each, sustained", median(single),
                  median(floor), median_ratio(single, floor), None,
                  "the same writes, read and dropped"),
        ratio_row("  128 of them in one message (multi-write)", median(multi), median(single),
                  median_ratio(multi, single), None, "one by one"),
    ]
    rows[0].bound, rows[0].met = "<= 1.5 µs", median(single) <= 1500
    rows[1].bound, rows[1].met = "< 1 x", median_ratio(multi, single) < 1
    return rows


def order_rows(s, count):
    """Counts posted writes in the waveform: none lost, none out of order."""
    vcd = s.directory / "posted.vcd"
    with s.serve(options=["--vcd", vcd]) as (paths, _):
        subprocess.run([s.client, "stream", paths[0], str(count)], check=True, timeout=300)
    values, doorbells = posted_in_waveform(vcd.read_text(encoding="ascii"))
    in_order = values == list(range(1, count + 1))
    row = Row("  none lost, none reordered (waveform)",
              f"{len(values)} + {doorbells} of {2 * count}", value=len(values) + doorbells,
              unit="writes", bound="all, in order", met=in_order and doorbells == count)
    return [row]


def posted_in_waveform(text):
    """Values that OUTMSG0 took in the order of time, and the number of OUTDBELLSET writes."""
    names, scopes, values, doorbells = {}, [], [], 0
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "$scope":
            scopes.append(words[2])
        elif words[0] == "$upscope":
            scopes.pop()
        elif words[0] == "$var":
            names[words[3]] = ".".join(scopes + [words[4]])
        elif words[0].startswith(("b", "B")) and len(words) == 2:
            name = names.get(words[1], "")
            number = int(words[0][1:].replace("x", "0").replace("z", "0"), 2)
            if name.endswith("port0.nt.outmsg0") and number != 0:
                values.append(number)
            elif name.endswith("port0.nt.outdbellset_count"):
                doorbells = number
    return values, doorbells


def resident_bytes(pid):
    """Resident memory of a process."""
    pages = pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def activity(pid):
    """(nanoseconds on a core, times it was put on one) of all threads of a process."""
    on_core = switches = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "schedstat").read_text(encoding="ascii").split()
        on_core += int(fields[0])
        switches += int(fields[2])
    return on_core, switches


def idle_rows(s, seconds):
    """Two hosts connected, a waveform open, nothing happening."""
    with contextlib.ExitStack() as stack:
        paths, process = stack.enter_context(
            s.serve(ports=(0, 2), options=["--vcd", s.directory / "idle.vcd"]))
        for path in paths.values():
            stack.enter_context(child([s.client, "hold", path], "connected", s.log))
        time.sleep(1.0)  # the waveform reaches its file
        ns0, switches0 = activity(process.pid)
        time.sleep(seconds)
        ns1, switches1 = activity(process.pid)
    percent = (ns1 - ns0) / (seconds * 1e9) * 100
    return [Row(f"simulator with nothing happening, {seconds:g} s", f"{percent:.3f} % CPU",
                value=percent, unit="%", floor=f"{switches1 - switches0} wake-ups, "
                f"{duration(ns1 - ns0)} on a core", bound="0 %, no wake-up",
                met=switches1 == switches0 and ns1 == ns0)]
