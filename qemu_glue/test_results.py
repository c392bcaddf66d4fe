# SPDX-License-Identifier: Apache-2.0
"""Results of a list of tests as KTAP (the kernel's test protocol) and as JUnit XML.

KTAP: Documentation/dev-tools/ktap.rst of the kernel. JUnit: what CI systems read.
"""
import collections
import xml.etree.ElementTree as xml

# status: "passed", "failed" or "skipped"; detail: lines of text for a reader
Result = collections.namedtuple("Result", "name status detail seconds", defaults=("", None))


def ktap(results):
    """The text of a KTAP file."""
    lines = ["KTAP version 1", f"1..{len(results)}"]
    for number, result in enumerate(results, 1):
        name = " ".join(result.name.replace("#", " ").split())
        verdict = "not ok" if result.status == "failed" else "ok"
        directive = " # SKIP" if result.status == "skipped" else ""
        lines += [f"# {line}" for line in result.detail.splitlines()]
        lines.append(f"{verdict} {number} {name}{directive}")
    return "\n".join(lines) + "\n"


def printable(text):
    """Without the characters that XML cannot hold."""
    return "".join(character for character in text
                   if character in "\t\n\r" or ord(character) >= 0x20)


def junit(suite, results):
    """The text of a JUnit file."""
    counts = collections.Counter(result.status for result in results)
    element = xml.Element("testsuite", name=suite, tests=str(len(results)),
                          failures=str(counts["failed"]), skipped=str(counts["skipped"]),
                          errors="0")
    for result in results:
        case = xml.SubElement(element, "testcase", name=printable(result.name), classname=suite)
        if result.seconds is not None:
            case.set("time", f"{result.seconds:.3f}")
        if result.status == "failed":
            first = (result.detail.splitlines() or ["failed"])[0]
            failure = xml.SubElement(case, "failure", message=printable(first))
            failure.text = printable(result.detail)
        elif result.status == "skipped":
            xml.SubElement(case, "skipped")
        elif result.detail:
            xml.SubElement(case, "system-out").text = printable(result.detail)
    xml.indent(element)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            + xml.tostring(element, encoding="unicode") + "\n")


def write(directory, stem, suite, results):
    """Writes STEM.ktap and STEM.xml; their paths."""
    paths = (directory / f"{stem}.ktap", directory / f"{stem}.xml")
    paths[0].write_text(ktap(results), encoding="utf-8")
    paths[1].write_text(junit(suite, results), encoding="utf-8")
    return paths
