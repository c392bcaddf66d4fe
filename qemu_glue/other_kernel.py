# SPDX-License-Identifier: Apache-2.0
"""A kernel other than the machine's own release has: --kernel-deb, or --kernel and --modules.

--kernel-deb takes the kernel, its headers, its source and the compiler that belongs to them from
another Debian release, unpacks them under build/ without installing anything, and builds the
unmodified drivers inside that tree (in a mount name space of its own, so that no rights are needed
beyond what user name spaces give).
"""
import gzip
import lzma
import os
import pathlib
import re
import shutil

import ntb_perf_fix
from apt_archive import debian_mirror
from errors import UserError
from guest_kernel import DRIVERS, MODULES, GuestKernel, kernel_series, run_logged
from paths import BUILD, build_lock, complete_directory, shown

DEFAULT_RELEASE = "trixie"
PACKAGE = re.compile(r"(?P<image>linux-image-[a-z0-9][a-z0-9.+~-]*)(?:/(?P<release>[a-z-]+))?")
TOOLS = ("make", "bash", "dash", "coreutils", "sed", "grep", "mawk", "findutils", "kmod",
         "xz-utils", "tar")
# Mounts first: the build writes to /dev/null.
INSIDE = ('mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" && '
          'exec chroot "$0" /usr/bin/env PATH=/usr/sbin:/usr/bin "$@"')
VERMAGIC = re.compile(rb"vermagic=(\S+)")


def parse_package(text):
    """(image package, release) of --kernel-deb; UserError if it is neither."""
    match = PACKAGE.fullmatch(text)
    if not match:
        raise UserError("cosim", f"--kernel-deb {text} is no kernel package",
                        "give e.g. linux-image-amd64/trixie")
    return match.group("image"), match.group("release") or DEFAULT_RELEASE


def suites(release, mirror):
    """The apt lines, and the release that the others are taken from, for a release."""
    base = release.removesuffix("-backports")
    lines = [f"deb {mirror} {base} main"]
    if base != release:
        lines.append(f"deb {mirror} {release} main")
    return base, lines


def unpack(image, release, root, log):
    """Unpacks kernel, headers, source and tools into `root`."""
    if shutil.which("mmdebstrap") is None:
        raise UserError("guest kernel", "mmdebstrap is not there", "run ./ntb setup --cosim")
    base, lines = suites(release, debian_mirror())
    packages = [image, image.replace("linux-image-", "linux-headers-", 1), "linux-source"]
    command = ["mmdebstrap", "--variant=extract", f"--include={','.join([*packages, *TOOLS])}"]
    if base != release:
        command.append(f'--aptopt=APT::Default-Release "{release}"')
    if os.geteuid() != 0:
        command.insert(1, "--mode=chrootless")
    run_logged([*command, base, str(root), *lines], log, "guest kernel")
    for name in ("dev", "proc", "build"):
        (root / name).mkdir(exist_ok=True)
    awk = root / "usr/bin/awk"  # the packages' alternatives are not set up
    if not awk.exists():
        awk.symlink_to("mawk")


