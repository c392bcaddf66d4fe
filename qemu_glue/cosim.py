#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ntb cosim`: starts the simulator and guests, runs something in them, reports, stops them all.

What was started is stopped in every case: end, failure, Ctrl-C, SIGTERM, SIGHUP, and, through the
kernel, when this process is killed.
"""
import contextlib
import json
import pathlib
import signal
import sys
import time

import capture_report
import command_run
import faults
import flow_control
import launch_options
import many_guests
import network
import perf
import perf_image
import placement
import registers_run
import restart
import selftest
import shell
import stub_plugin
import userland
import waveform_report
from children import socket_directory, wait_for
from errors import GlueError, RunError, UserError
from guest import Guest
from linked_simulators import LinkedSimulators
from paths import shown
from pingpong import Pingpong
from prepare import prepare
from progress import Progress
from simulator import Simulator, serve_command


# What a run writes besides the waveform. It is removed when one starts: an interrupted run must
# not leave the results of an earlier one beside its own.
RESULTS = ("report.json", "latency.txt", "ntbsim*.log", "ivshmem-server.log",
           "guest*.console.log", "guest*.qemu.log", "guest*.agent.log", "guest*.info.txt",
           "guest*.lspci.txt", "ntb_test.ktap", "ntb_test.xml", "ntb_test.output.txt",
           "registers.*.txt")


class Interrupted(Exception):
    """A signal asked this process to end."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number


def _on_signal(number, _frame):
    # Only once: a second Ctrl-C must not cut the clean-up short.
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted(number)


