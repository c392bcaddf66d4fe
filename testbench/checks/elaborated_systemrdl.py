#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""By hand: `ntbsim regs export --format systemrdl` compiled and elaborated by systemrdl-compiler,
the compiler behind PeakRDL. It knows what a grammar does not: scopes, types, properties, overlaps.
It is in PyPI only (pip install systemrdl-compiler), so no test of the project runs this.

Usage: elaborated_systemrdl.py NTBSIM
"""

import sys
import tempfile
from pathlib import Path

from systemrdl import RDLCompiler  # pylint: disable=import-error
from systemrdl.node import RegNode  # pylint: disable=import-error

import exported_registers
import exported_systemrdl
import repository


def mapped(registers):
    """The registers and fields that have a place: only those are elaborated."""
    return {name: register._replace(fields={key: value for key, value in register.fields.items()
                                            if value.lsb is not None})
            for name, register in registers.items() if register.offset is not None}


def field(node):
    """A field node as an exported_registers.Field."""
    on_write = node.get_property("onwrite")
    access = (node.get_property("sw").name, node.get_property("hw").name,
              on_write.name if on_write else None)
    return exported_registers.Field(
        node.msb, node.lsb, exported_systemrdl.ACCESS[access], node.get_property("reset"),
        exported_systemrdl.HOT_RESET[node.get_property("resetsignal").inst_name])


def collect(parent, indices, registers):
    """Adds every register below a node."""
    for node in parent.children(unroll=True):
        here = indices
        if getattr(node, "is_array", False):
            here = {**indices, node.get_property("ntb_index"): node.current_idx[0]}
        if isinstance(node, RegNode):
            name = exported_registers.with_indices(node.get_property("ntb_name"), here)
            registers[name] = exported_registers.Register(
                node.absolute_address, node.get_property("regwidth"),
                {f.inst_name: field(f) for f in node.fields()})
        else:
            collect(node, here, registers)


def main():
    """Exports, compiles, compares with the map."""
    ntbsim = sys.argv[1]
    wanted = {space: mapped(registers)
              for space, registers in exported_registers.expected(ntbsim).items()}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "registers.rdl"
        file.write_text(exported_registers.export(ntbsim, "systemrdl"), encoding="utf-8")
        for space in wanted:
            compiler = RDLCompiler()
            compiler.compile_file(str(file))
            found[space] = {}
            collect(compiler.elaborate(top_def_name=f"ntb_{space}").top, {}, found[space])
    repository.finish("elaborated SystemRDL", exported_registers.differences(wanted, found),
                      exported_registers.count(wanted))


if __name__ == "__main__":
    main()
