# SPDX-License-Identifier: Apache-2.0
"""Where things lie in the checkout, and how they get there undamaged.

Everything made here is under build/ and can be deleted at any time. A thing is made in a
directory of its own and renamed when complete, so an interrupted run leaves nothing half-made
that a later one would take for whole; one lock keeps two runs from making the same thing.
"""
import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile

from errors import UserError

ROOT = pathlib.Path(__file__).resolve().parent.parent
GLUE = ROOT / "qemu_glue"
BUILD = ROOT / "build"
OUT = ROOT / "out"


def ntbsim_program():
    """The simulator where no option names one: NTBSIM, or the one that ./ntb build makes."""
    return os.environ.get("NTBSIM") or str(BUILD / "release/testbench/ntbsim/ntbsim")


def not_writable(build, error):
    """The refusal to work where nothing can be made."""
    return UserError("build", f"{build} cannot be written: {error.strerror}",
                     "work in a clone of your own, or make it writable")


def make_build_directory(build=BUILD):
    """The directory for everything that is made."""
    try:
        build.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(build, error) from error


@contextlib.contextmanager
def build_lock(build=BUILD, progress=None):
    """Holds the lock of the things made under `build` (released by the kernel if we die)."""
    make_build_directory(build)
    try:
        file = open(build / ".cosim.lock", "w", encoding="ascii")
    except OSError as error:
        raise not_writable(build, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if progress:
                progress.step("waiting for another ntb that is preparing guests")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def complete_directory(target):
    """A new directory that becomes `target` when the block ends well, and vanishes otherwise."""
    target.parent.mkdir(parents=True, exist_ok=True)
    making = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield making
        making.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        os.rename(making, target)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def shown(path):
    """The path as the user would type it: relative to the current directory when below it."""
    try:
        return str(pathlib.Path(path).resolve().relative_to(pathlib.Path.cwd()))
    except ValueError:
        return str(path)
