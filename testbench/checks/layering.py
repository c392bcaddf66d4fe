#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The directions of dependency (docs/architecture.md): who may include what, and what model/ may
not use: no threads, files, sockets or clocks of the host, no run-time type identification.

Usage: layering.py [ROOT]
"""

import re
import sys
from pathlib import Path

import cpp_text
import repository

# Directory -> what its files may include of the project ("dir/" or one file), and what of that
# they still may not.
ALLOWED = {
    "model": (["model/"], []),
    "traces": (["traces/", "model/trace_sink.h", "model/types.h"], []),
    "tlm_bridge": (["tlm_bridge/", "model/"], ["model/regs/"]),
    "testbench": (["testbench/", "tlm_bridge/", "traces/", "model/"], []),
    "qemu_glue": (["qemu_glue/"], []),
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


def main(root):
    """Checks every C++ file of the tree's directories."""
    problems, compared = [], 0
    for name in repository.files(root, repository.CPP_SUFFIXES + (".cpp.in",)):
        if name.parts[0] not in ALLOWED:
            problems.append(f"{name}:1: C++ belongs into one of {', '.join(ALLOWED)}")
            continue
        compared += 1
        problems += problems_in(name, repository.text_of(root, name))
    repository.finish("layering", problems, compared)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else repository.ROOT)
