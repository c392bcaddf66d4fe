#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""testbench/TESTPLAN.md keeps its word: every test that it lists exists, every test is listed,
every behaviour ID in it is one of docs/reference/behaviour.md, and every ID there is in it.

A row is "| requirement | source | tests |". Tests are CTest names in backquotes, as `ctest -N`
prints them; `*` stands for any characters, and must match at least one test. Sources are behaviour
IDs, or documents. Behaviours that no test can show are in a table "| behaviour | why no test |".

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
            if cells[1:-1] in (["requirement", "source", "tests"], ["behaviour", "why no test"]):
                continue
            yield (number, *cells[1:-1])


def plan_problems(text, tests, known_ids):
    """What is wrong with the plan's rows."""
    for number, *cells in rows(text):
        where = f"{PLAN}:{number}:"
        if len(cells) == 2:
            yield from excuse_problems(where, *cells, known_ids)
            continue
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


def excuse_problems(where, behaviour, reason, known_ids):
    """What is wrong with a row of the behaviours without a test."""
    if not ID.findall(behaviour) or not reason:
        yield f"{where} a behaviour without a test needs its ID and a reason"
    for one in ID.findall(behaviour):
        if one not in known_ids:
            yield f"{where} {BEHAVIOUR} has no {one}"


def unlisted_problems(text, tests):
    """Tests that no row names."""
    patterns = [name for _, *cells in rows(text) if len(cells) == 3
                for name in TEST_NAME.findall(cells[2])]
    for test in tests:
        if not any(fnmatch.fnmatchcase(test, pattern) for pattern in patterns):
            yield f"{PLAN}:1: no row for the test {test}"


def in_order(ids):
    """B9.2 before B9.10."""
    return sorted(ids, key=lambda one: [int(n) for n in one[1:].split(".")])


def citation_problems(text, cited, known_ids):
    """Behaviours that no row shows: of model/, which cites them, or not even excused; and those
    that are shown and excused."""
    cells = [row[1:] for row in rows(text)]
    shown = {one for row in cells if len(row) == 3 for one in ID.findall(row[1])}
    excused = {one for row in cells if len(row) == 2 for one in ID.findall(row[0])}
    for one in in_order(set(cited) - shown):
        yield f"{PLAN}:1: no row for {one}, which {cited[one]} cites"
    for one in in_order(known_ids - set(cited) - shown - excused):
        yield f"{PLAN}:1: neither a test for {one} nor why there is none"
    for one in in_order(shown & excused):
        yield f"{PLAN}:1: {one} has tests and a reason why it has none"


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
    problems += citation_problems(plan, cited, known)
    repository.finish("TESTPLAN.md", problems, len(list(rows(plan))))


if __name__ == "__main__":
    main()
