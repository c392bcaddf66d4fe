# SPDX-License-Identifier: Apache-2.0
"""The options of `ntb cosim`: parsed and checked before anything is started."""
import argparse
import difflib
import os
import pathlib
import re
import shlex
import sys

import other_kernel
import placement
import stub_plugin
from errors import UserError
from paths import OUT, ntbsim_program
from topology import nt_ports

KINDS = ("pingpong", "faults", "perf", "registers", "restart", "selftest", "shell")
LATER_OPTIONS = ("peer",)
EPILOG = """\
examples:
  ./ntb cosim --run pingpong
  ./ntb cosim --run 'lspci -vvv -d 111d:'
  ./ntb cosim --run shell          (Ctrl-] then 0, 1: other guest; Ctrl-] then q: end)

exit codes: 0 it worked; 1 it ran and something was not as it should be; 2 wrong options or set-up
"""


class _Parser(argparse.ArgumentParser):
    """Errors as one line, like everything else."""

    def error(self, message):
        raise UserError("cosim", message, "see ./ntb cosim --help")


def make_parser():
    """The parser of the command line."""
    parser = _Parser(
        prog="ntb cosim", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        description="Boots guests on stock QEMU with unmodified kernel drivers against the "
        "simulator, runs something in them, reports.")
    add = parser.add_argument
    add("--guests", type=int, default=None, metavar="N",
        help="number of guests (default: one for each NT port, at most 2)")
    add("--topology", default=None, metavar="T",
        help="built-in topology, topology file or EEPROM image (default: two-host; as many hosts "
        "as --guests asks for; for selftest two-host-small)")
    add("--run", default="pingpong", metavar="WHAT",
        help="pingpong (default), faults, perf, selftest, registers, restart, shell, or a command "
        "for every guest")
    add("--data-order", type=int, default=None, metavar="N",
        help="2^N bytes by ntb_perf each way (default: 20, for perf 22; the selftest's own: 32)")
    add("--seed", type=int, default=1, metavar="N",
        help="restart: decides which guest meets which end, and when (default: 1)")
    add("--ntb-perf-fix", choices=("on", "off"), default="on",
        help="perf: measure with a corrected ntb_perf after the one as shipped (default: on)")
    add("--link", default="switch", metavar="KIND",
        help="switch (default): one simulator for all guests; ivshmem: one for each of two guests, "
        "joined at an ivshmem server (docs/ivshmem.md)")
    add("--vcd", metavar="FILE",
        help="write the waveform there (default for pingpong, faults and perf: in the output "
        "directory)")
    add("--vcd-limit", metavar="SIZE",
        help="stop the waveform at this size (default: 1 GiB, for perf 4 MiB)")
    add("--capture", metavar="FILE",
        help="write what came from the guests to FILE.stim or FILE.stim.gz, which ntbsim run plays "
        "again; checked at the end (docs/capture.md)")
    add("--stub", choices=stub_plugin.CHOICES, default="auto",
        help="the stub inside QEMU, which answers registers from shared memory (default: auto: "
        "where QEMU takes it; docs/stub.md)")
    add("--trace-windows", action="store_true",
        help="with the stub: window accesses reach the model and the waveform, too, instead of the "
        "peer's memory")
    add("--qemu", metavar="PATH", help="use this QEMU, >= 10.1 (also: NTB_QEMU)")
    add("--kernel-deb", metavar="PACKAGE",
        help="guests run this kernel package, of another Debian release: PACKAGE/RELEASE, e.g. "
        "linux-image-amd64/trixie")
    add("--kernel", metavar="FILE", help="guests run this kernel, with --modules")
    add("--modules", metavar="DIR", help="the NTB drivers, built as modules for --kernel")
    add("--accel", choices=("auto", "kvm", "tcg"), default="auto",
        help="how QEMU executes guests (default: KVM where it works, else TCG)")
    add("--append", default="", metavar="TEXT", help="more for the guests' kernel command line")
    add("--pingpong-delay-ms", type=int, default=10, metavar="N",
        help="delay_ms of ntb_pingpong (default: 10)")
    add("--placement", choices=placement.CHOICES, default="auto",
        help="cores while pingpong is counted: all processes together on one, or as the kernel "
        "likes (default: together where the cores are fewer than guests and simulator)")
    add("--seconds", type=float, default=5.0, metavar="N",
        help="how long pingpong is counted (default: 5)")
    add("--timeout", type=float, default=240.0, metavar="N",
        help="seconds until a guest must have booted, or a command have ended (default: 240)")
    add("--out", metavar="DIR", help="output directory (default: out/cosim-WHAT)")
    add("--ntbsim", metavar="FILE", help="the program (default: the one in build/release)")
    add("--json", action="store_true", help="the figures as JSON on stdout")
    add("--check-options", action="store_true", help=argparse.SUPPRESS)
    # Of later versions: known here, so that they are refused by name.
    add("--peer", help=argparse.SUPPRESS)
    return parser


def default_topology(options):
    """A topology with a port for each guest, and windows of a size that suits the run."""
    if options.kind == "selftest":
        return "two-host-small"
    if (options.guests or 2) > 4:
        return "eight-host"
    return {3: "three-host", 4: "four-host"}.get(options.guests, "two-host")


def not_in_this_version(what):
    """The refusal of what a later version has."""
    return UserError("cosim", f"{what} is not in this version", "see ./ntb cosim --help")


