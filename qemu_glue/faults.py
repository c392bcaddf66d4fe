# SPDX-License-Identifier: Apache-2.0
"""`--run faults`: what the drivers of two guests see of faults that the simulator makes on demand.

The faults are statements at the control socket of `ntbsim serve` (docs/control.md). Guest 0 is
watched; guest 1 rings its doorbell, writes into its memory, and has the link that fails. Their
client driver is ntb_tool, which does nothing by itself: each interrupt has the cause that the step
gave it. (ntb_pingpong would not do: see docs/control.md.) What a guest says is read from
/proc/interrupts, from the NTB driver's debug output and its files, and from lspci; at the end the
waveform's analysis has to find the faults.

RunError where going on makes no sense; the rest are problems of the run.
"""
import json
import re
import subprocess
import time

import checks
import windows
from control import Control
from errors import RunError
from pingpong import COMMAND_SECONDS, FIND_DEVICE, READ_INFO, READ_LOG, READY_SECONDS

DEGREES = (42.5, 60.0)
# How long to wait for what has to come, and whether something comes that must not.
COMES_SECONDS = 20
QUIET_SECONDS = 0.7
# How late a late MSI and held data are, in simulated time, which follows the wall clock.
LATE_SECONDS = 2.5
WINDOW = 0
WORD = 0xDA7A0001
ALL_ONES = 0xFFFFFFFF

# Each interrupt is a line of the kernel's log, with NTINTSTS; Debian's kernel can switch that on.
LOG_INTERRUPTS = "echo 'module ntb_hw_idt format \"IRQ\" +p' " \
    ">/sys/kernel/debug/dynamic_debug/control"
READ_INTERRUPTS = "grep ntb_irq_idt /proc/interrupts"
READ_AER = "lspci -vvv -s {device} 2>/dev/null | grep -E '(UE|CE)Sta:'"
FROM_BUS_AGAIN = "echo 1 >/sys/bus/pci/devices/{device}/remove && echo 1 >/sys/bus/pci/rescan"
READY = "IDT NTB device is ready"
FOUND = {"interrupt-lost", "interrupt-unasked", "interrupt-late", "data-overtaken", "link-down"}


def parse_interrupts(text):
    """The number of interrupts in a line of /proc/interrupts, all processors together."""
    match = re.match(r"\s*\w+:((?:\s+\d+)+)\s", text)
    if match is None:
        raise RunError("guest", f"no interrupt of the driver in /proc/interrupts: '{text.strip()}'",
                       "see the guests' consoles")
    return sum(int(number) for number in match.group(1).split())


def handled(log):
    """NTINTSTS of each interrupt that the driver has handled, from its debug output."""
    return [int(value, 16) for value in re.findall(r"IDT IRQs (0x[0-9a-f]+) handled", log)]


def degrees_shown(info):
    """The temperature in the driver's info file, or None."""
    match = re.search(r"Switch temperature\s*- (-?\d+\.\d+)C", info)
    return float(match.group(1)) if match else None


