#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README shows what the first command prints and draws: the latency table and docs/pingpong.svg.

Both are deterministic (a waveform has no date and no path), so they are compared to the letter;
`--write` renews them. Links of README and docs/ to files must lead somewhere, too.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "pingpong.svg"
TABLE = re.compile(r"(<!-- output: ntbsim trace latency -->\n```\n)(.*?)(\n```\n)", re.DOTALL)


def first_command(ntbsim, directory):
    """(latency table, picture) as `./ntb run` makes them."""
    out = pathlib.Path("out") / "pingpong"
    (directory / out).mkdir(parents=True)
    vcd = str(out / "pingpong.vcd")
    scenario = str(ROOT / "testbench" / "scenarios" / "pingpong.stim")

    def call(*words):
        return subprocess.run([ntbsim, *words], cwd=directory, check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    call("run", scenario, "--vcd", vcd)
    table = call("trace", "latency", vcd).rstrip("\n")
    call("trace", "diagram", vcd, "-o", "picture.svg")
    return table, (directory / "picture.svg").read_text(encoding="utf-8")


def broken_links(text, base):
    """Relative link targets in Markdown that do not exist below `base`."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    return [t for t in targets if "://" not in t and not (base / t).exists()]


def main():
    """Exit code 0 if everything is current."""
    ntbsim = str(pathlib.Path(sys.argv[1]).resolve())
    write = "--write" in sys.argv[2:]
    readme = README.read_text(encoding="utf-8")
    match = TABLE.search(readme)
    if not match:
        print("README.md: the block of `ntbsim trace latency` is missing")
        return 1
    with tempfile.TemporaryDirectory() as directory:
        table, picture = first_command(ntbsim, pathlib.Path(directory))
    if write:
        README.write_text(readme[:match.start(2)] + table + readme[match.end(2):],
                          encoding="utf-8")
        PICTURE.write_text(picture, encoding="utf-8")
        return 0
    problems = []
    if match.group(2) != table:
        problems.append("README.md: the latency table is not what ntbsim prints now")
    if not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != picture:
        problems.append("docs/pingpong.svg is not what ntbsim draws now")
    if re.search(r"^[A-Z]+_OUTPUT$", readme, re.M):
        problems.append("README.md: an output is still to be filled in")
    for page in [README, *sorted((ROOT / "docs").rglob("*.md"))]:
        problems += [f"{page.relative_to(ROOT)}: link to {target}, which does not exist"
                     for target in broken_links(page.read_text(encoding="utf-8"), page.parent)]
    for problem in problems:
        print(problem)
    if problems:
        print("(ninja readme_outputs in the build directory renews table and picture)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