def parse(arguments=None):
    """The options, checked; adds `ports` (of the guests) and `kind` (pingpong, shell, command)."""
    options = make_parser().parse_args(arguments)
    for name in LATER_OPTIONS:
        if getattr(options, name) is not None:
            raise not_in_this_version("--" + name.replace("_", "-"))
    if options.link not in ("switch", "ivshmem"):
        raise UserError("cosim", f"unknown link '{options.link}'", "there are: switch, ivshmem")
    if not options.run.strip():
        raise UserError("cosim", "--run needs something to run", "pingpong, shell or 'COMMAND'")
    options.kind = options.run if options.run in KINDS else "command"
    _check_spelling(options.run)
    _check_numbers(options)
    _check_kernel(options)
    _set_paths(options)
    if options.topology is None:
        options.topology = default_topology(options)
    options.ntbsim = options.ntbsim or ntbsim_program()
    if options.check_options and not os.path.exists(options.ntbsim):
        return options  # the first build is still to come; who starts guests checks again
    ports = nt_ports(options.topology, options.ntbsim)
    if options.guests is None:
        options.guests = min(2, len(ports))
    if not 1 <= options.guests <= len(ports):
        raise UserError("cosim", f"{options.guests} guests on the topology {options.topology}, "
                        f"which has {len(ports)} NT ports", f"give --guests 1 to {len(ports)}")
    if options.kind in ("pingpong", "faults", "restart") and options.guests < 2:
        raise UserError("cosim", f"{options.kind} with {options.guests} guests",
                        "leave out --guests, or give at least 2")
    if options.data_order is None:
        options.data_order = 22 if options.kind == "perf" else 20
    # Both ways at half a megabyte a second, which a busy machine still does.
    options.selftest_seconds = max(options.timeout, 1200.0 + (4 << options.data_order) / 1e6)
    if options.kind in ("selftest", "perf") and options.guests != 2:
        raise UserError("cosim", f"{options.kind} with {options.guests} guests",
                        "leave out --guests: it is for 2")
    _check_link(options)
    options.ports = ports[:options.guests]
    if options.vcd is None and options.kind in ("pingpong", "faults"):
        options.vcd = options.out / f"{options.kind}.vcd"
    if options.vcd is None and options.kind == "perf":
        options.vcd = options.out / "perf.vcd"
        # It holds the unmodified ntb_perf; what is measured later need not be in it.
        options.vcd_limit = options.vcd_limit or "4MiB"
    if options.vcd_limit is not None and options.vcd is None:
        raise UserError("cosim", "--vcd-limit without a waveform", "give --vcd FILE too")
    try:
        options.append = shlex.split(options.append)
    except ValueError as error:
        raise UserError("cosim", f"--append {options.append}: {error}",
                        "close the quotation") from error
    return options


def _set_paths(options):
    """The output directory is made if it is not there; other files go where there is a place."""
    options.out = pathlib.Path(options.out) if options.out else OUT / f"cosim-{options.kind}"
    if options.capture and not options.capture.endswith((".stim", ".stim.gz")):
        raise UserError(f"--capture {options.capture}",
                        "the name of a capture ends with .stim or .stim.gz", "rename it")
    for name in ("vcd", "capture"):
        value = getattr(options, name)
        if value is None:
            continue
        if not value or pathlib.Path(value).is_dir():
            raise UserError(f"--{name} {value}", "this is no name of a file", "give a file")
        parent = pathlib.Path(value).resolve().parent
        if not parent.is_dir() and parent != options.out.resolve():
            raise UserError(f"--{name} {value}", f"there is no directory {parent}",
                            "make it, or give a file in another one")


def _check_link(options):
    """What two simulators that are one switch can do."""
    if options.link != "ivshmem":
        return
    if options.guests != 2:
        raise UserError("cosim", f"--link ivshmem with {options.guests} guests",
                        "leave out --guests: it joins 2 simulators")
    refused = [options.kind] if options.kind in ("faults", "registers", "restart") else []
    refused += ["--capture"] if options.capture else []
    if refused:
        raise UserError("cosim", f"--link ivshmem with {refused[0]}", "leave out --link")


def _check_spelling(run):
    """Refuses a word that is nearly a built-in name: guests would boot only to not find it."""
    word = run.strip().lower()
    if run not in KINDS and difflib.get_close_matches(word, KINDS, 1, 0.8):
        raise UserError("cosim", f"--run '{run}' is neither a command nor one of "
                        f"{', '.join(KINDS)}", "mend the word; a command may be given with its "
                        "path")


def _check_kernel(options):
    if (options.kernel is None) != (options.modules is None):
        raise UserError("cosim", "--kernel and --modules belong together", "give both")
    if options.kernel and options.kernel_deb:
        raise UserError("cosim", "--kernel and --kernel-deb exclude each other", "give one")
    if options.kernel_deb:
        other_kernel.parse_package(options.kernel_deb)


def _check_numbers(options):
    if options.pingpong_delay_ms < 0:
        raise UserError("cosim", "--pingpong-delay-ms is negative", "give 0 or more")
    if not 1 <= options.seconds <= 3600:
        raise UserError("cosim", "--seconds is out of range", "give 1 to 3600")
    if not 1 <= options.timeout <= 86400:
        raise UserError("cosim", "--timeout is out of range", "give 1 to 86400")
    if options.data_order is not None and not 16 <= options.data_order <= 40:
        raise UserError("cosim", "--data-order is out of range", "give 16 to 40")
    limit = options.vcd_limit
    if limit is not None and not re.fullmatch(r"\d+(\.\d+)?\s*([KMGT]i?B?|B)?", limit, re.I):
        raise UserError("cosim", f"--vcd-limit {limit} is no size", "give e.g. 500MiB or 1GiB")


def parse_or_exit(arguments=None):
    """As parse(); ends the process with one line and code 2 on an error."""
    try:
        return parse(arguments)
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
