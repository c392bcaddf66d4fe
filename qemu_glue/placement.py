# SPDX-License-Identifier: Apache-2.0
"""Which cores the guests and the simulator run on after booting.

A register access is a message to the simulator and one back. Waking a process on another core costs
several times what it costs on the same one, so where the machine has no core for each of them they
are fastest together on one (docs/performance.md has the figures). Booting is left to the kernel:
there the guests' own work counts.
"""
import contextlib
import os

from errors import UserError

CHOICES = ("auto", "together", "kernel")


def chosen(choice, processes, cores):
    """What `auto` means for that many processes (guests and simulator) on that many cores."""
    if choice != "auto":
        return choice
    return "together" if cores < processes else "kernel"


def together(pids):
    """Puts all threads of these processes on one core; its number.

    They become batch processes there: a woken thread then waits until the one that woke it sleeps
    instead of taking the core from it in the middle of its work, which was measured to give a tenth
    to a quarter more pings.
    """
    core = max(os.sched_getaffinity(0))
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread), {core})
                    os.sched_setscheduler(int(thread), os.SCHED_BATCH, os.sched_param(0))
    return core


def place(choice, pids):
    """Carries the choice out; what was done, in words."""
    if chosen(choice, len(pids), len(os.sched_getaffinity(0))) == "kernel":
        return "placed by the kernel"
    try:
        return f"all on core {together(pids)}"
    except PermissionError as error:
        raise UserError("cosim", "the processes cannot be put on one core",
                        "use --placement kernel") from error
