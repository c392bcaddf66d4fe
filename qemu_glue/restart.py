# SPDX-License-Identifier: Apache-2.0
"""`--run restart`: guests are reset, rebooted, killed and come back, in an order that a seed gives.

The simulator runs on. After each change the guests that stayed must have seen the link go down
and come up (interrupts of their drivers, not only registers), ntb_pingpong must count again in all
of them, and at the end the windows of each pair are verified by content.
"""
import random
import time

import checks
import many_guests
from errors import RunError
from pingpong import FIND_DEVICE, LOAD, READ_COUNT, READ_INFO, parse_sample

BOOT_SECONDS = 240
LINK_SECONDS = 60
COMMAND_SECONDS = 60
# The driver says so only in its debug output, which Debian's kernel can switch on.
LOG_EVENTS = "echo 'module ntb_hw_idt format \"SE IRQ\" +p' " \
    ">/sys/kernel/debug/dynamic_debug/control"
KINDS = ("reset by QEMU", "reboot by the guest", "killed and started again")


def plan(count, seed):
    """[(guest number, kind)]: each kind once, and each guest at least once, in random order."""
    choice = random.Random(seed)
    steps = [(number % count, kind) for number, kind in enumerate(KINDS)]
    steps += [(number, choice.choice(KINDS)) for number in range(len(KINDS), count)]
    choice.shuffle(steps)
    return steps


class Restart:
    """The steps of the run."""

    def __init__(self, run, options):
        self._run = run
        self._options = options
        self._device = {}
        self._problems = []

    def execute(self, result):
        """All steps; a list of problems."""
        run = self._run
        for guest in run.guests:
            self._prepare(guest)
        self._counting("at the start")
        result["restarts"] = []
        for number, kind in plan(len(run.guests), self._options.seed):
            guest = run.guests[number]
            run.progress.step(f"{guest.name}: {kind}")
            others = [other for other in run.guests if other is not guest]
            events = {other: self._link_events(other) for other in others}
            guest = self._change(guest, kind)
            self._prepare(guest)
            self._counting(f"after {guest.name} was {kind}")
            for other in others:
                seen = self._link_events(other) - events[other]
                if seen < 2:
                    self._problems.append(f"{other.name} saw {seen} link events instead of at "
                                          f"least 2 when {guest.name} was {kind}")
            result["restarts"].append({"guest": number, "kind": kind})
        self._everywhere("rmmod ntb_pingpong")
        rows, problems = many_guests.check(run, {guest: self._device[guest.number]
                                                 for guest in run.guests})
        result["windows"] = rows
        return self._problems + problems

    def _everywhere(self, command, guests=None):
        guests = self._run.guests if guests is None else guests
        return self._run.everywhere_ok(
            {guest: command.format(device=self._device.get(guest.number)) for guest in guests},
            COMMAND_SECONDS, f"'{command}'")

    def _prepare(self, guest):
        self._device[guest.number] = self._everywhere(FIND_DEVICE, [guest])[guest].split()[0]
        self._everywhere(LOG_EVENTS, [guest])
        self._everywhere(LOAD.format(delay=self._options.pingpong_delay_ms), [guest])

    def _link_events(self, guest):
        """Switch events that the driver was interrupted for so far."""
        text = self._everywhere("dmesg | grep -c 'SE IRQ detected' || :", [guest])[guest]
        return int(text.strip() or "0")

    def _change(self, guest, kind):
        """Does it, and waits until the guest is back; the guest (a new one after a kill)."""
        run = self._run
        start = len(guest.agent.lines())
        if kind == KINDS[2]:
            place = run.guests.index(guest)
            run.guests.remove(guest)  # its end is no failure
            guest.child.process.kill()
            guest.child.process.wait()
            self._down(guest)
            return run.start_again(guest, place, BOOT_SECONDS)
        if kind == KINDS[0]:
            guest.qmp.command("system_reset")
        else:
            guest.start_command("reboot -f")
        run.wait_agent(guest, BOOT_SECONDS, start)
        return guest

    def _down(self, gone):
        """With no other guest left, the link of the one that stayed goes down."""
        if len(self._run.guests) > 1:
            return  # the link status shows that some peer is up; link events tell the rest
        deadline = time.monotonic() + LINK_SECONDS
        while any(checks.link_is_up(text) for text in self._everywhere(READ_INFO).values()):
            if time.monotonic() > deadline:
                self._problems.append(f"the link stays up although {gone.name} is dead")
                return
            self._run.pause(0.3)

    def _counting(self, when):
        """Waits until every guest's counter rises, or notes that it does not."""
        deadline = time.monotonic() + LINK_SECONDS
        first = self._counts()
        while True:
            self._run.pause(0.5)
            stuck = [guest.name for guest, count in self._counts().items()
                     if count <= first[guest]]
            if not stuck:
                return
            if time.monotonic() > deadline:
                raise RunError("cosim", f"ntb_pingpong of {', '.join(stuck)} does not count {when}",
                               "see the guests' consoles and the waveform")

    def _counts(self):
        found = {}
        for guest, text in self._everywhere(READ_COUNT).items():
            sample = parse_sample(text)
            found[guest] = sample.count if sample else 0
        return found
