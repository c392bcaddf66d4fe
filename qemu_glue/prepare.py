#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what guests need under build/: QEMU, kernel, drivers, image; chooses the accelerator.

Example: python3 qemu_glue/prepare.py --qemu /opt/qemu/bin/qemu-system-x86_64
Exit codes: 0 everything is there; 2 the user has something to mend (one line on stderr).
"""
import argparse
import collections
import platform
import sys

import accelerator
import guest_image
import guest_kernel
import other_kernel
import qemu_finder
import stub_plugin
from errors import GlueError, UserError
from paths import BUILD, make_build_directory
from progress import Progress

Prepared = collections.namedtuple("Prepared", "qemu kernel initramfs accelerator why stub",
                                  defaults=(stub_plugin.NONE,))


def chosen_kernel(options, build, progress):
    """The guests' kernel: what the options of the launcher ask for, else the machine's release."""
    if options is not None and options.kernel_deb:
        return other_kernel.of_package(options.kernel_deb, build, progress)
    if options is not None and options.kernel:
        return other_kernel.of_files(options.kernel, options.modules, build)
    return guest_kernel.prepare(build, progress)


def prepare(given_qemu=None, progress=None, build=BUILD, options=None):
    """Everything that guests need; what is there already is used as it is."""
    if platform.machine() != "x86_64":
        raise UserError("setup", f"this machine is {platform.machine()}",
                        "co-simulation needs an x86_64 machine")
    make_build_directory(build)
    qemu = qemu_finder.find(given_qemu, build, progress)
    kernel = chosen_kernel(options, build, progress)
    initramfs = guest_image.prepare(kernel, build, progress)
    name, why = accelerator.choose(qemu, kernel.image, initramfs, build, progress)
    stub = stub_plugin.NONE
    if options is not None:
        if progress:
            progress.step("stub: trying it")
        stub = stub_plugin.choose(options.stub, qemu, options.ntbsim)
    return Prepared(qemu, kernel, initramfs, name, why, stub)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qemu", metavar="PATH", help="use this QEMU (also: NTB_QEMU)")
    options = parser.parse_args()
    progress = Progress()
    try:
        prepared = prepare(options.qemu, progress)
    except GlueError as error:
        progress.done()
        print(error, file=sys.stderr)
        return error.exit_code
    progress.line(f"ntb: guests: kernel {prepared.kernel.version}, accelerator "
                  f"{prepared.accelerator} ({prepared.why})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
