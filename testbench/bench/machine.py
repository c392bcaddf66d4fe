# SPDX-License-Identifier: Apache-2.0
"""The machine that figures come from, and how busy others keep it; programs and medians."""
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import time

from report import BenchError

median = statistics.median


def median_ratio(numerators, denominators):
    """The median of the ratios of runs that were made in turn: drift of the machine cancels."""
    return median(a / b for a, b in zip(numerators, denominators))


def _cpu_times():
    fields = pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    times = [int(field) for field in fields]
    return sum(times[:8]), times[3] + times[4]  # guest time is in user time already


def busy_percent(seconds=1.0):
    """How busy all cores are while we do nothing."""
    total0, idle0 = _cpu_times()
    time.sleep(seconds)
    total1, idle1 = _cpu_times()
    elapsed = max(total1 - total0, 1)
    return 100.0 * (elapsed - (idle1 - idle0)) / elapsed


def system_call_ns(calls=20_000):
    """What the cheapest system call takes. Virtual machines and mitigations make it differ by more
    than ten times, and with it everything that goes through sockets."""
    def took(call):
        rounds = []
        for _ in range(5):
            begin = time.perf_counter_ns()
            for _ in range(calls):
                call()
            rounds.append((time.perf_counter_ns() - begin) / calls)
        return min(rounds)
    return max(took(os.getppid) - took(int), 0.0)  # int(): Python's own part of a call


def describe():
    """What a reader must know of the machine."""
    model = re.search(r"^model name\s*: (.*)$",
                      pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    return {"date": datetime.date.today().isoformat(), "system": platform.platform(),
            "processor": model.group(1) if model else platform.machine(),
            "cores": len(cpus()), "load_average": round(os.getloadavg()[0], 2),
            "busy_percent_before": round(busy_percent(), 1),
            "system_call_ns": round(system_call_ns())}


def cpus():
    """The cores that we may use."""
    return sorted(os.sched_getaffinity(0))


def on_cpu(cpu):
    """For subprocess: starts the child on this core only (None: on any)."""
    if cpu is None:
        return {}
    return {"preexec_fn": lambda: os.sched_setaffinity(0, {cpu})}


def run_json(command, cpu=None, timeout=600):
    """Runs a program of the bench and parses what it prints."""
    environment = dict(os.environ, SYSTEMC_DISABLE_COPYRIGHT_MESSAGE="DISABLE")
    try:
        result = subprocess.run([str(word) for word in command], check=False, timeout=timeout,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=environment, **on_cpu(cpu))
    except OSError as error:
        raise BenchError(f"{command[0]}: {error.strerror}", "build first: ./ntb build") from error
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{command[0]} does not end", "see docs/performance.md") from error
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no output"])[-1]
        raise BenchError(f"{pathlib.Path(command[0]).name} ended with {result.returncode}: {last}",
                         "this is a defect of the simulator or of the benchmark")
    try:
        return json.loads(result.stdout)
    except ValueError as error:
        raise BenchError(f"{pathlib.Path(command[0]).name} printed no figures",
                         "this is a defect of the benchmark") from error
