#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README shows what the first command prints and draws: the latency table and docs/pingpong.svg.

Both are deterministic (a waveform has no date and no path), so they are compared to the letter;
`--write` renews them. The output of `./ntb test` and `./ntb cosim` differs from run to run: its
sums must be right, its phrases and headings must be those that the programs print. Links of README
and docs/ to files must lead somewhere, too.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "pingpong.svg"
OUTPUT = re.compile(r"<!-- output: (.*?) -->\n```\n(.*?)\n```\n", re.DOTALL)
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


def test_problems(block):
    """What is wrong with the summary of `./ntb test`: labels have to add up."""
    total = re.search(r"^100% tests passed, 0 tests failed out of (\d+)$", block, re.M)
    labels = [int(n) for n in re.findall(r"^\w+ +=.*\((\d+) tests?\)$", block, re.M)]
    if not total or sum(labels) != int(total.group(1)):
        yield "the summary of ./ntb test shows another number of tests than its labels have"


def cosim_problems(block, sources, table):
    """Phrases and headings of `./ntb cosim` that nothing prints; `table` is that of latencies."""
    headings = [line.split() for line in table.splitlines() if "median" in line]
    for line in block.splitlines():
        if "median" in line and line.split() not in headings:
            yield f"no table of latencies has the heading '{line.strip()}'"
        if line.startswith("guest  ") and not all(
                f'"{word}"' in sources or word in sources for word in line.split()):
            yield f"./ntb cosim has no heading '{line}'"
        text = re.sub(r"^\[ *[\d.]+ s\] ", "", line)
        for phrase in re.findall(r"[A-Za-z][a-z]+(?: [a-z]+){2,}", text):
            if phrase not in sources:
                yield f"./ntb cosim does not print '{phrase}'"


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
    blocks = dict(OUTPUT.findall(readme))
    sources = "".join(path.read_text(encoding="utf-8")
                      for path in sorted((ROOT / "qemu_glue").glob("*.py")))
    problems += [f"README.md: {problem}"
                 for problem in [*test_problems(blocks.get("ntb test", "")),
                                 *cosim_problems(blocks.get("ntb cosim", ""), sources, table)]]
    if set(blocks) != {"ntbsim trace latency", "ntb test", "ntb cosim"}:
        problems.append("README.md: an output that this check does not know, or one is missing")
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
