# SPDX-License-Identifier: Apache-2.0
"""What ntb_perf says, what arrived, what a waveform shows; the correction of ntb_perf."""
import pathlib
import tempfile
import unittest

import context
import many_guests
import ntb_perf_fix
import perf
import restart
import window_trace
from errors import UserError

# Words of our own around the two calls that matter.
SOURCE = """
int map(void) { return ntb_peer_mw_get_addr(perf->ntb, perf->gidx, &address, &size); }
int set(void) { return ntb_peer_mw_set_trans(perf->ntb, peer->pidx, peer->gidx, a, s); }
"""

VCD = """$scope module switch $end
$scope module port0 $end
$scope module link $end
$scope module rx $end
$var string 1 a tlp $end
$upscope $end
$scope module tx $end
$var string 1 b tlp $end
$upscope $end
$upscope $end
$upscope $end
$scope module port2 $end
$scope module link $end
$scope module tx $end
$var string 1 c tlp $end
$upscope $end
$upscope $end
$upscope $end
$upscope $end
$enddefinitions $end
#100
sMWr\\040bar0+0x0404\\040NTINTSTS\\0404B\\0400x1 a
#200
sMWr\\040bar2+0x0010\\0404B\\0400x1 a
#300
sMWr\\0400x00001000\\0404B\\0400x1 c
s c
#400
sMRd\\040bar2+0x0010\\0404B a
"""


class Correction(unittest.TestCase):
    """ntb_perf_fix.py"""

    def test_one_word_changes(self):
        result = ntb_perf_fix.corrected(SOURCE)
        self.assertEqual(SOURCE.replace("perf->gidx, &", "peer->gidx, &"), result)

    def test_a_source_without_the_fault_is_refused(self):
        for text in ("", SOURCE.replace("perf->gidx", "peer->gidx"), SOURCE + SOURCE,
                     SOURCE.replace("set_trans", "clear")):
            with self.assertRaises(UserError):
                ntb_perf_fix.corrected(text)

    def test_the_command_line_writes_or_says_one_line(self):
        with tempfile.TemporaryDirectory() as directory:
            source = pathlib.Path(directory) / "a.c"
            source.write_text(SOURCE, encoding="utf-8")
            script = context.GLUE / "ntb_perf_fix.py"
            result = pathlib.Path(directory) / "b.c"
            self.assertEqual(0, context.run("/usr/bin/python3", script, source,
                                            result).returncode)
            self.assertIn("peer->gidx, &address", result.read_text(encoding="utf-8"))
            bad = context.run("/usr/bin/python3", script, result, source)
            self.assertEqual((2, 1), (bad.returncode, len(bad.stderr.splitlines())))


class Reports(unittest.TestCase):
    """The texts of the driver."""

    INFO = """Local port 0, Global index 0
Port 2 (0), Global index 1:
\tLink status: up
\tOut buff phys addr 0x00000000fea00000[p]
\tOut buffer size 0x0000000000100000
\tOut buffer xlat 0x000000000f900000[p]
\tIn buffer size 0x0000000000100000
\tIn buffer xlat 0x000000000f800000[p]
"""

    def test_addresses_are_found(self):
        self.assertEqual(perf.Buffers(0xfea00000, 0x100000, 0xf900000, 0xf800000, 0x100000, 0),
                         perf.parse_info(self.INFO))

    def test_one_that_is_not_set_up_is_not_taken(self):
        self.assertIsNone(perf.parse_info(self.INFO.replace("0x000000000f900000", "0x0")))
        self.assertIsNone(perf.parse_info("In buffer addr: unallocated"))

    def test_the_report_gives_bytes_and_seconds(self):
        text = "    Peer 0 test statistics:\n0: copied 4096 bytes in 2000 usecs, 2 MBytes/s\n"
        self.assertEqual((4096, 0.002), perf.parse_run(text))
        self.assertIsNone(perf.parse_run("0: error status -19"))
        self.assertEqual(0.5, perf.parse_wait("x\nwaited 500000000 nanoseconds\n"))
        self.assertAlmostEqual(2.048, perf.rate(4096, 0.002))


