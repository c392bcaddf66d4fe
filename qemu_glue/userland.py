# SPDX-License-Identifier: Apache-2.0
"""A guest's real userland: bash, coreutils, kmod and OpenSSH of the distribution, beside busybox.

The kernel's NTB selftest drives its second host over ssh and loads drivers with modprobe. The
packages are unpacked under build/ without being installed, only what is needed of them goes into
the image, and the result is laid over the small image of guest_image.py (the kernel unpacks
archives that follow one another as one file system).

The guests' key pair is made here once. It opens nothing but guests, whose network is a socket
pair between two QEMU processes.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import guest_image
from apt_archive import debian_mirror
from cpio_archive import CpioArchive
from errors import UserError
from guest_kernel import run_logged
from paths import BUILD, build_lock, complete_directory, shown

RELEASE = "trixie"  # any release does: the guest's C library comes with it
PACKAGES = ("bash", "coreutils", "diffutils", "sed", "kmod", "openssh-client", "openssh-server")
LOADER = "lib64/ld-linux-x86-64.so.2"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
PROGRAMS = ("usr/bin/bash", "usr/bin/cat", "usr/bin/cmp", "usr/bin/dd", "usr/bin/diff",
            "usr/bin/basename", "usr/bin/dirname", "usr/bin/head", "usr/bin/id", "usr/bin/ls",
            "usr/bin/rm", "usr/bin/sed", "usr/bin/sha256sum", "usr/bin/sleep", "usr/bin/wc",
            "usr/bin/kmod", "usr/bin/ssh", "usr/sbin/sshd")
HELPERS = "usr/lib/openssh"
HELPER_NAMES = ("sshd-session", "sshd-auth")
KMOD_NAMES = ("insmod", "lsmod", "modinfo", "modprobe", "rmmod", "depmod")
# Stock drivers that the guests need besides; the files that they depend on follow.
STOCK_MODULES = ("e1000",)
KEY = "ssh-key"
ADDRESSES = ("192.168.77.1", "192.168.77.2")
PEER_NAME = "peer"

SSHD_CONFIG = """\
HostKey /etc/ssh/key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
MaxSessions 1000
"""
# One connection carries all the commands: a handshake costs an emulated CPU a second.
SSH_CONFIG = """\
Host *
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    IdentityFile /etc/ssh/key
    LogLevel ERROR
    KexAlgorithms curve25519-sha256
    Ciphers aes128-ctr
    MACs hmac-sha2-256
    ControlMaster auto
    ControlPath /run/ssh-%r@%h
    ControlPersist yes
"""


def loader_words(root, program, name=None):
    """The words that run a program of an unpacked root with that root's own libraries."""
    words = [str(root / LOADER), "--library-path", str(root / LIBRARIES)]
    if name:
        words += ["--argv0", name]
    return words + [str(root / program)]


