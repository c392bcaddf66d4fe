# SPDX-License-Identifier: Apache-2.0
"""Kernel and disks for the published commands of the device idt-ntb-ivshmem.

The publication's kernel has virtio and ext4 built in, its disk an init of its own. Debian's kernel
has them as modules, so an initramfs loads those and goes on from the disk: that is the only word
(-initrd) in which the commands differ. What is on the disk loads the unmodified drivers and
ntb_pingpong with their defaults, and leaves a shell on the serial console, as the publication's
image does after a login.
"""
import lzma
import pathlib
import subprocess

import guest_image
import userland
from cpio_archive import CpioArchive

# In the order in which they can be loaded; not every kernel has all of them as modules.
DISK_MODULES = ("virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev",
                "virtio_pci", "virtio_blk", "crc16", "crc32c_generic", "mbcache", "jbd2", "ext4")
FIRST_INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /dev /disk
/bin/busybox mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do
    /bin/busybox insmod "$module"
done
until /bin/busybox mount -t ext4 /dev/vda /disk; do
    /bin/busybox sleep 0.2
done
exec /bin/busybox switch_root /disk /sbin/init
"""
DISK_INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug
exec </dev/ttyS0 >/dev/ttyS0 2>&1
for module in ntb ntb_hw_idt ntb_pingpong; do
    insmod /modules/$module.ko
done
echo 0 >/proc/sys/kernel/printk
while :; do
    echo shell ready
    setsid cttyhack sh
done
"""


def module_bytes(path):
    """A module as the kernel takes it."""
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def make_initrd(kernel, path):
    """The initramfs that goes on from the disk."""
    archive = CpioArchive()
    archive.directory("dev")
    archive.device("dev/console", 5, 1)
    archive.file("bin/busybox", guest_image.program("busybox", "busybox-static").read_bytes(),
                 0o755)
    archive.file("init", FIRST_INIT.encode(), 0o755)
    there = {file.name.split(".")[0] for file in kernel.stock_modules.rglob("*.ko*")}
    wanted = [name for name in DISK_MODULES if name in there]
    for place, file in enumerate(userland.stock_module_files(kernel.stock_modules, wanted)):
        archive.file(f"modules/{place:02}-{wanted[place]}.ko", module_bytes(file))
    path.write_bytes(archive.data())
    return path


def make_disk(kernel, folder, name):
    """A disk image with an ext4 file system: busybox, the drivers, an init."""
    root = folder / f"{name}.root"
    for directory in ("bin", "sbin", "usr/bin", "usr/sbin", "proc", "sys", "dev", "modules",
                      "root", "tmp"):
        (root / directory).mkdir(parents=True)
    busybox = root / "bin/busybox"
    busybox.write_bytes(guest_image.program("busybox", "busybox-static").read_bytes())
    busybox.chmod(0o755)
    applets = subprocess.run([busybox, "--list-full"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.split()
    for applet in applets:
        link = root / applet
        if link.parent.is_dir() and not link.exists():
            link.symlink_to("/bin/busybox")
    for module in ("ntb", "ntb_hw_idt", "ntb_pingpong"):
        (root / f"modules/{module}.ko").write_bytes((kernel.modules / f"{module}.ko").read_bytes())
    init = root / "sbin/init"
    init.unlink(missing_ok=True)
    init.write_text(DISK_INIT, encoding="utf-8")
    init.chmod(0o755)
    image = folder / f"{name}-rootfs.ext4"
    mke2fs = guest_image.program("mke2fs", "e2fsprogs")
    subprocess.run([mke2fs, "-q", "-t", "ext4", "-d", root, image, "24M"], check=True,
                   stdin=subprocess.DEVNULL)
    return pathlib.Path(image)