def inside(root, words):
    """The words that run a command inside the unpacked tree."""
    command = ["unshare", "--mount"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    return [*command, "sh", "-c", INSIDE, str(root), *words]


def build_inside(root, version, log):
    """Builds the drivers, and the corrected ntb_perf where the correction fits."""
    series = kernel_series(version)
    headers = f"/usr/src/linux-headers-{version}"
    archives = sorted((root / "usr/src").glob(f"linux-source-{series}.tar.*"))
    if not archives:
        raise UserError("guest drivers", f"the release has no linux-source-{series}",
                        "give the release's own kernel, e.g. linux-image-amd64/trixie")
    run_logged(["tar", "-xf", str(archives[0]), "-C", str(root / "build"), "--strip-components=1",
                f"linux-source-{series}/drivers/ntb",
                f"linux-source-{series}/tools/testing/selftests/ntb"], log, "guest drivers")
    run_logged(inside(root, ["make", "-C", headers, "M=/build/drivers/ntb", "-j2",
                             *(f"CONFIG_{name}=m" for name in DRIVERS), "modules"]),
               log, "guest drivers")
    fixed = root / "build/ntb-perf-fix"
    fixed.mkdir()
    source = (root / "build/drivers/ntb/test/ntb_perf.c").read_text(encoding="utf-8")
    try:
        (fixed / "ntb_perf.c").write_text(ntb_perf_fix.corrected(source), encoding="utf-8")
    except UserError:
        return  # --run perf says so when it needs it
    (fixed / "Makefile").write_text("obj-m := ntb_perf.o\n", encoding="utf-8")
    run_logged(inside(root, ["make", "-C", headers, "M=/build/ntb-perf-fix",
                             "KBUILD_EXTRA_SYMBOLS=/build/drivers/ntb/Module.symvers",
                             "modules"]), log, "corrected ntb_perf")


def collect(root, version, directory):
    """Moves what guests need out of the tree."""
    (root / f"boot/vmlinuz-{version}").rename(directory / f"vmlinuz-{version}")
    for modules in (root / "usr/lib/modules", root / "lib/modules"):
        if (modules / version / "kernel").is_dir():
            (modules / version).rename(directory / "stock-modules")
            break
    (directory / "modules").mkdir()
    for module in (root / "build/drivers/ntb").rglob("*.ko"):
        module.rename(directory / "modules" / module.name)
    (directory / "ntb-perf-fix").mkdir()
    for module in (root / "build/ntb-perf-fix").glob("*.ko"):
        module.rename(directory / "ntb-perf-fix" / module.name)
    (root / "build").rename(directory / "source")
    (directory / "version").write_text(version, encoding="utf-8")


def of_package(text, build=BUILD, progress=None):
    """The kernel of --kernel-deb, made if it is not there yet."""
    image, release = parse_package(text)
    directory = build / "guest" / f"kernel-of-{release}-{image}"
    with build_lock(build):
        if (directory / "version").is_file():
            return GuestKernel((directory / "version").read_text(encoding="utf-8"), directory)
        log = build / "guest-kernel.log"
        log.write_text("", encoding="utf-8")
        with complete_directory(directory) as making:
            root = making / "root"
            if progress:
                progress.step(f"guest kernel: unpacking {image} of {release} with its compiler")
            unpack(image, release, root, log)
            images = sorted(path.name for path in (root / "boot").glob("vmlinuz-*"))
            if not images:
                raise UserError("guest kernel", f"{image} of {release} holds no kernel",
                                f"see {shown(log)}")
            version = images[-1].removeprefix("vmlinuz-")
            if progress:
                progress.step(f"guest drivers: building for {version}")
            build_inside(root, version, log)
            collect(root, version, making)
            shutil.rmtree(root)
            check_modules(making / "modules", log)
    return GuestKernel(version, directory)


def check_modules(modules, where):
    """UserError if a driver is missing."""
    lost = [name for name in MODULES if not (modules / name).is_file()]
    if lost:
        raise UserError("guest drivers", f"there is no {lost[0]}", f"see {shown(where)}")


def module_bytes(path):
    """A module, decompressed."""
    data = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        raise UserError("guest drivers", f"{shown(path)} is compressed with zstd",
                        "unpack it: unzstd FILE")
    return data


def of_files(image, modules, build=BUILD):
    """The kernel of --kernel and --modules: a kernel image and a directory with the drivers."""
    image, modules = pathlib.Path(image), pathlib.Path(modules)
    if not image.is_file():
        raise UserError("cosim", f"--kernel {image}: no such file", "give a bzImage or vmlinuz")
    if not modules.is_dir():
        raise UserError("cosim", f"--modules {modules}: no such directory",
                        "give the one that holds the NTB drivers, built for that kernel")
    found = {}
    for name in MODULES:
        for path in sorted(modules.rglob(f"{name}*")):
            if re.fullmatch(rf"{re.escape(name)}(\.(xz|gz|zst))?", path.name):
                found[name] = path
                break
        else:
            raise UserError("guest drivers", f"{modules} holds no {name}",
                            "build drivers/ntb of that kernel with CONFIG_NTB=m and its drivers "
                            "as modules")
    contents = {name: module_bytes(path) for name, path in found.items()}
    magics = {match.group(1).decode() for match in map(VERMAGIC.search, contents.values())
              if match}
    if len(magics) != 1:
        raise UserError("guest drivers", f"{modules} holds drivers of several kernels: "
                        f"{' '.join(sorted(magics)) or 'none says which'}", "build them together")
    version = magics.pop()
    directory = build / "guest" / "kernel-given"
    with build_lock(build), complete_directory(directory) as making:
        shutil.copyfile(image, making / f"vmlinuz-{version}")
        (making / "modules").mkdir()
        for name, content in contents.items():
            (making / "modules" / name).write_bytes(content)
    kernel = GuestKernel(version, directory)
    kernel.stock_modules = modules
    return kernel