class Run:
    """The simulator and the guests of one run."""

    def __init__(self, options, progress, stack):
        self.options = options
        self.progress = progress
        self.prepared = None
        self.simulator = None
        self.controls = []    # sockets
        self.guests = []
        self._stack = stack
        self._lives = 1
        self._flow = None     # from when all guests are up

    def start(self):
        """Starts everything and waits until the agents of all guests answer."""
        options = self.options
        self.prepared = prepare(options.qemu, self.progress, options=options)
        if options.accel == "kvm" and self.prepared.accelerator != "kvm":
            raise UserError("--accel kvm", self.prepared.why,
                            "leave it out: guests run with TCG then")
        if options.accel != "auto":
            self.prepared = self.prepared._replace(accelerator=options.accel, why="as asked")
        if options.kind == "selftest":
            image = userland.prepare(self.prepared.kernel, self.prepared.initramfs,
                                     progress=self.progress)
            self.prepared = self.prepared._replace(initramfs=image)
        if options.kind == "perf":
            image = perf_image.prepare(self.prepared.kernel, self.prepared.initramfs,
                                       options.ntb_perf_fix == "on", progress=self.progress)
            self.prepared = self.prepared._replace(initramfs=image)
        if options.kind == "registers":
            image = registers_run.prepare(self.prepared.initramfs,
                                          registers_run.program_beside(options.ntbsim),
                                          progress=self.progress)
            self.prepared = self.prepared._replace(initramfs=image)
        directory = self._stack.enter_context(socket_directory())
        sockets = {port.number: directory / f"port{port.number}.sock" for port in options.ports}
        self._start_simulator(sockets, directory)
        kernel_options = list(options.append)
        if options.kind == "registers":
            kernel_options += registers_run.KERNEL_OPTIONS
        if options.kind == "shell" and sys.stdin.isatty():
            kernel_options.append("ntb.shell=on")
        with contextlib.ExitStack() as ends:
            wires = ends.enter_context(network.cable()) if options.kind == "selftest" else []
            for number, port in enumerate(options.ports):
                self._start_guest(number, port, sockets[port.number], kernel_options, wires)
        deadline = time.monotonic() + options.timeout
        for guest in self.guests:
            self.progress.step(f"{guest.name}: booting ({self.prepared.accelerator})")
            self.wait_agent(guest, deadline - time.monotonic())
        self._flow = flow_control.FlowControl()

    def stub_says(self):
        """What the stub does, or why it does nothing, in one line."""
        stub = self.prepared.stub
        if not stub.file:
            return stub.why
        refusals = [line for guest in self.guests for line in guest.stub_lines()
                    if "withdrawn" in line]
        if refusals:
            return refusals[0]
        return stub_plugin.on_text(stub_plugin.windows_trapped_by(self.options)
                                   or self.simulator.windows_trapped())

    def _start_simulator(self, sockets, directory):
        options = self.options
        if options.link == "ivshmem":
            self.progress.step("ivshmem server and simulators: starting")
            self.simulator = self._stack.enter_context(
                LinkedSimulators(options, sockets, directory / "ivshmem",
                                 lambda port: self._stub_words(directory / f"control{port}.sock")))
            return
        command = serve_command(options.ntbsim, options.topology, sockets, options.vcd,
                                options.vcd_limit, options.capture)
        command += self._stub_words(directory / "control.sock")
        self.progress.step("simulator: starting")
        self.simulator = self._stack.enter_context(
            Simulator(command, options.out / "ntbsim.log"))
        self.simulator.wait_until_serving(sockets)

    def _stub_words(self, control):
        """Words of `ntbsim serve` about the stub, and a control socket if the run needs one."""
        options, words = self.options, []
        if self.prepared.stub.file:
            words.append("--stub")
            if options.trace_windows or options.kind == "faults":
                words.append("--trace-windows")
        # ntb_perf as shipped is shown access by access, whatever becomes of windows later.
        if options.kind == "faults" or (options.kind == "perf" and self.prepared.stub.file and
                                        not options.trace_windows and not options.capture):
            self.controls.append(control)
            words += ["--control", str(control)]
        return words

    def pids(self):
        """Of the simulator and the guests."""
        return self.simulator.pids() + [guest.child.process.pid for guest in self.guests]

    def wait_agent(self, guest, seconds, start=0):
        """Waits until the agent of a guest answers (after line `start` of what it has said)."""
        wait_for(guest.agent, "^agent ready$", time.monotonic() + seconds, self.check_alive,
                 f"{guest.name}: the end of booting", start)

    def start_again(self, gone, place, seconds):
        """A new guest in place of one that has ended, when its agent answers."""
        self._lives += 1
        guest = self._stack.enter_context(
            Guest(gone.number, gone.port, self.prepared, gone.socket_path, self.options.out,
                  log_name=f"guest{gone.number}.life{self._lives}", reboot=True, qmp=True,
                  kernel_options=list(self.options.append)))
        self.guests.insert(place, guest)
        self.wait_agent(guest, seconds)
        return guest

    def _start_guest(self, number, port, socket_path, kernel_options, wires):
        more = {}
        if self.options.kind == "registers":
            more["root_port"] = registers_run.ROOT_PORT
        if wires:
            more |= {"devices": network.device_words(number, wires[number].fileno()),
                     "fds": [wires[number].fileno()]}
        self.guests.append(self._stack.enter_context(
            Guest(number, port, self.prepared, socket_path, self.options.out, qmp=True,
                  kernel_options=kernel_options,
                  reboot=self.options.kind in ("shell", "restart"), **more)))

    def simulator_alive(self):
        """RunError if the simulator has ended."""
        self.simulator.check_alive()

    def check_alive(self):
        """RunError if anything has ended that should run. Called while anything is waited for."""
        self.simulator.check_alive()
        for guest in self.guests:
            guest.check_alive()
        self.control_flow()

    def control_flow(self):
        """No guest gets too far ahead of the simulator."""
        if self._flow:
            self._flow.poll(self.guests)

    def flow_control_stops(self):
        """How often a guest was stopped so that the simulator could catch up."""
        return self._flow.stops if self._flow else 0

    def stopped_seconds(self, guest):
        """How long flow control has stopped a guest, whose clock then stands."""
        return self._flow.stopped_seconds(guest) if self._flow else 0.0

    def pause(self, seconds):
        """Waits, but not for the dead."""
        end = time.monotonic() + seconds
        while True:
            self.check_alive()
            remaining = end - time.monotonic()
            if remaining <= 0:
                return
            time.sleep(min(remaining, 0.2))

    def wait_console(self, guest, pattern, seconds, what):
        """Waits for a line on a guest's console."""
        return wait_for(guest.console, pattern, time.monotonic() + seconds, self.check_alive,
                        what)

    def everywhere_ok(self, commands, seconds, what):
        """Runs {guest: command} at the same time; {guest: output}; RunError on an exit code."""
        tokens = {guest: guest.start_command(command) for guest, command in commands.items()}
        outputs = {}
        for guest, token in tokens.items():
            code, output = guest.finish_command(token, seconds, self.check_alive, what)
            if code != 0:
                reason = output.strip().splitlines()[-1:] or ["no output"]
                raise RunError(guest.name, f"{what} failed with exit code {code}: {reason[0]}",
                               f"see {guest.console_log}")
            outputs[guest] = output
        return outputs


