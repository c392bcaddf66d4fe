# SPDX-License-Identifier: Apache-2.0
"""The guests' kernel and its NTB drivers, both unmodified.

The kernel is Debian's stock package of the version that linux-headers-amd64 stands for. Debian
leaves CONFIG_NTB unset, so the in-tree drivers are built from the kernel's source package against
those headers. Nothing of it is installed on the host.
"""
import pathlib
import re
import subprocess

import apt_archive
from errors import UserError
from paths import BUILD, build_lock, complete_directory, shown

DRIVERS = ("NTB", "NTB_IDT", "NTB_PINGPONG", "NTB_TOOL", "NTB_PERF", "NTB_TRANSPORT")
# CONFIG_NTB_MSI stays off: the headers' struct ntb_dev lacks its member.
MODULES = ("ntb.ko", "ntb_hw_idt.ko", "ntb_pingpong.ko", "ntb_tool.ko", "ntb_perf.ko")
SOURCES = pathlib.Path("/usr/src")
SETUP = "run ./ntb setup --cosim"


class GuestKernel:
    """Paths of a kernel with its drivers."""

    def __init__(self, version, directory):
        self.version = version
        self.directory = directory
        self.image = directory / f"vmlinuz-{version}"
        self.modules = directory / "modules"
        self.stock_modules = directory / "stock-modules"
        self.headers = SOURCES / f"linux-headers-{version}"

    def complete(self):
        """True if everything is there."""
        return self.image.is_file() and all((self.modules / name).is_file() for name in MODULES)


def headers_package(depends):
    """The package (linux-headers-VERSION) that the field Depends of linux-headers-amd64 names."""
    match = re.search(r"\blinux-headers-(\d[\w.+~-]*)", depends)
    return match.group(0) if match else None


def kernel_series(version):
    """"6.1" of "6.1.0-56-amd64", as in the name of the source package."""
    return ".".join(version.split(".")[:2])


def find_headers():
    """(kernel version, package version) of the installed headers."""
    depends = apt_archive.command_output("dpkg-query", "-W", "-f=${Depends}",
                                         "linux-headers-amd64")
    package = headers_package(depends)
    package_version = apt_archive.installed_version(package) if package else None
    if package_version is None:
        raise UserError("guest kernel", "the package linux-headers-amd64 is not installed", SETUP)
    return package[len("linux-headers-"):], package_version


def find_source(version, sources=SOURCES):
    """The archive of the kernel's source package."""
    series = kernel_series(version)
    for suffix in ("xz", "bz2", "zst", "gz"):
        archive = sources / f"linux-source-{series}.tar.{suffix}"
        if archive.is_file():
            return archive
    raise UserError("guest drivers", f"no kernel source: {sources}/linux-source-{series}.tar.xz "
                    "is not there", f"{SETUP}, or as root: apt-get install linux-source-{series}")


def run_logged(command, log, what, **options):
    """Runs a command with its output in a log; an error names the log."""
    with open(log, "a", encoding="utf-8") as file:
        try:
            code = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=file,
                                  stderr=subprocess.STDOUT, **options).returncode
        except OSError as error:
            raise UserError(what, f"{command[0]} cannot be run: {error.strerror}",
                            SETUP) from error
    if code != 0:
        raise UserError(what, f"{command[0]} failed with exit code {code}", f"see {shown(log)}")


def unpack_kernel(version, package_version, directory, log):
    """Fetches Debian's kernel image package and takes the kernel out of it."""
    package = f"linux-image-{version}"
    archive = apt_archive.download(package, package_version, directory)
    unpacked = directory / "image"
    run_logged(["dpkg-deb", "-x", str(archive), str(unpacked)], log, "guest kernel")
    (unpacked / "boot" / f"vmlinuz-{version}").rename(directory / f"vmlinuz-{version}")
    (unpacked / "boot" / f"config-{version}").rename(directory / f"config-{version}")
    # Drivers of the kernel package itself (network cards, ...) for guests that need them.
    for modules in (unpacked / "lib/modules", unpacked / "usr/lib/modules"):
        if (modules / version).is_dir():
            (modules / version).rename(directory / "stock-modules")
            break
    run_logged(["rm", "-r", str(unpacked), str(archive)], log, "guest kernel")


def build_drivers(version, source, directory, log):
    """Builds the unmodified drivers of the source package against the installed headers."""
    series = kernel_series(version)
    headers = SOURCES / f"linux-headers-{version}"
    tree = directory / "source"
    tree.mkdir()
    run_logged(["tar", "-xf", str(source), "-C", str(tree), "--strip-components=1",
                f"linux-source-{series}/drivers/ntb",
                f"linux-source-{series}/tools/testing/selftests/ntb"],
               log, "guest drivers")
    drivers = tree / "drivers" / "ntb"
    run_logged(["make", "-C", str(headers), f"M={drivers}", "-j2",
                *(f"CONFIG_{name}=m" for name in DRIVERS), "modules"], log, "guest drivers")
    modules = directory / "modules"
    modules.mkdir()
    for module in drivers.rglob("*.ko"):
        module.rename(modules / module.name)


def prepare(build=BUILD, progress=None, sources=SOURCES):
    """The guests' kernel with its drivers, made if it is not there yet."""
    version, package_version = find_headers()
    # The package version too: an update of the same ABI gets a directory of its own.
    name = re.sub(r"[^\w.+~-]", "_", f"kernel-{version}-{package_version}")
    kernel = GuestKernel(version, build / "guest" / name)
    with build_lock(build, progress):
        if kernel.complete():
            return kernel
        source = find_source(version, sources)
        log = build / "guest-kernel.log"
        log.write_text("", encoding="utf-8")
        with complete_directory(kernel.directory) as making:
            if progress:
                progress.step(f"guest kernel: fetching linux-image-{version}")
            unpack_kernel(version, package_version, making, log)
            if progress:
                progress.step(f"guest drivers: building {shown(source)}, drivers/ntb")
            build_drivers(version, source, making, log)
            lost = [module for module in MODULES if not (making / "modules" / module).is_file()]
            if lost:
                raise UserError("guest drivers", f"the build made no {lost[0]}",
                                f"see {shown(log)}")
    return kernel