def libraries(root, program):
    """The shared libraries of a program of an unpacked root, its loader not included."""
    words = loader_words(root, program)
    result = subprocess.run(words[:-1] + ["--list", words[-1]], check=False, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    paths = [path for path in guest_image.parse_ldd(result.stdout)
             if "ld-linux" not in path]
    if result.returncode != 0 or "not found" in result.stdout:
        raise UserError("guest userland", f"the libraries of {program} are not all there",
                        f"remove {shown(root)} and try again")
    return paths


def unpack(directory, log):
    """Unpacks the packages and makes the key pair."""
    if shutil.which("mmdebstrap") is None:
        raise UserError("guest userland", "mmdebstrap is not there", "run ./ntb setup --cosim")
    with complete_directory(directory) as making:
        root = making / "root"
        command = ["mmdebstrap", "--variant=extract", f"--include={','.join(PACKAGES)}",
                   RELEASE, str(root), f"deb {debian_mirror()} {RELEASE} main"]
        if os.geteuid() != 0:
            command.insert(1, "--mode=chrootless")
        log.write_text("", encoding="utf-8")
        run_logged(command, log, "guest userland")
        run_logged(loader_words(root, "usr/bin/ssh-keygen")
                   + ["-q", "-t", "ed25519", "-N", "", "-C", "ntb-guests", "-f",
                      str(making / KEY)], log, "guest userland")


def prepare_root(build=BUILD, progress=None):
    """The directory with the unpacked packages (root/) and the key pair."""
    directory = build / "userland"
    with build_lock(build):
        if not (directory / "root" / "usr/sbin/sshd").is_file():
            if progress:
                progress.step(f"guest userland: unpacking {len(PACKAGES)} packages of {RELEASE}")
            unpack(directory, build / "userland.log")
    return directory


def stock_module_files(stock, wanted=STOCK_MODULES):
    """The files of the kernel package's own modules that are wanted."""
    found = []
    for name in wanted:
        files = [path for path in stock.rglob(f"{name}.ko*") if path.name.split(".")[0] == name]
        if not files:
            raise UserError("guest userland", f"the kernel has no module {name}",
                            "give a kernel package with --kernel-deb, or its modules directory")
        found.append(files[0])
    return found


def stage_modules(kernel, directory, root, log):
    """Lays out /lib/modules/VERSION with its index (depmod) below `directory`."""
    modules = directory / "lib/modules" / kernel.version
    (modules / "updates").mkdir(parents=True)
    for path in sorted(kernel.modules.glob("*.ko")):
        shutil.copy(path, modules / "updates" / path.name)
    for path in stock_module_files(kernel.stock_modules):
        shutil.copy(path, modules / path.name)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        if (kernel.stock_modules / name).is_file():
            shutil.copy(kernel.stock_modules / name, modules / name)
    run_logged(loader_words(root, "usr/bin/kmod", "depmod")
               + ["-b", str(directory), kernel.version], log, "guest userland")


def add_modules(archive, staged):
    """Adds what stage_modules() made."""
    for path in sorted((staged / "lib").rglob("*")):
        if path.is_file():
            archive.file(str(path.relative_to(staged)), path.read_bytes())


def add_programs(archive, root):
    """Programs, their libraries and their loader."""
    helpers = [f"{HELPERS}/{name}" for name in HELPER_NAMES if (root / HELPERS / name).is_file()]
    needed = {}
    for program in [*PROGRAMS, *helpers]:
        archive.file(program, (root / program).read_bytes(), 0o755)
        for path in libraries(root, program):
            needed[pathlib.Path(path).name] = path
    # Name service: without it sshd does not know root.
    for path in (root / LIBRARIES).glob("libnss_files.so.2"):
        needed[path.name] = str(path)
    for name, path in sorted(needed.items()):
        # Over the libraries of the small image: one C library for all.
        archive.file(f"lib/x86_64-linux-gnu/{name}", pathlib.Path(path).read_bytes(), 0o755)
    archive.file(LOADER, (root / LOADER).resolve().read_bytes(), 0o755)
    archive.symlink("bin/bash", "../usr/bin/bash")
    for name in KMOD_NAMES:
        archive.symlink(f"usr/sbin/{name}", "../bin/kmod")


def add_settings(archive, directory):
    """Users, keys and the configuration of ssh."""
    key = (directory / KEY).read_bytes()
    public = (directory / f"{KEY}.pub").read_bytes()
    archive.directory("run/sshd", 0o755)
    archive.directory("root/.ssh", 0o700)
    archive.file("root/.ssh/authorized_keys", public, 0o600)
    archive.file("root/.bashrc", b"export PATH=/usr/sbin:/usr/bin:/sbin:/bin\n")
    archive.file("etc/passwd", b"root:x:0:0:root:/root:/bin/bash\n"
                 b"sshd:x:100:65534::/run/sshd:/bin/false\n")
    archive.file("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    archive.file("etc/shadow", b"root:*:19000:0:99999:7:::\nsshd:!:19000::::::\n", 0o600)
    archive.file("etc/nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files\n")
    archive.file("etc/ssh/key", key, 0o600)
    archive.file("etc/ssh/key.pub", public)
    archive.file("etc/ssh/sshd_config", SSHD_CONFIG.encode())
    archive.file("etc/ssh/ssh_config", SSH_CONFIG.encode())


def selftest_script(kernel):
    """The kernel's own script, as its source package ships it."""
    path = kernel.directory / "source/tools/testing/selftests/ntb/ntb_test.sh"
    if not path.is_file():
        raise UserError("selftest", f"{shown(path)} is not there",
                        f"remove {shown(kernel.directory)} and try again")
    return path


def overlay(kernel, directory, staged):
    """What is laid over the small image, as bytes."""
    archive = CpioArchive()
    add_programs(archive, directory / "root")
    add_settings(archive, directory)
    add_modules(archive, staged)
    archive.file("root/ntb_test.sh", selftest_script(kernel).read_bytes(), 0o755)
    return archive.data()


def prepare(kernel, base, build=BUILD, progress=None):
    """The path of the image with the userland over the small image `base`."""
    directory = prepare_root(build, progress)
    if progress:
        progress.step("guest userland: packing")
    with build_lock(build), tempfile.TemporaryDirectory(dir=build) as temporary:
        staged = pathlib.Path(temporary)
        stage_modules(kernel, staged, directory / "root", build / "userland.log")
        data = pathlib.Path(base).read_bytes()
        data += bytes(-len(data) % 4) + overlay(kernel, directory, staged)
        name = hashlib.sha256(data).hexdigest()[:16]
        path = build / "guest" / f"session-{name}.cpio"
        if not path.is_file():
            for old in path.parent.glob("session-*.cpio"):
                old.unlink()
            making = path.with_suffix(".part")
            making.write_bytes(data)
            making.rename(path)
    return path
