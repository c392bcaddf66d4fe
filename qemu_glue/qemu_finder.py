# SPDX-License-Identifier: Apache-2.0
"""Finds a QEMU with the vfio-user client (upstream from 10.1), or makes a private copy of one.

Order: --qemu, NTB_QEMU, the machine's own if it is new enough, else a copy under build/qemu
unpacked from Debian's backports without installing anything. The copy starts by hand as
build/qemu-system-x86_64.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess

from apt_archive import debian_mirror
from errors import UserError
from paths import BUILD, build_lock, complete_directory

OLDEST = (10, 1)
CLIENT = "vfio-user-pci"
BACKPORTS_OF = "trixie"  # the oldest release whose backports have a QEMU that is new enough
BINARY = "qemu-system-x86_64"
LIBRARIES = "usr/lib/x86_64-linux-gnu"


def parse_version(text):
    """(major, minor) from the output of `qemu --version`, or None."""
    match = re.search(r"version (\d+)\.(\d+)", text)
    return (int(match.group(1)), int(match.group(2))) if match else None


def complaint(version_text, devices_text):
    """Why this QEMU is of no use, or None if it is."""
    version = parse_version(version_text)
    if version is None:
        return "it does not say which version it is"
    if version < OLDEST:
        return f"it is version {version[0]}.{version[1]}, older than {OLDEST[0]}.{OLDEST[1]}"
    if CLIENT not in devices_text:
        return f"it has no {CLIENT} device"
    return None


def examine(command):
    """Runs the QEMU that `command` (list of words) stands for; why it is of no use, or None."""
    outputs = []
    for question in (["--version"], ["-device", "help"]):
        try:
            outputs.append(subprocess.run(command + question, check=True, text=True, timeout=30,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                          stderr=subprocess.DEVNULL).stdout)
        except subprocess.TimeoutExpired:
            return "it does not answer"
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "strerror", None) or f"exit code {error.returncode}"
            return f"it does not run ({reason})"
    return complaint(outputs[0], outputs[1])


def private_command(directory):
    """The words that start the private copy with its own libraries and firmware."""
    return [str(directory / LIBRARIES / "ld-linux-x86-64.so.2"),
            "--library-path", str(directory / LIBRARIES),
            str(directory / "usr/bin" / BINARY),
            "-L", str(directory / "usr/share/qemu"), "-L", str(directory / "usr/share/seabios")]


def write_starter(build):
    """BUILD/qemu-system-x86_64: a script that starts the private copy from any directory."""
    starter = build / BINARY
    words = " ".join(f'"{word}"' for word in private_command(pathlib.Path("$here/qemu")))
    text = ("#!/bin/sh\n# Made by ./ntb: the QEMU in build/qemu with its own libraries and "
            "firmware.\n"
            'here=$(dirname "$(readlink -f "$0")")\n'
            f'exec {words} "$@"\n')
    if os.access(starter, os.X_OK) and starter.read_text(encoding="utf-8") == text:
        return
    making = build / f".{BINARY}.{os.getpid()}"
    making.write_text(text, encoding="utf-8")
    making.chmod(0o755)
    os.rename(making, starter)


def make_private_copy(directory, log):
    """Unpacks QEMU of Debian's backports into `directory`."""
    if shutil.which("mmdebstrap") is None:
        raise UserError("qemu", f"this machine's QEMU is missing or older than "
                        f"{OLDEST[0]}.{OLDEST[1]}, and mmdebstrap, which would fetch one, is "
                        "not there", "run ./ntb setup --cosim, or give one with --qemu PATH")
    mirror = debian_mirror()
    backports = f"{BACKPORTS_OF}-backports"
    with complete_directory(directory) as making, open(log, "w", encoding="utf-8") as log_file:
        command = ["mmdebstrap", "--variant=extract",
                   f"--include=qemu-system-x86/{backports}",
                   f'--aptopt=APT::Default-Release "{backports}"',
                   BACKPORTS_OF, str(making),
                   f"deb {mirror} {BACKPORTS_OF} main", f"deb {mirror} {backports} main"]
        if os.geteuid() != 0:
            # Nothing is executed inside and no owner matters: no name space is needed.
            command.insert(1, "--mode=chrootless")
        result = subprocess.run(command, check=False, stdin=subprocess.DEVNULL,
                                stdout=log_file, stderr=subprocess.STDOUT)
        if result.returncode == 0:
            problem = examine(private_command(making))
        else:
            lines = pathlib.Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
            reasons = [line[3:] for line in lines if line.startswith("E: ")]
            problem = "mmdebstrap failed: " + (reasons[0] if reasons else "no reason given")
        if problem is not None:
            raise UserError("qemu", f"no private copy could be made: {problem}",
                            f"see {log}, or give a QEMU >= {OLDEST[0]}.{OLDEST[1]} with "
                            "--qemu PATH")


def find(given=None, build=BUILD, progress=None):
    """The words that start a QEMU with the vfio-user client."""
    given = given or os.environ.get("NTB_QEMU")
    if given:
        command = [shutil.which(given) or given]
        problem = examine(command)
        if problem is not None:
            raise UserError("qemu", f"{given} cannot be used: {problem}",
                            f"give a QEMU >= {OLDEST[0]}.{OLDEST[1]} with {CLIENT}, or leave "
                            "out --qemu and NTB_QEMU: ./ntb setup --cosim fetches one")
        return command
    own = shutil.which(BINARY)
    if own and examine([own]) is None:
        return [own]
    directory = build / "qemu"
    with build_lock(build, progress):
        if examine(private_command(directory)) is not None:
            if progress:
                progress.step(f"qemu: unpacking a private copy from {BACKPORTS_OF}-backports")
            make_private_copy(directory, build / "qemu.log")
        write_starter(build)
    return private_command(directory)


def identity(command):
    """A string that changes when this QEMU changes; key of what is remembered about it."""
    binary = [word for word in command if word.endswith(BINARY)] or command[:1]
    status = os.stat(binary[0])
    return json.dumps([binary[0], status.st_size, int(status.st_mtime)])
