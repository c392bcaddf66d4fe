# SPDX-License-Identifier: Apache-2.0
"""`ntbsim run --port P --peer ivshmem:SOCKET`: two processes play a scenario on two parts of one
switch, and everything is as in one process: what is read, when, and every latency."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

import client as c
from test_peer import TwoSimulators
from test_peer_time import changes

SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / "scenarios"


class Played:
    """A process that plays, and what it has said."""

    def __init__(self, folder, name, *arguments):
        self.vcd = folder / f"{name}.vcd"
        self._paths = [folder / f"{name}.{kind}" for kind in ("out", "err")]
        with open(self._paths[0], "wb") as out, open(self._paths[1], "wb") as err:
            self.process = subprocess.Popen(
                [os.environ["NTBSIM"], "run", "-v", "--vcd", str(self.vcd),
                 *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def end(self):
        """Waits; its exit code."""
        return self.process.wait(60)

    def kill(self):
        """If it still runs."""
        self.process.kill()
        self.process.wait()

    def errors(self):
        """What it wrote to stderr."""
        return self._paths[1].read_text(encoding="utf-8")

    def lines(self):
        """Its transcript: each statement with its time and what came of it."""
        return self._paths[0].read_text(encoding="utf-8").splitlines()


class JointPlay(TwoSimulators):
    """A server, and processes that play."""

    def setUp(self):
        super().setUp()
        self.parts = 0
        self.folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="ntb-play-")))

    def play(self, name, *arguments):
        """A process that plays; killed at the end of the test at the latest."""
        played = Played(self.folder, name, *arguments)
        self.addCleanup(played.kill)
        return played

    def part(self, ports, *arguments):
        """One of the two processes."""
        options = [word for port in ports for word in ("--port", port)]
        self.parts += 1
        return self.play(f"part{self.parts}", "--peer", f"ivshmem:{self.path}",
                         *options, *arguments)

    def latencies(self, path):
        """What `trace latency` says of a waveform, as JSON."""
        text = subprocess.run([os.environ["NTBSIM"], "trace", "latency", "--json", str(path)],
                              check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
        report = json.loads(text)
        report.pop("file", None)
        return report

    def same_in_two(self, scenario, *arguments, parts=((0,), (2,))):
        """Plays a scenario in one process and in two; everything is the same."""
        files = [SCENARIOS / f"{scenario}.stim", *arguments]
        one = self.play("one", *files)
        self.assertEqual(one.end(), 0, one.errors())
        both = []
        for ports in parts:
            both.append(self.part(ports, *files))
            if len(both) < len(parts):  # this one comes first
                self.assertTrue(c.eventually(lambda p=both[-1]: "waiting" in p.errors()))
        for process in both:
            self.assertEqual(process.end(), 0, process.errors() + "\n".join(process.lines()))
        self.same_transcripts(one, both)
        self.same_waveforms(one, both, [port for ports in parts for port in ports])

    def same_transcripts(self, one, both):
        """Every statement is played by one of them, at the time and with the outcome of one
        process; notes are for both."""
        def statements(played):
            lines = played.lines()
            self.assertRegex(lines[-2], "^passed: ")
            return [line for line in lines[:-2] if not line.startswith("-- ")]
        expected = sorted(statements(one))
        self.assertEqual(sorted(line for played in both for line in statements(played)), expected)
        for played in both:
            self.assertGreater(len(statements(played)), 0)
            simulated = [p.lines()[-2].rsplit(", ", 1)[1] for p in (one, played)]
            self.assertEqual(simulated[0], simulated[1])

    def same_waveforms(self, one, both, ports):
        """Every signal of every port changes at the times of one process; merged, the waveforms
        have the latencies of the one."""
        for port in ports:
            scope = f"switch.port{port}."
            expected = changes(one.vcd, scope)
            got = {}
            for played in both:
                got.update(changes(played.vcd, scope))
            self.assertGreater(len(expected), 50)
            self.assertEqual(sorted(expected), sorted(got))
            differences = [(min(set(values) ^ set(got[name])), name)
                           for name, values in expected.items() if got[name] != values]
            self.assertEqual(sorted(differences)[:8], [])
        merged = self.folder / "merged.vcd"
        done = subprocess.run([os.environ["NTBSIM"], "trace", "merge",
                               *(str(played.vcd) for played in both), "-o", str(merged)],
                              check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        expected = self.latencies(one.vcd)
        self.assertNotEqual(expected, {})
        self.assertEqual(self.latencies(merged), expected)


class SameTimes(JointPlay):
    """Scenarios in one process and in two."""

    def test_pingpong_in_two_processes_has_the_latencies_of_one(self):
        self.same_in_two("pingpong")

    def test_pingpong_is_the_same_whichever_process_has_the_global_registers(self):
        self.same_in_two("pingpong", parts=((2,), (0,)))

    def test_messages_in_two_processes_have_the_latencies_of_one(self):
        self.same_in_two("messages")

    def test_messages_are_the_same_whichever_process_has_the_global_registers(self):
        self.same_in_two("messages", parts=((2,), (0,)))

    def test_windows_in_two_processes_have_the_latencies_of_one(self):
        self.same_in_two("windows")

    def test_windows_are_the_same_whichever_process_has_the_global_registers(self):
        self.same_in_two("windows", parts=((2,), (0,)))

    def test_other_scenarios_are_the_same_in_two_processes(self):
        for scenario in ("doorbells", "events", "errors", "faults", "power", "temperature"):
            with self.subTest(scenario):
                self.same_in_two(scenario)

    def test_delays_that_are_drawn_are_the_same_in_two_processes(self):
        self.same_in_two("pingpong", "--seed", "77")

    def test_smbus_is_the_same_whichever_process_has_the_global_registers(self):
        for parts in (((0,), (2,)), ((2,), (0,))):
            with self.subTest(parts):
                self.same_in_two("smbus", parts=parts)

    def test_smbus_reaches_the_registers_of_both_processes(self):
        file = self.folder / "both.stim"
        file.write_text(
            "ntbstim 1\nport0 enumerate\nport2 enumerate\n"
            "smbus 43 07 0f 0503 12345678\n"  # NTSDATA of port 0 (0x140C >> 2)
            "after 20us smbus 43 07 0f 1503 9abcdef0\n"  # and of port 2 (0x540C >> 2)
            "after 20us port0.bar0 read NTSDATA == 0x12345678\n"
            "after 20us port2.bar0 read NTSDATA == 0x9abcdef0\n"
            "port2.bar0 write NTSDATA 0x55aa55aa\n"
            "after 20us smbus 43 03 1f 1503\n"
            "after 20us smbus 43 read 8 == 07 1f 1503 55aa55aa\n", encoding="ascii")
        for parts in (((0,), (2,)), ((2,), (0,))):
            with self.subTest(parts):
                self.same_in_two(file.with_suffix(""), parts=parts)

    def test_processes_with_several_ports_each_play_as_one(self):
        self.same_in_two("eight-host", parts=((0, 2, 4, 6), (8, 12, 16, 20)))


class Together(JointPlay):
    """How the two find each other, and what goes wrong."""

    def refused(self, why, *arguments):
        """With these options it ends with one line that says why, and what to do."""
        played = self.play("refused", *arguments)
        self.assertEqual(played.end(), 2)
        self.assertRegex(played.errors(), r"ntbsim: [^\n]+: [^\n]+ \([^\n]+\)\n\Z")
        self.assertIn(why, played.errors())

    def test_one_server_serves_one_play_after_the_other(self):
        for scenario in ("messages", "pingpong", "messages"):
            both = [self.part((port,), SCENARIOS / f"{scenario}.stim") for port in (0, 2)]
            for played in both:
                self.assertEqual(played.end(), 0, played.errors())

    def test_who_plays_something_else_is_refused(self):
        first = self.part((0,), SCENARIOS / "pingpong.stim")
        self.assertTrue(c.eventually(lambda: "waiting" in first.errors()))
        peer = ("--peer", f"ivshmem:{self.path}", "--port", 2)
        for arguments in ((SCENARIOS / "messages.stim",),
                          (SCENARIOS / "pingpong.stim", "--seed", 5),
                          (SCENARIOS / "pingpong.stim", "--set", "pipeline.doorbell=9")):
            self.refused("another topology, timing, stimulus or seed", *peer, *arguments)

    def test_a_play_whose_other_half_dies_ends_and_says_so(self):
        file = self.folder / "long.stim"
        file.write_text("ntbstim 1\nport0 enumerate\nport2 enumerate\nrepeat 1000000\n"
                        "port0.bar0 read NTSDATA\nport2.bar0 read NTSDATA\nend\n",
                        encoding="ascii")
        for dies, stays in ((0, 2), (2, 0)):
            both = {port: self.part((port,), "-q", file) for port in (0, 2)}
            self.assertTrue(c.eventually(lambda p=both[dies]: p.vcd.exists() and
                                         p.vcd.stat().st_size > 100_000, 60))
            both[dies].process.send_signal(signal.SIGKILL)
            self.assertEqual(both[stays].end(), 2)
            self.assertIn("the other process has left before the end (start both again)",
                          both[stays].errors())
            both[dies].kill()

    def test_a_failed_expectation_is_reported_by_who_played_it(self):
        file = self.folder / "fails.stim"
        file.write_text("ntbstim 1\nport0 enumerate\nport2 enumerate\n"
                        "port0.bar0 read NTSDATA == 0x0\nport2.bar0 read NTSDATA == 0x1\n",
                        encoding="ascii")
        both = {port: self.part((port,), file) for port in (0, 2)}
        self.assertEqual([both[port].end() for port in (0, 2)], [0, 1])
        self.assertIn("fails.stim:5: expected NTSDATA == 0x00000001", both[2].errors())

    def test_a_port_that_nobody_plays_is_told(self):
        file = SCENARIOS / "eight-host.stim"
        first = self.part((0, 2), file)
        self.assertTrue(c.eventually(lambda: "waiting" in first.errors()))
        second = self.part((4, 6), file)
        self.assertEqual(second.end(), 2)
        self.assertIn("port 8 has a host and no process plays it", second.errors())

    def test_options_of_a_play_of_two_that_cannot_be_are_refused(self):
        file = SCENARIOS / "pingpong.stim"
        self.refused("without another process all ports are played here", "--port", 0, file)
        peer = ("--peer", f"ivshmem:{self.path}")
        self.refused("there is no port that is played here", *peer, file)
        self.refused("has no host on that port", *peer, "--port", 4, file)


if __name__ == "__main__":
    unittest.main()
