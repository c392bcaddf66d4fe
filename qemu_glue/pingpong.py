# SPDX-License-Identifier: Apache-2.0
"""`--run pingpong`: the in-tree client driver ntb_pingpong between two guests, counted and judged.

Pings per second are counted by the guests' own clocks: the launcher's would measure the serial
ports as well.
"""
import collections
import re
import time

import checks
from errors import RunError

READY_SECONDS = 30
LINK_SECONDS = 30
COMMAND_SECONDS = 60

FIND_DEVICE = "cd /sys/bus/pci/drivers/ntb_hw_idt && ls -d 0000:*"
READ_INFO = "cat /sys/kernel/debug/ntb_hw_idt/info:{device}"
READ_COUNT = "cat /sys/kernel/debug/ntb_pingpong/{device}/count /proc/uptime"
# -k besides: the line "Kernel driver in use". On stderr it misses an index of modules.
READ_LSPCI = "lspci -vvv -k -s {device} 2>/dev/null"
# -r: each line starts with its level in angle brackets.
READ_LOG = "dmesg -r"
LOAD = "insmod /modules/ntb_pingpong.ko delay_ms={delay}"

Sample = collections.namedtuple("Sample", "count uptime")


def parse_sample(text):
    """A count and the guest's uptime in seconds from the output of READ_COUNT, or None."""
    match = re.fullmatch(r"\s*(\d+)\s+(\d+\.\d+)\s+\d+\.\d+\s*", text)
    return Sample(int(match.group(1)), float(match.group(2))) if match else None


def rate(first, last):
    """Pings per second between two samples; the counter is a signed 32-bit number."""
    elapsed = last.uptime - first.uptime
    return ((last.count - first.count) & 0xFFFFFFFF) / elapsed if elapsed > 0 else 0.0


class Pingpong:
    """The steps of the run; `result` is what the report shows."""

    def __init__(self, run, options):
        self.run = run
        self.options = options
        self.devices = {}
        self.problems = []
        self.result = {"guests": []}

    def start(self):
        """Until both play; RunError if they do not come so far."""
        self._wait_for_driver()
        found = self.run.everywhere_ok({guest: FIND_DEVICE for guest in self.run.guests},
                                       COMMAND_SECONDS, "finding the device")
        for guest, output in found.items():
            self.devices[guest] = output.split()[0]
        self.run.everywhere_ok({guest: LOAD.format(delay=self.options.pingpong_delay_ms)
                                for guest in self.run.guests}, COMMAND_SECONDS,
                               "loading ntb_pingpong")
        self._wait_for_link()

    def execute(self):
        """All steps; RunError where going on makes no sense, problems where it does."""
        self.start()
        first, last = self._count()
        infos = self._everywhere(READ_INFO)
        listings = self._everywhere(READ_LSPCI)
        logs = self._everywhere(READ_LOG)
        for guest in self.run.guests:
            self._judge(guest, (first[guest], last[guest]), infos[guest], listings[guest],
                        logs[guest])
        return self.problems

    def _everywhere(self, command):
        commands = {guest: command.format(device=self.devices[guest])
                    for guest in self.run.guests}
        return self.run.everywhere_ok(commands, COMMAND_SECONDS, f"'{command}'")

    def _wait_for_driver(self):
        for guest in self.run.guests:
            for words in ("IDT .* discovered", "IDT NTB device is ready"):
                self.run.progress.step(f"{guest.name}: waiting for '{words}'")
                self.run.wait_console(guest, words, READY_SECONDS,
                                      f"{guest.name}: the driver's line '{words}'")

    def _wait_for_link(self):
        self.run.progress.step("waiting for the NTB link")
        deadline = time.monotonic() + LINK_SECONDS
        while True:
            infos = self._everywhere(READ_INFO)
            down = [guest.name for guest, info in infos.items() if not checks.link_is_up(info)]
            if not down:
                return
            if time.monotonic() > deadline:
                raise RunError("cosim", f"the NTB link of {', '.join(down)} did not come up",
                               "see the driver's info file and the waveform")
            self.run.pause(0.3)

    def _count(self):
        self.run.progress.step(f"counting pings for {self.options.seconds:g} s")
        first = self._samples()
        self.run.pause(self.options.seconds)
        return first, self._samples()

    def _samples(self):
        samples = {}
        for guest, text in self._everywhere(READ_COUNT).items():
            samples[guest] = parse_sample(text)
            if samples[guest] is None:
                raise RunError(guest.name, f"the counter of ntb_pingpong is not readable: {text}",
                               f"see {guest.console_log}")
        return samples

    def _judge(self, guest, samples, info, listing, log):
        first, last = samples
        peers = [other.port for other in self.run.guests if other is not guest]
        problems = checks.info_problems(info, guest.port, peers)
        problems += checks.lspci_problems(listing)
        problems += checks.kernel_problems(guest.console.lines(), log.splitlines())
        if not last.count > first.count:
            problems.append(f"the counter does not rise ({first.count}, then {last.count})")
        files = {"info": f"guest{guest.number}.info.txt", "lspci": f"guest{guest.number}.lspci.txt"}
        for key, text in (("info", info), ("lspci", listing)):
            (self.options.out / files[key]).write_text(text, encoding="utf-8")
        self.problems += [f"{guest.name}: {problem}" for problem in problems]
        self.result["guests"].append({
            "guest": guest.number, "port": guest.port.number, "device": self.devices[guest],
            "discovered": True, "ready": True, "link_up": checks.link_is_up(info),
            "count_first": first.count, "count_last": last.count,
            "seconds": round(last.uptime - first.uptime, 2),
            "pings_per_second": round(rate(first, last), 1),
            "info": str(self.options.out / files["info"]),
            "lspci": str(self.options.out / files["lspci"]), "problems": problems})