def execute(run, options, result):
    """What was asked for; a list of problems."""
    if options.kind == "pingpong":
        pingpong = Pingpong(run, options)
        problems = pingpong.execute()
        result.update(pingpong.result)
        if len(run.guests) > 2:
            run.everywhere_ok({guest: "rmmod ntb_pingpong" for guest in run.guests}, 60,
                              "removing ntb_pingpong")
            result["windows"], wrong = many_guests.check(run, pingpong.devices)
            problems += wrong
        return problems
    if options.kind == "restart":
        return restart.Restart(run, options).execute(result)
    if options.kind == "faults":
        return faults.Faults(run, options).execute(result)
    if options.kind == "perf":
        return perf.Perf(run, options).execute(result)
    if options.kind == "registers":
        return registers_run.Registers(run, options).execute(result)
    if options.kind == "selftest":
        return selftest.Selftest(run, options).execute(result)
    if options.kind == "shell":
        return shell.execute(run, options)
    return command_run.execute(run, options, result)


def waveform_problems(options, result):
    """What is wrong with the waveform, after the simulator has ended."""
    if options.vcd is None:
        return []
    path = pathlib.Path(options.vcd)
    result["waveform"] = str(path)
    if not path.is_file() or path.stat().st_size == 0:
        return [f"the simulator wrote no waveform {path}"]
    if options.kind == "perf":
        sentences, problems = perf.waveform_proof(
            path, [perf.Sent(**one) for one in result["sent_by_unmodified_ntb_perf"]])
        result["waveform_says"] = sentences
        return problems
    if options.kind == "faults":
        return faults.waveform_proof(options.ntbsim, path, result)
    if options.kind == "pingpong":
        return waveform_report.write(options.ntbsim, path, options.out, result)
    return []


