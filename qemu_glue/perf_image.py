# SPDX-License-Identifier: Apache-2.0
"""What `--run perf` needs besides the small image: the corrected ntb_perf and a copy program."""
import hashlib
import pathlib
import shutil
import subprocess
import tempfile

import guest_image
import ntb_perf_fix
from cpio_archive import CpioArchive
from errors import UserError
from guest_kernel import run_logged
from paths import BUILD, build_lock, complete_directory, shown

FIXED_MODULE = "modules/corrected/ntb_perf.ko"


def build_fixed(kernel, log):
    """The corrected driver, built against the same headers as the unmodified one."""
    target = kernel.directory / "ntb-perf-fix"
    module = target / "ntb_perf.ko"
    if module.is_file():
        return module
    drivers = kernel.directory / "source/drivers/ntb"
    with complete_directory(target) as making:
        source = (drivers / "test/ntb_perf.c").read_text(encoding="utf-8")
        (making / "ntb_perf.c").write_text(ntb_perf_fix.corrected(source), encoding="utf-8")
        (making / "Makefile").write_text("obj-m := ntb_perf.o\n", encoding="utf-8")
        run_logged(["make", "-C", str(kernel.headers), f"M={making}",
                    f"KBUILD_EXTRA_SYMBOLS={drivers / 'Module.symvers'}", "modules"], log,
                   "corrected ntb_perf")
    return module


def build_copy_speed(directory):
    """The static program copy_speed as bytes."""
    source = guest_image.GUEST_FILES / "copy_speed.c"
    program = pathlib.Path(directory) / "copy_speed"
    if shutil.which("gcc") is None:
        raise UserError("perf", "gcc is not there", "run ./ntb setup --cosim")
    result = subprocess.run(["gcc", "-O2", "-static", "-o", str(program), str(source)],
                            check=False, stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        raise UserError("perf", f"gcc could not build {shown(source)}: "
                        f"{(result.stdout.splitlines() or ['no reason'])[0]}",
                        "as root: apt-get install libc6-dev")
    return program.read_bytes()


def prepare(kernel, base, fix, build=BUILD, progress=None):
    """The path of the image of the run: `base` with the things above laid over it."""
    if progress:
        progress.step("guest image: corrected ntb_perf" if fix else "guest image: copy program")
    with build_lock(build), tempfile.TemporaryDirectory(dir=build) as temporary:
        archive = CpioArchive()
        if fix:
            archive.file(FIXED_MODULE, build_fixed(kernel, build / "guest-kernel.log").read_bytes())
        archive.file("usr/bin/copy_speed", build_copy_speed(temporary), 0o755)
        data = pathlib.Path(base).read_bytes()
        data += bytes(-len(data) % 4) + archive.data()
        path = build / "guest" / f"perf-{hashlib.sha256(data).hexdigest()[:16]}.cpio"
        if not path.is_file():
            for old in path.parent.glob("perf-*.cpio"):
                old.unlink()
            making = path.with_suffix(".part")
            making.write_bytes(data)
            making.rename(path)
    return path
