#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the driver makes of figures: bounds, exit code, table, JSON. No benchmark runs here."""
import json
import pathlib
import sys
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import in_process  # noqa: E402 # pylint: disable=wrong-import-position
import machine  # noqa: E402 # pylint: disable=wrong-import-position
import over_socket  # noqa: E402 # pylint: disable=wrong-import-position
import report  # noqa: E402 # pylint: disable=wrong-import-position
import run  # noqa: E402 # pylint: disable=wrong-import-position

VCD = """$scope module switch $end
$scope module port0 $end
$scope module nt $end
$var reg 32 ! outmsg0 $end
$var reg 32 " outdbellset_count $end
$upscope $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
b0 !
b0 "
#10
b1 !
#20
b1 "
#30
b11 !
#40
b10 "
"""


class Report(unittest.TestCase):
    """Rows and what becomes of them."""

    def test_a_missed_bound_is_called_missed_and_fails_the_run(self):
        """31 ns against a floor of 10 ns is more than three times."""
        rows = [report.ratio_row("read", 31.0, 10.0, 3.1, 3, "array")]
        self.assertEqual(rows[0].verdict(), "missed")
        self.assertEqual(report.exit_code(rows), 1)
        self.assertIn("missed", report.table(rows)[2])
        self.assertEqual(json.loads(report.as_json(rows, {}))["missed"], ["read"])

    def test_met_bounds_and_information_pass(self):
        """Rows without a bound are not judged."""
        rows = [report.ratio_row("a", 30.0, 10.0, 3.0, 3, "f"),
                report.ratio_row("b", 900.0, 10.0, 90.0, None, "f")]
        self.assertEqual([row.verdict() for row in rows], ["met", "-"])
        self.assertEqual(report.exit_code(rows), 0)
        self.assertTrue(json.loads(report.as_json(rows, {}))["ok"])

    def test_figures_are_written_with_their_unit(self):
        """Three digits, the unit that suits."""
        self.assertEqual(report.duration(5.213), "5.21 ns")
        self.assertEqual(report.duration(12_340.0), "12.3 µs")
        self.assertEqual(report.rate(1_460_000.0), "1.46 M/s")
        self.assertEqual(report.rate(120.0), "120 /s")

    def test_drift_of_the_machine_cancels_in_a_ratio(self):
        """Both sides become twice as slow together."""
        self.assertEqual(machine.median_ratio([2.0, 4.0, 8.0], [1.0, 2.0, 4.0]), 2.0)


class Judgements(unittest.TestCase):
    """Rows made of figures that are given here."""

    def growth(self, last=100.0, eight=100.0, grown=0):
        """Rows of a run in which the last transactions took `last` ns, those among eight hosts
        `eight` ns, and after which `grown` bytes more were resident."""
        kind = {"rss_at_10": 1 << 20, "rss_at_end": (1 << 20) + grown,
                "2": {"first_ns": 100.0, "last_ns": last, "all_ns": 100.0},
                "8": {"first_ns": 100.0, "last_ns": last, "all_ns": eight}}
        figures = {"transactions": 1000} | {name: kind for name, _ in in_process.GROWTH_KINDS}
        with mock.patch.object(in_process, "run_json", return_value=figures):
            return in_process.growth_rows(pathlib.Path("."), 1, 1000)

    def test_growth_by_a_fifth_is_allowed_and_more_is_not(self):
        """20 % of 100 ns."""
        self.assertEqual(report.exit_code(self.growth(120.0)), 0)
        self.assertEqual(report.exit_code(self.growth(121.0)), 1)
        self.assertEqual(report.exit_code(self.growth(eight=120.0)), 0)
        self.assertEqual(report.exit_code(self.growth(eight=121.0)), 1)

    def test_a_mebibyte_more_is_allowed_and_more_is_not(self):
        """Memory is bounded: the number of transactions does not show in it."""
        self.assertEqual(report.exit_code(self.growth(grown=1 << 20)), 0)
        self.assertEqual(report.exit_code(self.growth(grown=(1 << 20) + 1)), 1)

    def test_a_region_read_may_take_a_tenth_and_a_microsecond_more_than_its_floor(self):
        """1.1 x 10 µs + 1 µs = 12 µs."""
        for device, code in ((12_000.0, 0), (12_001.0, 1)):
            with mock.patch.object(over_socket, "measure_reads",
                                   return_value=([10_000.0], [device])):
                self.assertEqual(report.exit_code(over_socket.read_rows(None, 1, 1)), code)

    def test_posted_writes_are_counted_from_the_waveform(self):
        """Values of OUTMSG0 in order; 0 is its reset value."""
        self.assertEqual(over_socket.posted_in_waveform(VCD), ([1, 3], 2))


class Options(unittest.TestCase):
    """The command line."""

    def test_quick_leaves_out_what_takes_minutes(self):
        """But what is named is run."""
        self.assertNotIn("guest", run.parse(["--quick"]).parts)
        self.assertNotIn("build", run.parse(["--quick"]).parts)
        self.assertEqual(run.parse(["--quick", "--only", "guest"]).parts, ["guest"])
        self.assertIn("build", run.parse([]).parts)
        self.assertNotIn("build", run.parse(["--no-with-build"]).parts)

    def test_an_unknown_part_is_one_line_and_code_2(self):
        """No traceback."""
        with self.assertRaises(SystemExit) as ended, mock.patch("sys.stderr") as stderr:
            run.parse(["--only", "everything"])
        self.assertEqual(ended.exception.code, 2)
        self.assertIn("there is no part", "".join(
            str(call.args[0]) for call in stderr.write.call_args_list))


if __name__ == "__main__":
    unittest.main()
