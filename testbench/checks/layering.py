#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The directions of dependency (docs/architecture.md): who may include what, and what model/ may
not use: no threads, files, sockets or clocks of the host, no run-time type identification. Python
outside qemu_glue/ does not import qemu_glue/'s modules, but for the declared exceptions.

Usage: layering.py [ROOT]
"""

import ast
import re
import sys
from pathlib import Path

import cpp_text
import repository

# Directory -> what its files may include of the project ("dir/" or one file), and what of that
# they still may not.
ALLOWED = {
    "model": (["model/"], []),
    "traces": (["traces/", "model/trace_sink.h", "model/tlp_appearance.h", "model/types.h"], []),
    "tlm_bridge": (["tlm_bridge/", "model/"], ["model/regs/"]),
    "testbench": (["testbench/", "tlm_bridge/", "traces/", "model/"], []),
    "qemu_glue": (["qemu_glue/", "testbench/vfio_client/", "tlm_bridge/"], []),
}

# The system headers of model/. <atomic>, <thread>, <chrono>, <fstream>, <cstdio>, <unistd.h> and
# their like are not here on purpose.
MODEL_SYSTEM = set("""
    algorithm array bitset cassert cctype charconv climits cmath cstddef cstdint cstdlib cstring
    deque exception functional initializer_list iterator limits map memory new numeric optional
    ostream set sstream stdexcept string string_view tuple type_traits utility variant vector
    systemc systemc.h tlm tlm.h""".split())
MODEL_SYSTEM_DIRS = ("tlm_utils/", "tlm_core/", "sysc/")

MODEL_FORBIDDEN = re.compile(r"""(?x)
    \bstd::(?:thread|jthread|mutex|recursive_mutex|condition_variable|future|async|atomic\w*|chrono
            |filesystem|i?o?fstream|cout|cerr|clog|cin|getenv|system|rand|random_device)\b
  | \b(?:dynamic_cast|typeid|thread_local)\b
  | \b(?:f?printf|fopen|fwrite|fread|popen|getenv|gettimeofday|clock_gettime|usleep|nanosleep
        |pthread_\w+)\s*\(
  | (?<![\w.>])::(?:open|close|read|write|time|clock|sleep|send|bind|listen|socket|connect|accept
        |recv|recvmsg|sendmsg|poll|epoll_wait|mmap|ioctl|fork|execv\w*)\s*\(""")


# Python: who may import modules of qemu_glue/ from outside, and why.
GLUE = "qemu_glue"
MAY_IMPORT_GLUE = {
    "testbench/bench/in_guest.py":
        "a benchmark of what `ntb cosim` runs must start guests by the launcher's own classes",
}


def allowed(folder, path):
    """May a file of `folder` include "path" of the project?"""
    may, may_not = ALLOWED[folder]
    def covers(rules):
        return any(path == rule or (rule.endswith("/") and path.startswith(rule))
                   for rule in rules)
    return covers(may) and not covers(may_not)


def problems_in(name, text):
    """Problem lines of one file; `name` is its path relative to the root."""
    folder = name.parts[0]
    for line, kind, path in cpp_text.includes(text):
        where = f"{name}:{line}:"
        first = path.split("/")[0]
        if ".." in path.split("/"):
            yield f"{where} include paths begin at the root of the tree, not with \"..\""
        elif kind == '"' and first not in ALLOWED:
            yield f"{where} \"{path}\" is in no directory of the tree (use <> for system headers)"
        elif first in ALLOWED and "/" in path and not allowed(folder, path):
            yield f"{where} {folder}/ may not include {path}"
        elif (kind == "<" and folder == "model" and first not in ALLOWED
              and path not in MODEL_SYSTEM and not path.startswith(MODEL_SYSTEM_DIRS)):
            yield f"{where} model/ may not include <{path}>"
    if folder == "model":
        for line, code in cpp_text.code_lines(text):
            for match in MODEL_FORBIDDEN.finditer(code):
                yield f"{name}:{line}: model/ may not use {match.group().strip(' (')}"


def imported_modules(tree):
    """(line, dotted name) of every import of a parsed file, relative ones apart."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                yield node.lineno, one.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module


def changes_module_path(node):
    """Whether the node of a parsed file is code that changes where modules are looked for."""
    if isinstance(node, ast.Call):
        what = [node.func]
    elif isinstance(node, ast.Assign):
        what = node.targets
    elif isinstance(node, ast.AugAssign):
        what = [node.target]
    else:
        return False
    return any(ast.unparse(one).startswith("sys.path") for one in what)


def python_problems_in(name, text, glue, here):
    """Problem lines of one Python file. `glue`: names of qemu_glue/'s modules; `here`: of the
    modules beside the file and in the folder above it, which come first in its path."""
    if name.parts[0] == GLUE:
        return
    tree = ast.parse(text)
    found = [(line, f"imports {module}") for line, module in imported_modules(tree)
             if module.split(".")[0] == GLUE
             or module.split(".")[0] in glue - here]
    found += [(node.lineno, f"puts {GLUE}/ on sys.path") for node in ast.walk(tree)
              if changes_module_path(node) and GLUE in ast.unparse(node)]
    if name.as_posix() in MAY_IMPORT_GLUE:
        if not found:
            yield f"{name}:1: uses nothing of {GLUE}/: take it out of MAY_IMPORT_GLUE"
        return
    for line, what in sorted(set(found)):
        yield f"{name}:{line}: {what}: only {GLUE}/ uses what is in {GLUE}/"


def main(root):
    """Checks every C++ and Python file of the tree's directories."""
    problems, compared = [], 0
    for name in repository.files(root, repository.CPP_SUFFIXES + (".cpp.in",)):
        if name.parts[0] not in ALLOWED:
            problems.append(f"{name}:1: C++ belongs into one of {', '.join(ALLOWED)}")
            continue
        compared += 1
        problems += problems_in(name, repository.text_of(root, name))
    pythons = repository.files(root, (".py",))
    glue = {name.stem for name in pythons if name.parts[0] == GLUE}
    for name in pythons:
        compared += 1
        here = {other.stem for other in pythons
                if other.parent in (name.parent, name.parent.parent)}
        problems += python_problems_in(name, repository.text_of(root, name), glue, here)
    repository.finish("layering", problems, compared)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else repository.ROOT)
