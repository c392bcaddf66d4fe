#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ntb bench`: every benchmark beside its floor, measured in the same run; bounds judged.

Exit codes: 0 every bound is met; 1 a bound is missed (the table says which); 2 a benchmark could
not run (one line on stderr).
"""
import argparse
import os
import pathlib
import signal
import sys

import fresh_build
import machine
import over_socket
import in_process
import report

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PARTS = ("registers", "doorbells", "windows", "traces", "growth", "bridge", "idle", "guest",
         "pingpong", "build")
EPILOG = """\
examples:
  ./ntb bench                            everything (5 minutes)
  ./ntb bench --quick                    no guests, no fresh build, fewer repetitions
  ./ntb bench --only registers,bridge --json
"""


class _Parser(argparse.ArgumentParser):
    """Errors as one line."""

    def error(self, message):
        print(f"ntb: bench: {message} (see ./ntb bench --help)", file=sys.stderr)
        sys.exit(2)


def parse(arguments=None):
    """The options."""
    parser = _Parser(prog="ntb bench", description=__doc__.split("\n\n", maxsplit=1)[0],
                     epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
                     allow_abbrev=False)
    add = parser.add_argument
    add("--build", default="build/release", metavar="DIR", help="the build directory")
    add("--only", metavar="PART,...", help="only these parts: " + ", ".join(PARTS))
    add("--quick", action="store_true",
        help="fewer and shorter repetitions; no guests, no fresh build unless named by --only")
    add("--rounds", type=int, metavar="N", help="repetitions of each benchmark (default: 9)")
    add("--with-build", action=argparse.BooleanOptionalAction, default=None,
        help="time ./ntb run in a fresh copy of the checkout (default: yes, but with --quick)")
    add("--qemu", metavar="PATH", help="use this QEMU, >= 10.1 (also: NTB_QEMU)")
    add("--json", action="store_true", help="the report as JSON on stdout")
    options = parser.parse_args(arguments)
    if options.rounds is not None and not 1 <= options.rounds <= 1000:
        parser.error("--rounds is out of range")
    chosen = options.only.split(",") if options.only else list(PARTS)
    for part in chosen:
        if part not in PARTS:
            parser.error(f"there is no part '{part}'; there are {', '.join(PARTS)}")
    if options.quick and not options.only:
        chosen = [part for part in chosen if part not in ("guest", "pingpong", "build")]
    if options.with_build is not None:
        chosen = [part for part in chosen if part != "build"]
        chosen += ["build"] if options.with_build else []
    options.parts = chosen
    options.build = pathlib.Path(options.build).resolve()
    return options


def measure(options, say):
    """All rows that were asked for."""
    rounds = options.rounds or (3 if options.quick else 9)
    min_time = 0.02 if options.quick else 0.1
    work = ROOT / "build/bench"
    work.mkdir(parents=True, exist_ok=True)
    build, quick = options.build, options.quick
    with over_socket.sockets(build) as s:
        def guest():
            import in_guest  # pylint: disable=import-outside-toplevel # needs qemu_glue/
            import window_copy  # pylint: disable=import-outside-toplevel
            return in_guest.register_rows(s, build, work / "guest", rounds, options.qemu) + \
                in_guest.window_rows(build, work / "windows", 18 if quick else 20, options.qemu) + \
                window_copy.rows(s, build, work / "windows", rounds, options.qemu)

        def pingpong():
            import in_guest  # pylint: disable=import-outside-toplevel
            return in_guest.pingpong_rows(build, work / "pingpong", 3 if quick else 8,
                                          options.qemu)

        parts = {
            "registers": lambda: in_process.register_rows(build, rounds, min_time)
            + in_process.check_rows(build, min(rounds, 3)),
            "doorbells": lambda: in_process.doorbell_rows(build, rounds, min_time),
            "windows": lambda: in_process.window_rows(build, rounds, min_time),
            "traces": lambda: in_process.trace_rows(build, rounds, 2000 if quick else 20_000),
            "growth": lambda: in_process.growth_rows(build, min(rounds, 3),
                                                     20_000 if quick else 1_000_000),
            "bridge": lambda: over_socket.read_rows(s, 300 if quick else 3000, rounds)
            + over_socket.posted_rows(s, 2000 if quick else 50_000, rounds)
            + over_socket.window_rows(s, 2048 if quick else 50_000, rounds)
            + over_socket.order_rows(s, 2000 if quick else 20_000),
            "idle": lambda: over_socket.idle_rows(s, 2 if quick else 5),
            "guest": guest,
            "pingpong": pingpong,
            "build": lambda: fresh_build.rows(work),
        }
        rows = []
        for part in PARTS:
            if part in options.parts:
                say(part)
                rows += parts[part]()
    return rows


def _on_signal(number, _frame):
    raise SystemExit(128 + number)  # what was started is stopped on the way out


def main():
    """The command line."""
    options = parse()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)
    here = machine.describe()

    def say(part):
        print(f"ntb: bench: {part} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)

    try:
        rows = measure(options, say)
    except report.BenchError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"ntb: bench: {error.filename or 'input or output'}: {error.strerror} "
              "(mend that and try again)", file=sys.stderr)
        return 2
    if options.json:
        print(report.as_json(rows, here))
        return report.exit_code(rows)
    print(f"{here['date']}  {here['processor']}, {here['cores']} cores, {here['system']}; "
          f"others kept {here['busy_percent_before']} % of it busy before the start; "
          f"a system call takes {here['system_call_ns']} ns\n")
    print("\n".join(report.table(rows)))
    missed = [row.what.strip() for row in rows if row.met is False]
    print(f"\nresult  {'every bound is met' if not missed else 'missed: ' + '; '.join(missed)}")
    return report.exit_code(rows)


if __name__ == "__main__":
    sys.exit(main())
