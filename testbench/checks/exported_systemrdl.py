#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ntbsim regs export --format systemrdl` is SystemRDL 2.0 by a grammar that is not ours, and says
of every register and field what the map says.

The grammar is the npm package tree-sitter-systemrdl, which fetch_systemrdl_grammar.sh puts into a
directory; its runtime is libtree-sitter of the distribution. It knows the syntax; the meaning
(scopes, types, overlaps) is checked by hand with systemrdl-compiler, see docs/exports.md.

Usage: exported_systemrdl.py NTBSIM GRAMMAR_DIRECTORY COMPILER
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import exported_registers
import repository

HERE = Path(__file__).resolve().parent
ACCESS = {("r", "w", None): "ro", ("rw", "r", None): "rw", ("rw", "rw", "woclr"): "rw1c",
          ("rw", "rw", "woset"): "rw1s", ("w", "r", None): "wo", ("r", "na", None): "reserved"}
HOT_RESET = {"any_reset": "resets", "fundamental_reset": "keeps"}


class Node:
    """A node of the syntax tree."""

    def __init__(self, kind, role, text):
        self.kind, self.role, self.text, self.children = kind, role, text, []

    def below(self, kind):
        """The nearest descendants of a kind."""
        for child in self.children:
            if child.kind == kind:
                yield child
            else:
                yield from child.below(kind)

    def part(self, role):
        """The text of the child with a role; None if there is none."""
        return next((child.text for child in self.children if child.role == role), None)


class Component:
    """A component: type, own properties, components in it, and its one instance."""

    def __init__(self, definition):
        header = next(child for child in definition.children
                      if child.kind in ("component_named_def", "component_anon_def"))
        body = next(header.below("component_body"))
        self.kind = header.part("type")
        self.name = header.part("id")
        self.properties, self.inside = {}, []
        for element in body.children:
            for part in element.children:
                if part.kind == "component_def":
                    self.inside.append(Component(part))
                for assignment in part.below("explicit_prop_assignment"):
                    if part.kind == "property_assignment":
                        self.properties[assignment.part("LHS")] = assignment.part("RHS")
        self.instance = next((instance for insts in definition.children
                              if insts.kind == "component_insts"
                              for instance in insts.below("component_inst")), None)

    def word(self, name):
        """A string property without its quotes; None where it is not set."""
        text = self.properties.get(name)
        return None if text is None else text[1:-1]

    def number(self, role, default=None):
        """A number of the instance: a0 reset, a1 address, a2 stride."""
        text = self.instance.part(role)
        return default if text is None else int(text, 0)


def build(folder, grammar, compiler):
    """The program that prints the tree."""
    source = Path(grammar) / "package" / "src"
    if not (source / "parser.c").exists():
        sys.exit(f"check: no grammar of SystemRDL in {grammar}: ./ntb test -L long fetches it from "
                 "npm, so does testbench/checks/fetch_systemrdl_grammar.sh DIRECTORY")
    if not Path("/usr/include/tree_sitter/api.h").exists():
        repository.missing("tree_sitter/api.h", "libtree-sitter-dev")
    subprocess.run([compiler, "-x", "c", "-w", "-c", "-I", str(source), "-o", f"{folder}/parser.o",
                    str(source / "parser.c")], check=True)
    subprocess.run([compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-o",
                    f"{folder}/tree", str(HERE / "systemrdl_tree.cpp"), f"{folder}/parser.o",
                    "-ltree-sitter"], check=True)
    return f"{folder}/tree"


def tree_of(lines, source):
    """The root Node of the printed lines."""
    path = []
    for line in lines:
        depth, kind, role, begin, end = line.split("\t")
        node = Node(kind, role, source[int(begin):int(end)].decode("utf-8"))
        while path and path[-1][0] >= int(depth):
            path.pop()
        if path:
            path[-1][1].children.append(node)
        path.append((int(depth), node))
    return path[0][1]


def field(component):
    """A field's name and an exported_registers.Field."""
    properties = component.properties
    access = ACCESS[properties["sw"], properties["hw"], properties.get("onwrite")]
    hot_reset = HOT_RESET[properties["resetsignal"]]
    if component.instance is None:
        width = properties.get("fieldwidth")
        return component.name, exported_registers.Field(
            None if width is None else int(width), None, access, int(properties["reset"], 0),
            hot_reset)
    bits = next(component.instance.below("range"))
    return component.instance.part("id"), exported_registers.Field(
        int(bits.part("msb")), int(bits.part("lsb")), access, component.number("a0"), hot_reset)


def register(component, offset):
    """A register component as an exported_registers.Register."""
    return exported_registers.Register(offset, int(component.properties["regwidth"]),
                                       dict(field(inside) for inside in component.inside))


def collect(parent, base, indices, registers):
    """Adds every register in `parent`, which begins at `base`, to `registers`."""
    for component in parent.inside:
        if component.kind not in ("reg", "regfile"):
            continue
        if component.instance is None:
            registers[component.word("ntb_name")] = register(component, None)
            continue
        sizes = [int(size.part("size"), 0) for size in component.instance.below("array")]
        for i in range(sizes[0] if sizes else 1):
            here = {**indices, component.word("ntb_index"): i} if sizes else indices
            start = base + component.number("a1") + i * component.number("a2", 0)
            if component.kind == "regfile":
                collect(component, start, here, registers)
                continue
            name = exported_registers.with_indices(component.word("ntb_name"), here)
            if name in registers:
                raise ValueError(f"{name} is there twice")
            registers[name] = register(component, start)


def registers_in(root):
    """Space -> member's name -> Register, as the tree has it."""
    spaces = {}
    for definition in root.below("component_def"):
        component = Component(definition)
        if component.kind == "addrmap":
            registers = spaces[component.name.removeprefix("ntb_")] = {}
            collect(component, 0, {}, registers)
    return spaces


def main():
    """Exports, parses, compares with the map."""
    ntbsim, grammar, compiler = sys.argv[1:4]
    source = exported_registers.export(ntbsim, "systemrdl").encode("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([build(folder, grammar, compiler)], input=source, check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    problems = run.stderr.decode("utf-8").splitlines()[:40]
    wanted = exported_registers.expected(ntbsim)
    if run.returncode == 0:
        found = registers_in(tree_of(run.stdout.decode("utf-8").splitlines(), source))
        problems += exported_registers.differences(wanted, found)
    repository.finish("exported SystemRDL", problems or [f"status {run.returncode}"] *
                      (run.returncode != 0), exported_registers.count(wanted))


if __name__ == "__main__":
    main()
