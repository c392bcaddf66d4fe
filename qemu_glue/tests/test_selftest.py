# SPDX-License-Identifier: Apache-2.0
"""What the selftest says, as results; results as KTAP and JUnit; windows judged by content."""
import pathlib
import tempfile
import unittest
import xml.etree.ElementTree as xml

import context  # noqa: F401 # pylint: disable=unused-import
import selftest
import test_results
import windows
from test_results import Result

GOOD = """Starting ntb_tool tests...
Running port tests on: 0000:01:00.0 / 0000:01:00.0
Local port 0 with index 0 on remote host
  Passed
Running spad tests on: peer0 / peer0
  Unsupported
Running mw0 tests on: 0000:01:00.0 /  0000:01:00.0
  Passed
Running mw0 tests on: 0000:01:00.0 /  0000:01:00.0
  Passed

Starting ntb_msi_test tests...
  Not doing MSI tests seeing the module is not available.

Running local perf test without DMA
  0: copied 1048576 bytes in 86514 usecs, 12 MBytes/s
  Passed
"""


class Script(unittest.TestCase):
    """The output of ntb_test.sh."""

    def statuses(self, output, code=0):
        """{name: status} of the parts."""
        return {one.name: one.status for one in selftest.parse(output, code)}

    def test_parts_are_named_in_order_with_their_verdict(self):
        self.assertEqual({"port tests": "passed", "spad tests": "skipped", "mw0 tests": "passed",
                          "mw0 tests, again (2)": "passed", "MSI interrupt tests": "skipped",
                          "local perf test without DMA": "passed",
                          "the script ended well": "passed"}, self.statuses(GOOD))

    def test_a_part_without_verdict_failed(self):
        text = "Running db tests on: a / b\nDoorbell doesn't match expected value 3\n"
        self.assertEqual({"db tests": "failed", "the script ended well": "failed"},
                         self.statuses(text, 255))
        self.assertIn("Doorbell doesn't match", selftest.parse(text, 255)[0].detail)

    def test_a_part_that_another_follows_without_verdict_failed(self):
        text = "Running mw0 tests on: a / b\nRunning mw1 tests on: a / b\n  Passed\n"
        self.assertEqual("failed", self.statuses(text)["mw0 tests"])
        self.assertEqual("passed", self.statuses(text)["mw1 tests"])

    def test_a_script_that_did_nothing_has_not_passed(self):
        missing = selftest.missing_parts(selftest.parse("", 0), 2)
        self.assertEqual(len(selftest.expected_parts(2)), len(missing))

    def test_one_direction_is_not_enough(self):
        missing = selftest.missing_parts(selftest.parse(GOOD.replace("mw0", "mw1", 1), 0), 1)
        self.assertIn("mw0 tests: passed 1 times instead of 2", missing)
        self.assertNotIn("port tests: passed 1 times instead of 1", missing)


class Hanging(unittest.TestCase):
    """The script does not end."""

    def test_where_it_hangs_is_said(self):
        text = str(selftest.hanging("Running port tests on: a / b\n", "out/x.txt"))
        self.assertIn("after 'Running port tests on: a / b'", text)
        self.assertNotIn("ntb_pingpong", text)
        self.assertIn("no output", str(selftest.hanging("", "out/x.txt")))

    def test_of_ntb_perf_the_known_reason_is_told(self):
        text = str(selftest.hanging("  Passed\nRunning remote perf test without DMA\n", "x"))
        self.assertIn("ntb_pingpong has left a message", text)
        self.assertIn("docs/ntb_perf.md", text)


class Reports(unittest.TestCase):
    """KTAP and JUnit."""

    RESULTS = [Result("one", "passed", "fine", 0.5), Result("two # x", "failed", "no\n<&\x01"),
               Result("three", "skipped")]

    def test_ktap_has_a_version_a_plan_and_a_line_for_each(self):
        self.assertEqual(["KTAP version 1", "1..3", "# fine", "ok 1 one", "# no", "# <&\x01",
                          "not ok 2 two x", "ok 3 three # SKIP"],
                         test_results.ktap(self.RESULTS).splitlines())

    def test_junit_is_xml_with_counts(self):
        suite = xml.fromstring(test_results.junit("s", self.RESULTS).encode())
        self.assertEqual(("3", "1", "1"), (suite.get("tests"), suite.get("failures"),
                                           suite.get("skipped")))
        self.assertEqual(["one", "two # x", "three"], [case.get("name") for case in suite])
        self.assertEqual("no\n<&", suite[1][0].text)
        self.assertEqual("0.500", suite[0].get("time"))

    def test_both_files_are_written(self):
        with tempfile.TemporaryDirectory() as directory:
            paths = test_results.write(pathlib.Path(directory), "t", "s", self.RESULTS)
            self.assertEqual(["t.ktap", "t.xml"], [path.name for path in paths])
            self.assertTrue(all(path.stat().st_size for path in paths))


class Content(unittest.TestCase):
    """The judgement over a window."""

    A, B, ZERO = "a" * 64, "b" * 64, "0" * 64

    def problem(self, written, before, after, back=None):
        """The problem of window 0."""
        return windows.judge([0], written, before, after, back, {})[0][2]

    def test_what_arrived_is_right(self):
        self.assertIsNone(self.problem({0: self.A}, {0: self.ZERO}, {0: self.A}, {0: self.A}))

    def test_each_kind_of_failure_has_its_words(self):
        self.assertIn("did not change",
                      self.problem({0: self.A}, {0: self.ZERO}, {0: self.ZERO}))
        self.assertIn("written into window 1",
                      self.problem({0: self.A, 1: self.B}, {0: self.ZERO}, {0: self.B}))
        self.assertIn("something else",
                      self.problem({0: self.A}, {0: self.ZERO}, {0: "c" * 64}))
        self.assertIn("before", self.problem({0: self.A}, {0: self.A}, {0: self.A}))
        self.assertIn("reading through",
                      self.problem({0: self.A}, {0: self.ZERO}, {0: self.A}, {0: self.ZERO}))
        self.assertIn("could not", self.problem({}, {}, {}))

    def test_what_guests_say_is_parsed(self):
        self.assertEqual({0: 2, 1: 4}, windows.parse_pairs("0 2\n1 4\nx\n"))
        self.assertEqual({3: (0x1000, 0x10000)}, windows.parse_buffers("3 0x1000 0x10000\n"))
        self.assertEqual({0: self.A}, windows.parse_hashes(f"0 {self.A} -\n"))
        self.assertEqual({0: 0.25}, windows.parse_times(f"0 {self.A} - 1.50 1.75\n"))


if __name__ == "__main__":
    unittest.main()