def remove_old_results(options):
    """Removes the files that this run writes; those of others stay."""
    patterns = RESULTS
    if options.kind == "pingpong":
        patterns += (pathlib.Path(options.vcd).with_suffix(".gtkw").name,)
    old = [path for pattern in patterns for path in options.out.glob(pattern)]
    given = [pathlib.Path(path) for path in (options.vcd, options.capture) if path]
    for path in [*old, *given]:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def report(options, result, progress):
    """The summary table, or the figures as JSON."""
    (options.out / "report.json").write_text(json.dumps(result, indent=2) + "\n",
                                             encoding="utf-8")
    if options.json:
        print(json.dumps(result, indent=2))
        return
    progress.line()
    if options.kind == "pingpong" and result.get("guests"):
        progress.line("guest  port  device        link  counts              pings/s")
        for row in result["guests"]:
            counts = f"{row['count_first']} -> {row['count_last']}"
            progress.line(f"{row['guest']:<5}  {row['port']:<4}  {row['device']:<12}  "
                          f"{'up' if row['link_up'] else 'down':<4}  {counts:<18}  "
                          f"{row['pings_per_second']:.1f}")
        progress.line()
    for row in result.get("restarts", []):
        progress.line(f"guest {row['guest']} {row['kind']}: seen by the others, recovered")
    if "windows" in result:
        for line in many_guests.report_lines(result["windows"]):
            progress.line(line)
        progress.line()
    if "faults" in result:
        for line in faults.report_lines(result):
            progress.line(line)
        progress.line()
    if "perf" in result:
        for line in perf.report_lines(result):
            progress.line(line)
        progress.line()
    if "latency" in result:
        for line in waveform_report.report_lines(result):
            progress.line(line)
        progress.line()
    for problem in result["problems"]:
        progress.line(f"problem: {problem}")
    if "waveform" in result:
        progress.line(f"waveform  {shown(result['waveform'])}")
    for line in result.get("waveform_stopped", []):
        progress.line(f"          {line}")
    for name in ("layout", "latency"):
        if name in result:
            progress.line(f"{name:<9} {shown(result[name])}")
    if "capture" in result:
        progress.line(f"capture   {result['capture']}")
    progress.line(f"files     {shown(options.out)}/")
    if result.get("flow_control_stops"):
        progress.line(f"flow      {result['flow_control_stops']} times a guest was stopped until "
                      "the simulator had caught up")
    if "placement" in result:
        progress.line(f"cores     {result['placement']}")
    if "stub" in result:
        progress.line(f"stub      {result['stub']}")
    progress.line(f"QEMU      accelerator {result.get('accelerator', 'none')} "
                  f"({result.get('accelerator_why', '')}), kernel {result.get('kernel', '')}")
    progress.line(f"result    {'ok' if result['ok'] else 'FAILED'}")


def cosim(options, progress):
    """Everything between options and exit code; (exit code, error line or None)."""
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError("cosim", f"{error.filename}: {error.strerror}",
                        "give a directory that can be written with --out") from error
    remove_old_results(options)
    result = {"run": options.run, "topology": options.topology, "ok": False, "problems": []}
    with contextlib.ExitStack() as stack:
        run = Run(options, progress, stack)
        run.start()
        result["kernel"] = run.prepared.kernel.version
        result["accelerator"] = run.prepared.accelerator
        result["accelerator_why"] = run.prepared.why
        result["stub"] = run.stub_says()
        if options.kind == "pingpong":
            result["placement"] = placement.place(options.placement, run.pids())
        result["problems"] += execute(run, options, result)
        progress.step("stopping the guests and the simulator")
        result["flow_control_stops"] = run.flow_control_stops()
        result["stub"] = run.stub_says()
        for guest in run.guests:
            guest.child.stop()
        run.simulator_alive()
        code = run.simulator.stop()
        result["waveform_stopped"] = run.simulator.waveform_stopped()
        if code != 0:
            result["problems"].append(f"ntbsim ended with exit code {code}, see "
                                      f"{shown(run.simulator.log_path)}")
    result["problems"] += waveform_problems(options, result)
    if options.capture:
        result["problems"] += capture_report.check(options, result)
    result["ok"] = not result["problems"]
    report(options, result, progress)
    return 0 if result["ok"] else 1


def main():
    """The command line."""
    options = launch_options.parse_or_exit()
    if options.check_options:
        return 0
    progress = Progress(sys.stderr if options.json else sys.stdout)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)
    try:
        return cosim(options, progress)
    except GlueError as error:
        progress.done()
        print(error, file=sys.stderr)
        return error.exit_code
    except Interrupted as interrupted:
        progress.done()
        print(f"ntb: cosim: stopped by {interrupted} (everything that it started has ended)",
              file=sys.stderr)
        return 128 + interrupted.number
    except OSError as error:
        progress.done()
        print(f"ntb: cosim: {error.filename or 'input or output'}: {error.strerror} "
              "(mend that and try again)", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
