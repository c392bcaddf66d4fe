# SPDX-License-Identifier: Apache-2.0
"""The ports that guests can be connected to: the NT ports of a topology, in order.

The simulator checks the topology; only numbers and partitions of NT ports are taken here.
"""
import collections
import pathlib

from errors import UserError
from paths import ROOT

Port = collections.namedtuple("Port", "number partition")

# The files of which CMake makes the built-in topologies.
BUILT_IN = ROOT / "testbench/config/topology"


def nt_ports(name):
    """The NT ports of a built-in topology, or of a topology file."""
    path = pathlib.Path(name)
    if path.suffix != ".toml":
        names = sorted(file.stem for file in BUILT_IN.glob("*.toml"))
        if name not in names:
            raise UserError("cosim", f"the topology '{name}' is not in this version",
                            f"there are: {', '.join(names)}, or a topology file FILE.toml")
        path = BUILT_IN / f"{name}.toml"
    return ports_in_file(path)


def ports_in_file(path):
    """The NT ports that a topology file describes."""
    import tomllib  # pylint: disable=import-outside-toplevel # Python 3.11
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text).get("port", [])
        ports = [Port(int(table["number"]), int(table.get("partition", 0)))
                 for table in tables if "NT" in str(table.get("mode", "")).upper()]
    except OSError as error:
        raise UserError("cosim", f"{path}: {error.strerror}",
                        "give a topology file or a built-in name") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError("cosim", f"{path} is no topology file: {error}",
                        f"try: ntbsim topology check {path}") from error
    if not ports:
        raise UserError("cosim", f"{path} has no NT port", "set mode = \"NT\" of a [[port]]")
    return ports