class Faults:
    """The steps of the run."""

    def __init__(self, run, options):
        self._run = run
        self._options = options
        self._watcher, self._other = run.guests[:2]
        self._devices = {}
        self._tool = None
        self._problems = []
        self._rows = []

    def execute(self, result):
        """All steps; a list of problems."""
        self._start()
        result["faults"] = self._rows
        with Control(self._run.controls[0]) as control:
            self._temperatures(control)
            self._doorbell("at the start")
            self._doubled_msi(control)
            self._late_msi(control)
            self._credits(control)
            # After those: in a waveform, one that is lost and one too many are one that is late.
            self._lost_msi(control)
            self._tool.open(self._other, self._watcher, WINDOW)
            self._held_data(control)
            self._poison(control)
            self._lost_completion(control)
            self._tool.close(self._other, self._watcher, WINDOW)
            self._surprise_down(control)
            self._hot_reset(control)
        self._doorbell("at the end")
        for sender, receiver in ((self._other, self._watcher), (self._watcher, self._other)):
            rows = self._tool.check(sender, receiver, 512, [0], read_back=False)
            self._problems += [f"window {window} of {sender.name} at the end: {problem}"
                               for window, _, problem in rows if problem]
        for guest in self._run.guests:
            log = self._one(guest, READ_LOG).splitlines()
            self._problems += [f"{guest.name}: {line}" for line in
                               checks.kernel_problems(guest.console.lines(), log)]
        return self._problems

    # --- Guests ----------------------------------------------------------------------------------

    def _start(self):
        run = self._run
        for guest in run.guests:
            run.wait_console(guest, READY, READY_SECONDS, f"{guest.name}: '{READY}'")
        found = run.everywhere_ok({guest: FIND_DEVICE for guest in run.guests}, COMMAND_SECONDS,
                                  "finding the device")
        self._devices = {guest: output.split()[0] for guest, output in found.items()}
        run.everywhere_ok({guest: LOG_INTERRUPTS for guest in run.guests}, COMMAND_SECONDS,
                          "switching the driver's debug output on")
        self._tool = windows.Windows(run, self._devices)
        self._tool.load(run.guests)
        self._one(self._watcher, f"echo 'c {ALL_ONES:#x}' >{self._file(self._watcher, 'db_mask')}")

    def _one(self, guest, command):
        command = command.format(device=self._devices[guest])
        return self._run.everywhere_ok({guest: command}, COMMAND_SECONDS, f"'{command}'")[guest]

    def _file(self, guest, name):
        return f"{windows.TOOL}/{self._devices[guest]}/{name}"

    def _info(self, guest):
        return self._one(guest, READ_INFO)

    def _link(self):
        """Whether the watcher's driver has a link to the other guest."""
        path = self._tool.peer_file(self._watcher, self._other, "link")
        return self._one(self._watcher, f"cat {path}").strip() == "Y"

    def _ring(self, bit=1):
        self._one(self._other, f"echo 's {bit:#x}' >{self._file(self._other, 'peer_db')}")

    def _doorbells(self):
        return int(self._one(self._watcher, f"cat {self._file(self._watcher, 'db')}"), 0)

    def _clear(self):
        self._one(self._watcher, f"echo 'c {ALL_ONES:#x}' >{self._file(self._watcher, 'db')}")

    def _interrupts(self):
        return parse_interrupts(self._one(self._watcher, READ_INTERRUPTS))

    def _handled(self):
        return handled(self._one(self._watcher, "dmesg"))

    def _aer(self, guest):
        return self._one(guest, READ_AER)

    # --- Judgement -------------------------------------------------------------------------------

    def _step(self, what):
        self._run.progress.step(what)

    def _saw(self, fault, what, *problems):
        """A row of the report, or problems (those that are not None)."""
        wrong = [problem for problem in problems if problem]
        self._problems += [f"{fault}: {problem}" for problem in wrong]
        if not wrong:
            self._rows.append({"fault": fault, "seen": what})

    def _eventually(self, condition):
        """Whether it becomes true in time."""
        deadline = time.monotonic() + COMES_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._run.pause(0.1)
        return True

    def _came(self, before, count):
        """A problem if other than so many interrupts have come since `before`."""
        self._eventually(lambda: self._interrupts() - before >= count)
        self._run.pause(QUIET_SECONDS)
        got = self._interrupts() - before
        return None if got == count else f"{got} interrupts instead of {count}"

    # --- Steps -----------------------------------------------------------------------------------

    def _temperatures(self, control):
        for degrees in DEGREES:
            fault = f"temp {degrees:g}"
            self._step(fault)
            control.obey(fault)
            for guest in self._run.guests:
                shown = degrees_shown(self._info(guest))
                self._saw(fault, f"{guest.name}'s driver shows {shown} degrees",
                          None if shown == degrees else f"{guest.name}'s driver shows {shown}")

    def _doorbell(self, when):
        """Without a fault: one interrupt, and the driver finds the bit."""
        self._step(f"a doorbell, {when}")
        before = self._interrupts()
        self._ring()
        problem = self._came(before, 1)
        got = self._doorbells()
        self._saw(f"none, {when}", "one interrupt, one doorbell", problem,
                  None if got == 1 else f"doorbells {got:#x}")
        self._clear()

    def _lost_msi(self, control):
        fault = f"fault port{self._watcher.port.number} msi drop"
        self._step(fault)
        control.obey(fault)
        before = self._interrupts()
        self._ring(1)
        lost = self._came(before, 0)
        self._ring(2)
        silent = self._came(before, 0)
        got = self._doorbells()
        self._clear()
        self._ring(1)
        again = self._came(before, 1)
        self._clear()
        self._saw(fault, "no interrupt, the doorbell is there; no interrupt of the next one "
                  "either, until both are cleared", lost, silent, again,
                  None if got == 3 else f"doorbells {got:#x}")

    def _doubled_msi(self, control):
        fault = f"fault port{self._watcher.port.number} msi double {LATE_SECONDS * 1000:.0f}ms"
        self._step(fault)
        control.obey(fault)
        before, idle = self._interrupts(), self._handled().count(0)
        self._ring()
        first = None if self._eventually(lambda: self._interrupts() - before == 1) else \
            "no first interrupt"
        self._clear()
        twice = self._came(before, 2)
        found = self._handled().count(0) - idle
        self._saw(fault, "a second interrupt, in which the driver finds NTINTSTS = 0", first, twice,
                  None if found == 1 else f"{found} interrupts without a cause instead of 1")

    def _late_msi(self, control):
        fault = f"fault port{self._watcher.port.number} msi delay {LATE_SECONDS * 1000:.0f}ms"
        self._step(fault)
        control.obey(fault)
        before = self._interrupts()
        self._ring(1)
        early = self._interrupts() - before
        got = self._doorbells()
        self._clear()
        self._ring(2)
        passed = None if self._eventually(lambda: self._interrupts() - before == 1) else \
            "the next doorbell's interrupt did not pass it"
        self._clear()
        self._saw(fault, "the doorbell is there, its interrupt is not; that of the next one passes",
                  "it came at once" if early else None,
                  None if got == 1 else f"doorbells {got:#x}", passed, self._came(before, 2))

    def _credits(self, control):
        port = self._watcher.port.number
        fault = f"fault port{port} credits stuck tx posted"
        self._step(fault)
        before = self._interrupts()
        control.obey(fault)
        # The driver must not read meanwhile: completions do not pass the MSI that waits.
        self._ring()
        stuck = self._came(before, 0) if self._interrupts() == before else "an interrupt"
        control.obey(f"fault port{port} credits free tx posted")
        self._saw(fault, "no interrupt until there are credits", stuck, self._came(before, 1))
        self._clear()

    def _held_data(self, control):
        fault = f"fault port{self._other.port.number} hold-write {LATE_SECONDS * 1000:.0f}ms"
        self._step(fault)
        control.obey(fault)
        before = self._interrupts()
        self._one(self._other, self._tool.put(self._other, self._watcher, WINDOW, WORD)
                  + f" && echo 's 0x1' >{self._file(self._other, 'peer_db')}")
        rung = None if self._eventually(lambda: self._interrupts() - before == 1) else \
            "no interrupt"
        early = self._tool.in_buffer(self._watcher, self._other, WINDOW)
        came = self._eventually(
            lambda: self._tool.in_buffer(self._watcher, self._other, WINDOW) == WORD)
        self._clear()
        self._saw(fault, "the interrupt comes, the buffer has the old data until the time is over",
                  rung, f"the buffer had {early:#x} at once" if early else None,
                  None if came else "the data did not come")

    def _poison(self, control):
        fault = f"fault port{self._other.port.number} poison rx"
        self._step(fault)
        control.obey(fault)
        self._one(self._other, self._tool.put(self._other, self._watcher, WINDOW, WORD + 1))
        aer = self._aer(self._other)
        self._saw(fault, f"lspci of {self._other.name}: AdvNonFatalErr+",
                  None if "AdvNonFatalErr+" in aer else f"lspci says {aer.strip()}")

    def _lost_completion(self, control):
        fault = f"fault port{self._watcher.port.number} drop-completion rx"
        self._step(fault)
        control.obey(fault)
        lost = self._tool.through(self._other, self._watcher, WINDOW)
        again = self._tool.through(self._other, self._watcher, WINDOW)
        aer = self._aer(self._watcher)
        self._saw(fault, f"{self._other.name} reads all ones, lspci of {self._watcher.name}: "
                  "CmpltTO+; the next read is fine",
                  None if lost == ALL_ONES else f"the window gave {lost:#x}",
                  None if again == WORD + 1 else f"the next read gave {again:#x}",
                  None if "CmpltTO+" in aer else f"lspci says {aer.strip()}")

    def _surprise_down(self, control):
        fault = f"link port{self._other.port.number} down"
        self._step(fault)
        before = self._interrupts()
        control.obey(fault)
        told = None if self._eventually(lambda: self._interrupts() > before) else \
            f"no interrupt for {self._watcher.name}"
        down = None if self._eventually(lambda: not self._link()) else "the driver shows a link"
        got = int(self._one(self._other, f"cat {self._file(self._other, 'db')}"), 0)
        before = self._interrupts()
        control.obey(f"link port{self._other.port.number} up")
        up = None if self._eventually(lambda: self._interrupts() > before) else \
            "no interrupt when the link was up again"
        still = "the driver shows a link before the other one has set it up" if self._link() else \
            None
        self._saw(fault, f"{self._watcher.name}: an interrupt, no NTB link; {self._other.name} "
                  "reads all ones, and has to be set up again", told, down, up, still,
                  None if got == ALL_ONES else f"{self._other.name} read {got:#x}",
                  self._set_up_again())

    def _hot_reset(self, control):
        fault = f"reset port{self._other.port.number} hot"
        self._step(fault)
        before = self._interrupts()
        control.obey(fault)
        told = None if self._eventually(lambda: self._interrupts() > before) else \
            f"no interrupt for {self._watcher.name}"
        down = None if self._eventually(lambda: not self._link()) else "the driver shows a link"
        self._saw(fault, f"{self._watcher.name}: an interrupt, no NTB link until "
                  f"{self._other.name} has set it up again", told, down, self._set_up_again())

    def _set_up_again(self):
        """The kernel of the other guest finds the device anew; a problem or None."""
        start = len(self._other.console.lines())
        self._one(self._other, FROM_BUS_AGAIN)
        if not self._eventually(
                lambda: any(READY in line for line in self._other.console.lines(start))):
            return f"{self._other.name} did not find the device again"
        self._one(self._other, f"echo Y >{self._file(self._other, 'link')}")
        return None if self._eventually(self._link) else "the NTB link did not come back"


def waveform_proof(ntbsim, path, result):
    """What the waveform's analysis calls for a look at; problems if a fault is not among that."""
    done = subprocess.run([str(ntbsim), "trace", "summary", str(path), "--json"], check=False,
                          text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300)
    if done.returncode != 0:
        return [f"ntbsim trace summary failed: {done.stderr.strip()}"]
    found = json.loads(done.stdout)["findings"]
    result["findings"] = found
    missing = FOUND - {one["finding"] for one in found}
    return [f"trace summary does not find {name} in {path}" for name in sorted(missing)]


def report_lines(result):
    """A line for each fault."""
    rows = result["faults"]
    width = max((len(row["fault"]) for row in rows), default=0)
    return [f"{row['fault']:<{width}}  {row['seen']}" for row in rows]
