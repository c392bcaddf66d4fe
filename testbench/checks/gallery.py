#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/gallery.md shows what its own commands print and draw: the findings under each question,
and the pictures in docs/gallery/. Everything is deterministic, so it is compared to the letter;
`--write` makes it anew.

An indented line that begins with `ntbsim` is a command; those of one question run in one
directory, where docs/gallery/ lies as in the repository. `<!-- findings -->` stands before the
block that shows the findings of the question's `trace summary`.
"""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "gallery.md"
PICTURES = ROOT / "docs" / "gallery"
BLOCK = re.compile(r"(<!-- findings -->\n```\n)(.*?)(```\n)", re.DOTALL)


def questions(text):
    """The parts of the page that have commands, heading included."""
    parts = re.split(r"(?m)^(?=## )", text)
    return parts[0], parts[1:]


def findings(summary):
    """The table of findings at the end of a summary."""
    start = summary.find("finding ")
    return summary[start:] if start >= 0 else summary[summary.rfind("\n\n") + 2:]


def answer(ntbsim, part, directory):
    """Runs the commands of one question; returns the part with its current block of findings."""
    shown = ""
    for line in re.findall(r"(?m)^    (ntbsim .*)$", part):
        words = shlex.split(line)
        done = subprocess.run([ntbsim, *words[1:]], cwd=directory, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise SystemExit(f"docs/gallery.md: {line}\n{done.stdout}")
        if words[1:3] == ["trace", "summary"]:
            shown = findings(done.stdout)
    return BLOCK.sub(lambda match: match.group(1) + shown + match.group(3), part)


def compare(new, old, name):
    """A complaint if a file is not what it should be."""
    if new == old:
        return []
    return [f"{name} is not current (ninja gallery in the build directory makes it anew)"]


def main():
    """Exit code 0 if everything is current."""
    ntbsim = str(pathlib.Path(sys.argv[1]).resolve())
    write = "--write" in sys.argv[2:]
    text = PAGE.read_text(encoding="utf-8")
    intro, parts = questions(text)
    problems = []
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        (directory / "docs" / "gallery").mkdir(parents=True)
        for stimulus in PICTURES.glob("*.stim"):
            shutil.copy(stimulus, directory / "docs" / "gallery")
        page = intro + "".join(answer(ntbsim, part, directory) for part in parts)
        made = {p.name: p.read_text(encoding="utf-8")
                for p in (directory / "docs" / "gallery").glob("*.svg")}
    problems += [f"docs/gallery/{picture.name} is made by no command of the page"
                 for picture in PICTURES.glob("*.svg") if picture.name not in made]
    for picture, content in made.items():
        path = PICTURES / picture
        if write:
            path.write_text(content, encoding="utf-8")
            continue
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        problems += compare(content, old, f"docs/gallery/{picture}")
    if write:
        PAGE.write_text(page, encoding="utf-8")
    else:
        problems += compare(page, text, "docs/gallery.md")
    problems += [f"docs/gallery/{stimulus.name} belongs to no question"
                 for stimulus in PICTURES.glob("*.stim")
                 if f"docs/gallery/{stimulus.name}" not in text]
    for problem in problems:
        print(problem)
    print(f"gallery: {len(problems)} problem(s) in {len(parts)} question(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
