#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command that README and docs/ show exists: the subcommand answers to --help, and the help
names the options. Every signal that README names is in the waveform of the first command.

Usage: documented_commands.py NTBSIM
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import repository

COMMAND = re.compile(r"(?:^    |`)((?:\./ntb|(?:build/\S+/)?ntbsim) [^`\n#]+)", re.MULTILINE)
SIGNAL = re.compile(r"`(switch\.[A-Za-z0-9_.]+)`")
TLP = re.compile(r"`((?:MWr|MRd|Cfg\w+) [^`]*0x[^`]*)`")
PROSE = re.compile(r" {3,}.*")  # what a command does, in a column behind it


def parts_of(command):
    """(program, [path of subcommands, for each alternative], options) of a command line."""
    words = PROSE.sub("", command).split()
    program = "ntb" if words[0].endswith("ntb") else "ntbsim"
    path, alternatives = [], []
    for i, word in enumerate(words[1:], 1):
        if words[i - 1] == "|":
            alternatives.append(path[:-1] + [word])
        elif word == "|":
            continue
        elif re.fullmatch(r"[a-z][a-z-]*", word) and len(path) < 2 and not alternatives:
            path.append(word)
        elif not alternatives and word not in ("|",):
            break
    options = sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", " ".join(words))))
    return program, [path] + alternatives, options


class Programs:
    """The helps of the programs, asked once each."""

    def __init__(self, ask):
        self._ask, self._helps = ask, {}

    def help(self, program, path):
        """What `program path... --help` prints; without a path, what lists the commands."""
        key = (program, *path)
        if key not in self._helps:
            self._helps[key] = self._ask(program, path)
        return self._helps[key]

    def command(self, program, words):
        """The part of `words` that is a command; the rest are arguments. None: no such command."""
        for length, word in enumerate(words):
            listed = re.search(r"(?ms)^(?:Sub|)[Cc]ommands:\n(.*?)(?:^$|\Z)",
                               self.help(program, words[:length]))
            if listed is None:
                return words[:length]
            if not re.search(rf"(?m)^  {re.escape(word)}(?![\w-])", listed.group(1)):
                return None
        return words


def asker(ntbsim):
    """A function that asks the real programs for help."""
    def ask(program, path):
        if program == "ntb":  # its list of commands has another heading
            words = [str(repository.ROOT / "ntb"), *(path or ["help"])] + ["--help"] * bool(path)
        else:
            words = [ntbsim, *path, "--help"]
        text = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True,
                              timeout=60).stdout
        if program == "ntb" and not path:
            return "Commands:\n" + text.partition("\n\n")[2]
        return text.replace("Commands:", "") if path and program == "ntb" else text
    return ask


def command_problems(text, programs):
    """What is wrong with the commands in a page."""
    for command in COMMAND.findall(text):
        program, paths, options = parts_of(command.strip())
        for path in paths:
            known = programs.command(program, path)
            if known is None:
                yield f"`{command.strip()}`: there is no such command"
            if not known or known in (["test"], ["help"]):  # the options of `test` are CTest's
                continue
            found = programs.help(program, known)
            if (program, known) == ("ntb", ["run"]):  # passes options on
                found += programs.help("ntbsim", ["run"])
            for option in options:
                if not re.search(rf"{option}(?![\w-])", found):
                    yield f"`{command.strip()}`: its help does not name {option}"


def waveform_of(ntbsim, folder):
    """The text of the waveform that the first command of README makes."""
    vcd = Path(folder) / "pingpong.vcd"
    subprocess.run([ntbsim, "run", str(repository.ROOT / "testbench/scenarios/pingpong.stim"),
                    "--vcd", str(vcd)], check=True, stdout=subprocess.DEVNULL)
    return vcd.read_text(encoding="ascii")


def names_in(vcd):
    """Full names of the signals of a waveform."""
    names, scopes = set(), []
    for line in vcd[:vcd.index("$enddefinitions")].splitlines():
        words = line.split()
        if words[:1] == ["$scope"]:
            scopes.append(words[2])
        elif words[:1] == ["$upscope"]:
            scopes.pop()
        elif words[:1] == ["$var"]:
            names.add(".".join(scopes + [words[4]]))
    return names


def signal_problems(text, vcd):
    """Names and texts in a page that no waveform has."""
    names = names_in(vcd)
    for name in SIGNAL.findall(text):
        pattern = re.escape(name.rstrip("."))
        pattern = pattern.replace("portP", r"port\d+").replace("REGISTER", r"[a-z0-9_]+")
        if not any(re.fullmatch(pattern, there) for there in names):
            yield f"`{name}`: no waveform has this signal"
    for tlp in TLP.findall(text):
        if tlp.replace(" ", "\\040") not in vcd:
            yield f"`{tlp}`: no packet is shown like this"


def main():
    """Looks through README and docs/."""
    ntbsim = sys.argv[1]
    programs = Programs(asker(ntbsim))
    problems, compared = [], 0
    with tempfile.TemporaryDirectory() as folder:
        vcd = waveform_of(ntbsim, folder)
    for page in [repository.ROOT / "README.md", *sorted((repository.ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        compared += len(COMMAND.findall(text)) + len(SIGNAL.findall(text))
        found = list(command_problems(text, programs))
        if page.name == "README.md":
            found += signal_problems(text, vcd)
        problems += [f"{page.relative_to(repository.ROOT)}: {problem}" for problem in found]
    repository.finish("documented commands", problems, compared)


if __name__ == "__main__":
    main()
