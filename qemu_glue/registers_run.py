# SPDX-License-Identifier: Apache-2.0
"""`--run registers`: the register validation, in a guest, on the simulated device as if it were
silicon: the static program ntbsim-regs by sysfs, without a driver. Then its dump is compared with
the model's.

The other guests boot, too, and stay idle: other hosts see part of the validation.
"""
import hashlib
import pathlib
import subprocess

from children import ending
from cpio_archive import CpioArchive
from errors import RunError, UserError
from paths import BUILD, build_lock, shown

PROGRAM = "/usr/bin/ntbsim-regs"
KERNEL_OPTIONS = ("ntb.drivers=off",)
# At 2.5 GT/s QEMU's root port does not offer Data Link Layer Link Active Reporting. Where it does,
# it never shows the link of a vfio-user device as active, for which the kernel waits after a
# secondary bus reset: the reset then fails, although the device was reset.
ROOT_PORT = ("x-speed=2_5",)
MAY = "--allow-writes --allow-shared"
FIND = """for d in /sys/bus/pci/devices/*; do
  if [ "$(cat $d/vendor)" = 0x111d ]; then basename $d; fi
done"""


def program_beside(ntbsim):
    """The static program of the same build as that ntbsim."""
    return pathlib.Path(ntbsim).parent.parent / "ntbsim_regs" / "ntbsim-regs"


def prepare(base, program, build=BUILD, progress=None):
    """The path of the image of the run: `base` with the program laid over it."""
    if progress:
        progress.step("guest image: ntbsim-regs")
    if not program.is_file():
        raise UserError("registers", f"{shown(program)} is not there",
                        "build it: ninja ntbsim-regs, or ./ntb build")
    archive = CpioArchive()
    archive.file(PROGRAM.lstrip("/"), program.read_bytes(), 0o755)
    data = pathlib.Path(base).read_bytes()
    data += bytes(-len(data) % 4) + archive.data()
    path = build / "guest" / f"registers-{hashlib.sha256(data).hexdigest()[:16]}.cpio"
    with build_lock(build):
        if not path.is_file():
            for old in path.parent.glob("registers-*.cpio"):
                old.unlink()
            making = path.with_suffix(".part")
            making.write_bytes(data)
            making.rename(path)
    return path


def _on_host(command, what):
    """(exit code, output) of a program of this machine."""
    result = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode not in (0, 1):
        raise RunError(what, f"{command[0]} {ending(result.returncode)}: "
                       f"{(result.stdout.splitlines() or ['no reason'])[-1]}", "see above")
    return result.returncode, result.stdout


class Registers:
    """The steps of the run."""

    def __init__(self, run, options):
        self._run = run
        self._options = options
        self._guest = run.guests[0]
        self._problems = []

    def execute(self, result):
        """All steps; a list of problems."""
        device = self._in_guest(FIND, "finding the device").split()
        if len(device) != 1:
            raise RunError(self._guest.name, f"has {len(device)} NT functions instead of 1",
                           f"see {self._guest.console_log}")
        target = f"--target pci:{device[0]}"
        self._validate("read only", target, result)
        self._in_guest(f"echo 1 >/sys/bus/pci/devices/{device[0]}/enable", "enabling the device")
        dump = self._in_guest(f"{PROGRAM} dump {target} --allow-writes", "reading all registers")
        silicon = self._options.out / "registers.guest.txt"
        silicon.write_text(dump, encoding="utf-8")
        self._compare(silicon, result)
        self._validate("writing", f"{target} {MAY}", result)
        self._validate("with resets", f"{target} {MAY} --allow-reset --seed 2", result)
        return self._problems

    def _in_guest(self, command, what, may_fail=False):
        code, output = self._guest.finish_command(self._guest.start_command(command),
                                                  self._options.timeout, self._run.check_alive,
                                                  what)
        if code != 0 and not may_fail:
            reason = output.strip().splitlines()[-1:] or ["no output"]
            raise RunError(self._guest.name, f"{what} failed with exit code {code}: {reason[0]}",
                           f"see {self._guest.console_log}")
        return output if not may_fail else (code, output)

    def _validate(self, how, arguments, result):
        """One validation; what it prints goes to the console and into a file."""
        self._run.progress.step(f"ntbsim-regs check, {how}: running in {self._guest.name}")
        code, output = self._in_guest(f"{PROGRAM} check {arguments}", f"the check {how}", True)
        name = f"registers.{how.replace(' ', '-')}.txt"
        (self._options.out / name).write_text(output, encoding="utf-8")
        for line in output.splitlines():
            self._run.progress.line(f"ntbsim-regs| {line}")
        result.setdefault("checks", []).append({"how": how, "exit_code": code, "report": name})
        if code != 0:
            self._problems.append(f"the register check ({how}) ended with exit code {code}")

    def _compare(self, silicon, result):
        """The guest's dump against that of the model."""
        model = self._options.out / "registers.model.txt"
        ntbsim = self._options.ntbsim
        code, output = _on_host([ntbsim, "regs", "dump", "--topology", self._options.topology,
                                 "-o", str(model)], "regs dump")
        if code != 0:
            raise RunError("regs dump", output.strip(), f"try {ntbsim} regs dump")
        code, output = _on_host([ntbsim, "regs", "diff", str(silicon), str(model)], "regs diff")
        for line in output.splitlines():
            self._run.progress.line(f"regs diff| {line}")
        result["diff"] = output
        if code != 0:
            self._problems.append("the registers in the guest differ from the model's")
