# SPDX-License-Identifier: Apache-2.0
"""Rows measured inside one process: register reads, doorbells, growth.

Figures are CPU time of the benchmark's thread (recording: of all threads, too, and elapsed time),
so that what others do on the machine matters little. Each round runs every benchmark once in turn;
a ratio is the median over the rounds.
"""
import collections
import os
import pathlib
import subprocess
import tempfile

from machine import median, median_ratio, run_json
from report import BenchError, Row, duration, rate, ratio_row

ARRAY = "bare b_transport array read"


def google_benchmark(program, rounds, min_time):
    """{name: [nanoseconds in each round]}."""
    figures = collections.defaultdict(list)
    for _ in range(rounds):
        report = run_json([program, "--benchmark_format=json",
                           f"--benchmark_min_time={min_time}"])
        for benchmark in report["benchmarks"]:
            figures[benchmark["name"]].append(benchmark["cpu_time"])
    return figures


def check_rows(build, rounds):
    """A full `regs check` of the model, which a test of every build runs."""
    rows = []
    for topology, bound in (("two-host", 5), ("eight-host", None)):
        seconds = []
        for seed in range(1, rounds + 1):
            with subprocess.Popen([build / "testbench/ntbsim/ntbsim", "regs", "check", "--topology",
                                   topology, "--seed", str(seed)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL) as process:
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                raise BenchError(f"ntbsim regs check --topology {topology} --seed {seed} failed",
                                 "run it to see what it finds")
            seconds.append(usage.ru_utime + usage.ru_stime)
        worst = max(seconds)
        rows.append(Row(f"ntbsim regs check of the model, {topology}, slowest of {rounds} orders",
                        duration(worst * 1e9), value=worst, unit="s",
                        bound=f"<= {bound} s" if bound else "",
                        met=worst <= bound if bound else None))
    return rows


def register_rows(build, rounds, min_time):
    """A register read against its floor, against its own growth, against a list of registers."""
    ns = google_benchmark(build / "testbench/bench/bench_registers", rounds, min_time)

    def against(what, name, floor, floor_name, bound, note=""):
        return ratio_row(what, median(ns[name]), median(ns[floor]),
                         median_ratio(ns[name], ns[floor]), bound, floor_name, note)

    def list_row(name, bound):
        registers = name.rpartition("/")[2]
        factor = median_ratio(ns[name], ns["model/read_all"])
        return Row(f"register read against a searched list of {registers}",
                   duration(median(ns["model/read_all"])), value=median(ns["model/read_all"]),
                   unit="ns", floor=f"{duration(median(ns[name]))} linear search", ratio=factor,
                   bound="" if bound is None else f">= {bound} x faster",
                   met=None if bound is None else factor >= bound)

    lists = sorted((name for name in ns if name.startswith("linear/")),
                   key=lambda name: int(name.rpartition("/")[2]))
    rows = [
        against("register read through bar0, links take no time", "model/read_middle",
                "floor/array_read", ARRAY, 3),
        against("  the same over all registers, shuffled", "model/read_all",
                "floor/array_read_all", ARRAY, 3),
        against("  highest register against lowest", "model/read_high", "model/read_low",
                "lowest", 1.2),
        against("  decode of 1024 registers against 64", "bank/read_all/1024",
                "bank/read_all/64", "64 registers", 1.2),
        against("  default timing: links and pipeline are waited for", "timed/read_middle",
                "floor/array_read", ARRAY, None),
    ]
    rows += [list_row(name, 10 if name.endswith("/512") else None) for name in lists]
    rows[-1].note = ("VCML's source is not at hand, so its peer is a list of register objects "
                     "searched from the front, leaner than VCML's")
    return rows


def doorbell_rows(build, rounds, min_time):
    """Doorbell at one host to MSI at the other."""
    ns = google_benchmark(build / "testbench/bench/bench_doorbells", rounds, min_time)

    def row(what, name, bound):
        per_second = 1e9 / median(ns[name])
        return Row(what, rate(per_second), value=per_second, unit="1/s",
                   floor=f"{duration(median(ns['floor/thread_wake']))} timed wake of an SC_THREAD",
                   ratio=median_ratio(ns[name], ns["floor/thread_wake"]),
                   bound="" if bound is None else f">= {rate(bound)}",
                   met=None if bound is None else per_second >= bound)

    return [row("doorbell -> peer MSI, default timing", "model/doorbell", 1e6),
            row("  links and pipelines take no time", "model/doorbell_ideal", None)]


def window_rows(build, rounds, min_time):
    """Bursts of 64 KiB between two hosts, one transaction each, against memcpy of such blocks."""
    ns = google_benchmark(build / "testbench/bench/bench_windows", rounds, min_time)
    rows = []
    for name, what, bound in (("write", "window write in the model", 0.25),
                              ("read", "window read in the model", 0.25),
                              ("write_ideal", "  write, links and pipelines take no time", None),
                              ("read_ideal", "  read, links and pipelines take no time", None)):
        for size, text in ((65536, "64 KiB"), (12 << 20, "12 MiB")):
            model, copy = ns[f"model/{name}/{size}"], ns[f"floor/memcpy/{size}"]
            share = median_ratio(copy, model)
            rows.append(Row(f"{what}, 64 KiB bursts over {text}",
                            f"{65536 / median(model):.1f} GB/s", value=65536 / median(model),
                            unit="GB/s", floor=f"{65536 / median(copy):.1f} GB/s memcpy",
                            ratio=share, bound="" if bound is None else f">= {bound:g} x",
                            met=None if bound is None else share >= bound))
    return rows


GROWTH_KINDS = (("read", "register read"), ("write", "register write"),
                ("doorbell", "delivered doorbell"),
                ("broadcast", "doorbell to all, each delivered"))


def growth_rows(build, rounds, transactions):
    """Whether the last of many transactions costs more than the first, with two hosts and with
    eight; and whether one among eight hosts costs more than one among two."""
    runs = [run_json([build / "testbench/bench/bench_growth", transactions])
            for _ in range(rounds)]
    count = runs[0]["transactions"]

    def row(what, figures, floors, floor_name):
        return ratio_row(what, median(figures), median(floors), median_ratio(figures, floors), 1.2,
                         floor_name)

    def of(kind, hosts, figure):
        return [run[kind][hosts][figure] for run in runs]

    rows = [row(f"growth 10 -> {count:.0e}, {hosts} hosts: {what}", of(kind, hosts, "last_ns"),
                of(kind, hosts, "first_ns"), "the first")
            for hosts in ("2", "8") for kind, what in GROWTH_KINDS]
    rows += [row(f"growth 2 -> 8 hosts: {what}", of(kind, "8", "all_ns"), of(kind, "2", "all_ns"),
                 "two hosts") for kind, what in GROWTH_KINDS]
    grown = max(run[GROWTH_KINDS[-1][0]]["rss_at_end"] - run[GROWTH_KINDS[0][0]]["rss_at_10"]
                for run in runs)
    total = median(run[GROWTH_KINDS[-1][0]]["rss_at_end"] for run in runs)
    rows.append(Row(f"  memory after {2 * len(GROWTH_KINDS)} x {count:.0e}",
                    f"+{grown // 1024} KiB", value=grown,
                    unit="bytes", floor=f"{total // 1024} KiB resident", bound="<= 1024 KiB",
                    met=grown <= 1 << 20))
    return rows


TRACE_MODES = ("off", "vcd", "vcd-bits", "fst", "sc-trace")


def trace_rows(build, rounds, pings):
    """What recording costs in a ping-pong over doorbells: a change, against sc_trace, against none.

    The cost of recording is the time of a run less that of the same run with nothing traced, in
    the same round. A waveform has a writer thread, so there are two costs: what the simulation's
    own thread spends, and what all threads do; sc_trace has none, and is compared with all.
    """
    runs = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(rounds):
            for mode in TRACE_MODES:
                # sc_trace is so much slower that a part of the play is enough.
                count = pings // 10 if mode == "sc-trace" else pings
                runs[mode].append(run_json([build / "testbench/bench/bench_traces", mode,
                                            pathlib.Path(directory) / "traced", count]))

    def a_ping(mode, clock):
        return [run[clock] / run["pings"] for run in runs[mode]]

    def extra(mode, clock):
        return [traced - off for traced, off in zip(a_ping(mode, clock), a_ping("off", clock))]

    def a_change(mode, clock):
        return median(cost * run["pings"] / run["changes"]
                      for cost, run in zip(extra(mode, clock), runs[mode]))

    own, all_threads = a_change("vcd", "thread_ns"), a_change("vcd", "ns")
    against = median_ratio(extra("sc-trace", "ns"), extra("vcd-bits", "ns"))
    rows = [Row("everything traced as VCD, a recorded change, simulation's thread", duration(own),
                value=own, unit="ns",
                floor=f"{runs['vcd'][0]['changes'] / runs['vcd'][0]['pings']:.0f} changes a ping "
                      "and answer", bound="<= 20 ns", met=own <= 20),
            Row("  the same, with the writer's thread", duration(all_threads), value=all_threads,
                unit="ns"),
            Row("  recording without texts, all threads, against sc_trace of the same signals",
                duration(median(extra("vcd-bits", "ns"))), value=median(extra("vcd-bits", "ns")),
                unit="ns", floor=f"{duration(median(extra('sc-trace', 'ns')))} sc_trace",
                ratio=against, bound=">= 4 x cheaper", met=against >= 4)]
    for mode, name in (("vcd", "VCD"), ("fst", "FST")):
        for clock, what in (("wall_ns", "elapsed"), ("ns", "all threads")):
            rows.append(ratio_row(f"  a ping and its answer, all traced as {name}, {what}",
                                  median(a_ping(mode, clock)), median(a_ping("off", clock)),
                                  median_ratio(a_ping(mode, clock), a_ping("off", clock)), None,
                                  "not traced"))
    return rows
