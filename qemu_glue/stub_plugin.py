# SPDX-License-Identifier: Apache-2.0
"""The stub that QEMU loads as a plugin (docs/stub.md): which of its files this QEMU takes, and the
words that load it.

A file fits if QEMU loads it and its self-test passes; both are tried, with a machine without
devices, before guests are started.
"""
import collections
import pathlib
import subprocess

from errors import UserError

CHOICES = ("auto", "on", "off")
PASSED = "ntb-stub: self-test passed"
TRIAL_SECONDS = 30

# `file` is None without the stub; `why` says what is done, in one line.
Stub = collections.namedtuple("Stub", "file why")
NONE = Stub(None, "off")


def files_beside(ntbsim):
    """The stub's files of the same build as that ntbsim, the newest interface first."""
    directory = pathlib.Path(ntbsim).resolve().parent.parent.parent / "qemu_glue" / "stub"
    return sorted(directory.glob("ntb-stub-*.so"),
                  key=lambda path: -int(path.stem.rsplit("-", 1)[1]))


def trial(qemu, file):
    """Why that QEMU cannot use the file, or None if it can."""
    command = [*qemu, "-machine", "none", "-nodefaults", "-no-user-config", "-display", "none",
               "-plugin", str(file), "-monitor", "stdio"]
    try:
        result = subprocess.run(command, check=False, input="quit\n", text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                timeout=TRIAL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return getattr(error, "strerror", None) or "QEMU does not end"
    lines = result.stderr.strip().splitlines()
    if result.returncode == 0 and PASSED in lines:
        return None
    return lines[-1] if lines else f"QEMU ended with exit code {result.returncode}"


def choose(choice, qemu, ntbsim):
    """The Stub for these guests; UserError if it is asked for and does not work."""
    if choice == "off":
        return Stub(None, "off, as asked: registers go over vfio-user")
    files = files_beside(ntbsim)
    problem = "it is not built (./ntb build)"
    for file in files:
        problem = trial(qemu, file)
        if problem is None:
            return Stub(file, "on")
    if choice == "on":
        raise UserError("stub", f"this QEMU cannot use it: {problem}",
                        "use --stub off, or another QEMU (docs/stub.md)")
    return Stub(None, f"off: this QEMU cannot use it: {problem}")


def windows_trapped_by(options):
    """What keeps windows out of shared memory for the whole run, as the user said it, or None."""
    # A capture holds every access; faults happen to TLPs, and what a guest writes straight into
    # memory is none.
    for reason, holds in (("--capture", options.capture),
                          ("--run faults", options.kind == "faults"),
                          ("--trace-windows", options.trace_windows)):
        if holds:
            return reason
    return None


def on_text(trapped_by):
    """What a stub that works does: with windows too, unless something keeps them trapped."""
    if trapped_by:
        return f"on: registers are in shared memory; windows are trapped ({trapped_by})"
    return "on: registers and windows are in shared memory"


def control_socket(socket_path):
    """Where `ntbsim serve --stub` listens for the stub of the guest at that socket."""
    return f"{socket_path}.stub"


def qemu_words(stub, device, socket_path):
    """What a guest's command line needs for its device."""
    if stub.file is None or socket_path is None:
        return []
    return ["-plugin", f"{stub.file},device={device},control={control_socket(socket_path)}"]
