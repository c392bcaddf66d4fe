# SPDX-License-Identifier: Apache-2.0
"""The ports that guests can be connected to: the NT ports of a topology, in order.

What a topology is, `ntbsim` knows: a built-in name, a topology file, an EEPROM image, or a file
that starts from one. So it is asked (`ntbsim topology show`), and its refusal is passed on. Each
question is one short process.
"""
import collections
import os
import re
import subprocess

from errors import UserError
from paths import ROOT, ntbsim_program

Port = collections.namedtuple("Port", "number partition")

# The files of which CMake makes the built-in topologies.
BUILT_IN = ROOT / "testbench/config/topology"
SECONDS = 60
# A port of the answer; one of a mode like `nt` or `upstream_nt_dma` has an NT function.
PORT = re.compile(r"^  port (\d+): (?:\w+_)?nt(?:_\w+)?, partition (\d+) ", re.M)
REFUSAL = re.compile(r"ntbsim: (.+?): (.+) \((.+)\)")


def nt_ports(name, ntbsim=None):
    """The NT ports of whatever ntbsim takes for a topology. UserError if it takes it for none."""
    ntbsim = str(ntbsim or ntbsim_program())
    if not os.access(ntbsim, os.X_OK):
        raise UserError("ntbsim", f"{ntbsim} is not there", "run ./ntb build")
    try:
        done = subprocess.run([ntbsim, "topology", "show", "--", str(name)], check=False, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or f"no answer in {SECONDS} s"
        raise UserError("ntbsim", f"{ntbsim}: {reason}", "run ./ntb build") from error
    if done.returncode != 0:
        raise refusal(name, done.stderr)
    ports = [Port(int(number), int(partition)) for number, partition in PORT.findall(done.stdout)]
    if not ports:
        raise UserError("topology", f"{name} has no NT port", "set mode = \"nt\" of a [[port]]; "
                        f"see ntbsim topology show {name}")
    return ports


def refusal(name, text):
    """The line with which ntbsim refused a topology, as ours."""
    line = (text.strip().splitlines() or ["no reason given"])[-1]
    match = REFUSAL.fullmatch(line)
    if match:
        return UserError(*match.groups())
    return UserError("topology", f"{name}: {line}", f"try: ntbsim topology check {name}")
