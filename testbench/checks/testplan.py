#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""testbench/TESTPLAN.md keeps its word: every test that it lists exists, every test is listed,
every behaviour ID in it is one of docs/reference/behaviour.md, and every behaviour that the model
cites has a row.

A row is "| requirement | source | tests |". Tests are CTest names in backquotes, as `ctest -N`
prints them; `*` stands for any characters, and must match at least one test. Sources are behaviour
IDs, or documents.

Usage: testplan.py BUILD_DIR [CTEST]
"""

import fnmatch
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import repository

PLAN = "testbench/TESTPLAN.md"
BEHAVIOUR = "docs/reference/behaviour.md"
ID = re.compile(r"\bB\d+\.\d+\b")
TEST_NAME = re.compile(r"`([^`]+)`")


def rows(text):
    """(line number, requirement, source, tests) of every row of every table."""
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        if line.startswith("|") and not re.fullmatch(r"[-:| ]+", line):
            if cells[1:4] == ["requirement", "source", "tests"]:
                continue
            yield (number, *cells[1:-1])


def plan_problems(text, tests, known_ids):
    """What is wrong with the plan's rows."""
    for number, *cells in rows(text):
        where = f"{PLAN}:{number}:"
        if len(cells) != 3:
            yield f"{where} a row has three cells: requirement, source, tests"
            continue
        requirement, source, listed = cells
        names = TEST_NAME.findall(listed)
        if not requirement or not source or not names:
            yield f"{where} a row needs a requirement, a source and at least one `test`"
        for name in names:
            if not fnmatch.filter(tests, name):
                yield f"{where} no such test: {name}"
        for cited in ID.findall(source):
            if cited not in known_ids:
                yield f"{where} {BEHAVIOUR} has no {cited}"


def unlisted_problems(text, tests):
    """Tests that no row names."""
    patterns = [name for _, *cells in rows(text) if len(cells) == 3
                for name in TEST_NAME.findall(cells[2])]
    for test in tests:
        if not any(fnmatch.fnmatchcase(test, pattern) for pattern in patterns):
            yield f"{PLAN}:1: no row for the test {test}"


def citation_problems(planned_ids, cited):
    """Behaviours that model/ cites, but that no row of the plan shows."""
    for one in sorted(set(cited) - planned_ids, key=lambda id_: [int(n) for n in
                                                                 id_[1:].split(".")]):
        yield f"{PLAN}:1: no row for {one}, which {cited[one]} cites"


def ctest_names(build, ctest):
    """The names of all tests of the build, asked for from a directory that stands for it: even
    listing tests empties the log in the directory where ctest runs, which is that of the ctest
    that runs this check."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "CTestTestfile.cmake").write_text(
            f"subdirs([==[{Path(build).resolve()}]==])\n", encoding="utf-8")
        run = subprocess.run([ctest, "--test-dir", folder, "--show-only=json-v1"], check=True,
                             text=True, stdout=subprocess.PIPE)
    return [test["name"] for test in json.loads(run.stdout)["tests"]]


def main():
    """Compares plan, tests, model and behaviour."""
    build, ctest = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "ctest"
    plan = repository.text_of(repository.ROOT, PLAN)
    known = set(re.findall(r"\*\*(B\d+\.\d+)\*\*",
                           repository.text_of(repository.ROOT, BEHAVIOUR)))
    cited = {}
    for name in repository.files(suffixes=repository.CPP_SUFFIXES):
        if name.parts[0] == "model":
            for one in ID.findall(repository.text_of(repository.ROOT, name)):
                cited.setdefault(one, name)
    tests = ctest_names(build, ctest)
    problems = list(plan_problems(plan, tests, known))
    problems += unlisted_problems(plan, tests)
    problems += [f"{name}:1: {BEHAVIOUR} has no {one}" for one, name in cited.items()
                 if one not in known]
    planned = {one for _, _, *rest in rows(plan) for one in ID.findall(rest[0] if rest else "")}
    problems += citation_problems(planned, cited)
    repository.finish("TESTPLAN.md", problems, len(list(rows(plan))))


if __name__ == "__main__":
    main()
