# SPDX-License-Identifier: Apache-2.0
"""The guests' initramfs: static busybox, lspci with its libraries, the drivers, our init.

Both guests use the same image; what differs comes on the kernel's command line.
"""
import hashlib
import os
import pathlib
import re
import shutil
import struct
import subprocess

from cpio_archive import CpioArchive
from errors import UserError
from guest_kernel import MODULES
from paths import BUILD, GLUE, build_lock

GUEST_FILES = GLUE / "guest"
PCI_IDS = pathlib.Path("/usr/share/misc/pci.ids")
# Vendors a guest meets: the switch's maker, Intel's chip set as QEMU has it, Red Hat (QEMU).
VENDORS = ("111d", "8086", "1af4", "1b36")
SETUP = "run ./ntb setup --cosim"
# lspci looks up modules for a device, and libkmod complains where /lib/modules/VERSION has no
# index. These are empty: magic, version, and a root that is not there (kmod's libkmod-index.c).
KMOD_INDEXES = ("modules.dep.bin", "modules.alias.bin", "modules.symbols.bin",
                "modules.builtin.alias.bin", "modules.builtin.bin")
EMPTY_INDEX = struct.pack(">III", 0xB007F457, 0x00020001, 0)


def program(name, package):
    """The path of a program of the host; system directories are often not in a user's PATH."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin")
    if path is None:
        raise UserError("guest image", f"{name} is not there",
                        f"{SETUP}, or as root: apt-get install {package}")
    return pathlib.Path(path)


def libraries_of(path):
    """The shared libraries of a program of the host, its loader included, as ldd names them."""
    result = subprocess.run(["ldd", str(path)], check=False, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
    return parse_ldd(result.stdout)


def parse_ldd(text):
    """Absolute paths in the output of ldd."""
    paths = []
    for line in text.splitlines():
        match = re.search(r"(?:=> )?(/\S+) \(0x[0-9a-f]+\)", line)
        if match:
            paths.append(match.group(1))
    return paths


def shortened_pci_ids(text, vendors=VENDORS):
    """The vendors named and all device classes of pci.ids: the whole file costs boot time."""
    kept = []
    keeping = False
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if not line.startswith("\t"):
            keeping = line.startswith("C ") or line[:4] in vendors
        if keeping:
            kept.append(line)
    return "\n".join(kept) + "\n"


def make(kernel):
    """The initramfs as bytes."""
    busybox = program("busybox", "busybox-static")
    lspci = program("lspci", "pciutils")
    if libraries_of(busybox):
        raise UserError("guest image", f"{busybox} is not static",
                        "as root: apt-get install busybox-static")
    archive = CpioArchive()
    for name in ("proc", "sys", "dev", "tmp", "root", "run", "usr/share/misc"):
        archive.directory(name)
    # The kernel opens its console before our init has mounted anything on /dev.
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3, 0o666)
    archive.file("bin/busybox", busybox.read_bytes(), 0o755)
    archive.symlink("bin/sh", "busybox")
    archive.file("usr/bin/lspci", lspci.read_bytes(), 0o755)
    for library in libraries_of(lspci):
        archive.file(library.lstrip("/"), pathlib.Path(library).read_bytes(), 0o755)
    if PCI_IDS.is_file():
        names = shortened_pci_ids(PCI_IDS.read_text(encoding="utf-8", errors="replace"))
        archive.file("usr/share/misc/pci.ids", names.encode())
    for name in KMOD_INDEXES:
        archive.file(f"lib/modules/{kernel.version}/{name}", EMPTY_INDEX)
    for module in MODULES:
        archive.file(f"modules/{module}", (kernel.modules / module).read_bytes())
    archive.file("init", (GUEST_FILES / "init").read_bytes(), 0o755)
    archive.file("agent", (GUEST_FILES / "agent").read_bytes(), 0o755)
    return archive.data()


def prepare(kernel, build=BUILD, progress=None):
    """The path of the initramfs, made anew when anything that goes into it has changed."""
    if progress:
        progress.step("guest image: packing")
    data = make(kernel)
    name = hashlib.sha256(data).hexdigest()[:16]
    path = build / "guest" / f"initramfs-{name}.cpio"
    with build_lock(build, progress):
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            for old in path.parent.glob("initramfs-*.cpio"):
                old.unlink()
            making = path.with_suffix(".part")
            making.write_bytes(data)
            making.rename(path)
    return path
