# SPDX-License-Identifier: Apache-2.0
"""Chooses how QEMU executes guests: KVM where it truly works, else TCG.

A device node proves nothing: where nested virtualisation is broken, KVM aborts, hangs, or runs
real-mode code but no kernel. So two things are tried, cheapest first: a boot sector of a few
bytes that ends QEMU through isa-debug-exit, and the guests' own kernel to user space and back.
The answer is remembered under build/ until QEMU, the kernel of the machine or the boot changes.
"""
import json
import os
import pathlib
import platform
import subprocess
import tempfile

import qemu_finder
from paths import BUILD

NAMES = ("kvm", "tcg")
OPTIONS = {"kvm": ["-accel", "kvm", "-cpu", "host"],
           # Without -cpu max TCG's default model is a CPU of 2006; the kernel runs on both.
           "tcg": ["-accel", "tcg,thread=multi", "-cpu", "max"]}
EXIT_CODE = 33        # isa-debug-exit: (value written << 1) | 1, value 0x10
BOOT_SECTOR_SECONDS = 8
KERNEL_SECONDS = 20

# mov dx,0xf4; mov al,0x10; out dx,al; hlt; jmp $-1
PAYLOAD = bytes.fromhex("baf400" "b010" "ee" "f4" "ebfd")


def boot_sector():
    """A disk whose boot sector ends QEMU."""
    return PAYLOAD.ljust(510, b"\0") + b"\x55\xaa" + bytes(512 * 127)


def runs_boot_sector(qemu, name):
    """True if a few instructions run under this accelerator."""
    with tempfile.NamedTemporaryFile(prefix="ntb-probe-", suffix=".img") as disk:
        disk.write(boot_sector())
        disk.flush()
        command = qemu + OPTIONS[name] + [
            "-machine", "q35", "-nodefaults", "-display", "none", "-no-reboot",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            "-drive", f"file={disk.name},format=raw,if=ide,readonly=off"]
        return finished(command, BOOT_SECTOR_SECONDS)[0] == EXIT_CODE


def runs_kernel(qemu, name, kernel, initramfs):
    """True if the guests' kernel gets to user space and powers off."""
    command = qemu + OPTIONS[name] + [
        "-machine", "q35", "-m", "256M", "-nodefaults", "-display", "none", "-no-reboot",
        "-serial", "stdio", "-kernel", str(kernel), "-initrd", str(initramfs),
        "-append", "console=ttyS0 panic=-1 ntb.action=poweroff"]
    code, output = finished(command, KERNEL_SECONDS)
    return code == 0 and b"ntb-guest: up" in output


def finished(command, seconds):
    """(exit code or None, output) of a command that is given this long."""
    try:
        result = subprocess.run(["setpriv", "--pdeathsig", "KILL", "--"] + command, check=False,
                                timeout=seconds, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return result.returncode, result.stdout
    except subprocess.TimeoutExpired:
        return None, b""


def machine_state(qemu):
    """What the remembered answer depends on."""
    try:
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return [qemu_finder.identity(qemu), platform.release(), boot,
            os.access("/dev/kvm", os.R_OK | os.W_OK)]


def choose(qemu, kernel, initramfs, build=BUILD, progress=None):
    """(name, why) of the accelerator to use."""
    cache = build / "accelerator.json"
    state = machine_state(qemu)
    try:
        remembered = json.loads(cache.read_text(encoding="utf-8"))
        if remembered["state"] == state and remembered["name"] in NAMES:
            return remembered["name"], remembered["why"]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing remembered, or not by this version
    if progress:
        progress.step("accelerator: trying KVM")
    if not state[-1]:
        name, why = "tcg", "/dev/kvm cannot be opened"
    elif not runs_boot_sector(qemu, "kvm"):
        name, why = "tcg", "KVM is there but does not run a boot sector"
    elif not runs_kernel(qemu, "kvm", kernel, initramfs):
        name, why = "tcg", "KVM is there but does not run the guests' kernel"
    else:
        name, why = "kvm", "it runs the guests' kernel"
    cache.write_text(json.dumps({"state": state, "name": name, "why": why}), encoding="utf-8")
    return name, why
