#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy (.clang-tidy of the tree) finds nothing in the project's own sources.

Reading SystemC's and Boost's headers takes half a minute a source, so what was clean is
remembered: BUILD/each-file/tidy/ has a stamp for each such source, and it is not looked at again
until its compile command, a .clang-tidy above it, the version of clang-tidy or the content of a
file that it includes changes. (A new header that hides another one in the search path is not
noticed, as by make; removing the stamps makes everything be looked at.) As many run at once as
there are cores.

BUILD itself may compile several files as one (a unity build, CMakePresets.json), so its compile
commands name no file of ours: BUILD/each-file/ is configured without that, and not built.

Usage: tidy.py BUILD_DIR [SOURCE...]        (default: every source that the build compiles)
"""

import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import repository

OWN = ("model", "traces", "tlm_bridge", "testbench", "qemu_glue")
# g++'s warning flags that clang does not know are no finding.
ARGUMENTS = ("--quiet", "--extra-arg=-Wno-unknown-warning-option")


def digest(*parts):
    """One hash of some strings."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@functools.lru_cache(maxsize=None)
def content(path):
    """Hash of a file's content; None if it is not there. Most headers are asked for often."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return None


def commands_of(build, root):
    """{source: its compile commands (directory, words)} of the project's own sources."""
    out = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        source = Path(entry["directory"], entry["file"]).resolve()
        if source.is_relative_to(root) and source.relative_to(root).parts[0] in OWN:
            out.setdefault(source, []).append((entry["directory"], shlex.split(entry["command"])))
    return out


def included(directory, words):
    """The files that a compile command reads; None if it does not compile."""
    words = list(words)
    if Path(words[0]).name == "ccache":
        del words[0]
    if "-o" in words:
        at = words.index("-o")
        del words[at:at + 2]
    words = [word for word in words if word != "-c"]
    run = subprocess.run([*words, "-M", "-MT", "x"], cwd=directory, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if run.returncode != 0:
        return None
    rule = run.stdout.replace("\\\n", " ").split(":", 1)[1]
    names = re.findall(r"(?:\\ |\S)+", rule)
    return [os.path.join(directory, name.replace("\\ ", " ")) for name in names]


class Checker:
    """clang-tidy with a memory of what was clean. Threading: check() from any thread."""

    def __init__(self, root, build, tool):
        self.build = build
        self.tool = tool
        self._root = root
        self._commands = commands_of(build, root)
        self._version = subprocess.run([tool, "--version"], check=True, stdout=subprocess.PIPE,
                                       text=True).stdout

    def sources(self):
        """Every source that can be checked, sorted."""
        return sorted(self._commands)

    def _key(self, source):
        """What its result depends on besides what it includes."""
        settings = [f"{above}={content(above / '.clang-tidy')}" for above in source.parents
                    if above.is_relative_to(self._root)]
        return digest(self._version, *ARGUMENTS, *settings, repr(self._commands.get(source)))

    def _stamp(self, source):
        name = str(source.relative_to(self._root)).replace("/", "_")
        return self.build / "tidy" / f"{name}.json"

    def known_clean(self, source):
        """Whether it was clean and nothing has changed since."""
        try:
            stamp = json.loads(self._stamp(source).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return stamp["key"] == self._key(source) and \
            all(content(path) == known for path, known in stamp["files"].items())

    def check(self, source):
        """What clang-tidy finds, "" if it is clean (and then remembered)."""
        files = {}
        for directory, words in self._commands.get(source, []):
            names = included(directory, words)
            if names is None:
                files = {}
                break
            files.update((name, content(name)) for name in names)
        run = subprocess.run([self.tool, "-p", str(self.build), *ARGUMENTS, str(source)],
                             check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
        if run.returncode != 0:
            return run.stdout.strip() or run.stderr.strip() or f"{source}: clang-tidy has failed"
        if files:
            stamp = self._stamp(source)
            stamp.parent.mkdir(exist_ok=True)
            text = json.dumps({"key": self._key(source), "files": files}, indent=0)
            stamp.write_text(text, encoding="utf-8")
        return ""


def main():
    """Checks what has changed since it was clean."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = Path(sys.argv[1]).resolve()
    tool = shutil.which("clang-tidy")
    if tool is None:
        repository.missing("clang-tidy", "clang-tidy")
    build /= "each-file"
    run = subprocess.run(["cmake", "-G", "Ninja", "-S", repository.ROOT, "-B", build,
                          "-DCMAKE_BUILD_TYPE=Release", "-DNTBSIM_TESTS=ON"], check=False,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"clang-tidy: cmake cannot configure {build}:\n{run.stderr}")
    checker = Checker(repository.ROOT, build, tool)
    sources = [Path(name).resolve() for name in sys.argv[2:]] or checker.sources()
    stale = [source for source in sources if not checker.known_clean(source)]
    print(f"clang-tidy: {len(sources)} sources, {len(stale)} to look at", flush=True)
    findings = []
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        running = [pool.submit(checker.check, source) for source in stale]
        for finding in (done.result() for done in concurrent.futures.as_completed(running)):
            if finding:
                print(finding, flush=True)
                findings.append(finding.splitlines()[0])
    repository.finish("clang-tidy", findings, len(sources))


if __name__ == "__main__":
    main()