class Content(unittest.TestCase):
    """Is what arrived in the sender's memory?"""

    DATA = bytes(range(1, 65))

    def test_all_of_it(self):
        self.assertEqual(1.0, perf.source_of(b"--" + self.DATA + b"--", self.DATA, 8))

    def test_pages_used_again_do_not_count(self):
        memory = b"--" + self.DATA[:8] + bytes(8) + self.DATA[16:]
        self.assertEqual(7 / 8, perf.source_of(memory, self.DATA, 8))

    def test_nothing_of_it(self):
        self.assertEqual(0, perf.source_of(bytes(1000), self.DATA, 8))


class Waveform(unittest.TestCase):
    """Writes in a waveform."""

    def writes(self):
        """Those of VCD."""
        return list(window_trace.window_writes(VCD.splitlines(keepends=True)))

    def test_writes_into_windows_and_into_memory_are_told_apart(self):
        self.assertEqual([window_trace.Write(200, 0, "bar2", 0x10),
                          window_trace.Write(300, 2, None, 0x1000)], self.writes())

    def fate(self, buffer):
        """Of the write into BAR2 of port 0."""
        fate = window_trace.Fate(0, "bar2", 2, buffer, 1)
        for write in self.writes():
            fate.add(write)
        return fate

    def test_arriving_in_the_buffer_is_told_from_arriving_elsewhere(self):
        self.assertEqual((1, 1, 1), (self.fate((0x1000, 16)).entered,
                                     self.fate((0x1000, 16)).left,
                                     self.fate((0x1000, 16)).in_buffer))
        self.assertEqual((1, 0), (self.fate((0x2000, 16)).left,
                                  self.fate((0x2000, 16)).in_buffer))

    def test_the_proof_names_where_the_writes_went(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "x.vcd"
            path.write_text(VCD, encoding="ascii")
            sentences, problems = perf.waveform_proof(path, [self.sent("bar2", 0x2000)], 1)
            self.assertIn("the first to 0x1000; 0 into the buffer at 0x2000", sentences[0])
            self.assertEqual([], problems)
            _, problems = perf.waveform_proof(path, [self.sent("bar2", 0x1000),
                                                     self.sent("bar3", 0x1000)], 1)
            self.assertEqual(2, len(problems))

    def test_a_waveform_that_lacks_writes_proves_nothing(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "x.vcd"
            path.write_text(VCD, encoding="ascii")
            _, problems = perf.waveform_proof(path, [self.sent("bar2", 0x2000)])
            self.assertIn("1 of the 1024 writes", problems[0])

    @staticmethod
    def sent(bar, address):
        """From port 0 towards a buffer of port 2."""
        return perf.Sent(0, bar, 2, (address, 16), 0, 1)

    def test_the_report_says_why_nothing_arrived(self):
        result = {"sent_by_unmodified_ntb_perf": [self.sent("bar2", 0)._asdict()],
                  "memcpy_mb_per_second": {0: 900.4, 1: 1000.0}}
        lines = perf.report_lines(result)
        self.assertIn("maps window 0 (bar2) and translates window 1 (docs/ntb_perf.md)", lines[1])
        self.assertEqual(["memcpy in guest 0: 900 MB/s", "memcpy in guest 1: 1000 MB/s"],
                         lines[2:])


class Many(unittest.TestCase):
    """More than two guests, and guests that come back."""

    def test_a_wrong_window_is_shown(self):
        lines = many_guests.report_lines([{"pair": "0 -> 1", "windows": 14, "wrong": 1},
                                          {"pair": "1 -> 0", "windows": 14, "wrong": 0}])
        self.assertIn("1 WRONG", lines[1])
        self.assertIn("equal", lines[2])

    def test_every_guest_and_every_kind_has_its_turn(self):
        for count in (2, 3, 4):
            for seed in range(5):
                steps = restart.plan(count, seed)
                self.assertEqual(set(range(count)), {number for number, _ in steps})
                self.assertEqual(set(restart.KINDS), {kind for _, kind in steps})
                self.assertEqual(steps, restart.plan(count, seed))


if __name__ == "__main__":
    unittest.main()
