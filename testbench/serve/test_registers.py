# SPDX-License-Identifier: Apache-2.0
"""`ntbsim regs check`, `dump` and `diff` on a running simulator, by its socket."""
import json
import os
import pathlib
import subprocess
import unittest
import xml.etree.ElementTree

from client import Serve


def regs(*arguments, program="NTBSIM", timeout=100):
    """The finished run of a `regs` command."""
    words = [os.environ[program]] + (["regs"] if program == "NTBSIM" else [])
    return subprocess.run(words + [str(word) for word in arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=timeout, check=False)


class Registers(unittest.TestCase):
    """One simulator for each test."""

    def setUp(self):
        self.serve = Serve()
        self.addCleanup(self.serve.__exit__)
        self.target = f"vfio-user:{self.serve.sockets[0]}"
        self.folder = pathlib.Path(self.serve.directory)

    def test_register_checks_pass_on_a_running_simulator(self):
        junit = self.folder / "registers.xml"
        run = regs("check", "--target", self.target, "--seed", 11, "--topology", "two-host",
                   "--json", "--junit", junit)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        report = json.loads(run.stdout)
        self.assertEqual(report["findings"], [])
        self.assertEqual(report["seed"], 11)
        cases = {check["check"]: check["cases"] for check in report["checks"]}
        self.assertGreater(min(cases.values()), 100, cases)
        suites = xml.etree.ElementTree.parse(junit).getroot()
        self.assertEqual(suites.tag, "testsuites")
        self.assertEqual(suites.get("failures"), "0")
        self.assertGreater(int(suites.get("tests")), 1000)
        self.assertTrue(self.serve.alive())

    def test_a_dump_of_the_simulator_shows_what_was_written_and_compares_with_the_model(self):
        ours, model = self.folder / "ours.txt", self.folder / "model.txt"
        for target, path in ((self.target, ours), ("model", model)):
            run = regs("dump", "--target", target, "-o", path)
            self.assertEqual((run.returncode, run.stdout), (0, ""), run.stderr)
        self.assertIn("port0.VID 0x111D\n", ours.read_text(encoding="ascii"))
        same = regs("diff", ours, model)
        self.assertEqual(same.returncode, 0, same.stdout + same.stderr)
        self.assertIn("registers only in", same.stdout)  # the other port has no client here
        ours.write_text(ours.read_text(encoding="ascii").replace(
            "port0.NTSDATA 0x00000000", "port0.NTSDATA 0x00000005"), encoding="ascii")
        other = regs("diff", ours, model, "--json")
        self.assertEqual(other.returncode, 1, other.stdout + other.stderr)
        self.assertEqual([one["register"] for one in json.loads(other.stdout)["differences"]
                          if not one["may_differ"]], ["port0.NTSDATA"])

    def test_what_is_no_target_or_no_dump_is_refused_in_one_line(self):
        missing = self.folder / "missing.sock"
        for words in (("check", "--target", f"vfio-user:{missing}"),
                      ("check", "--target", "pci:/etc/passwd"),
                      ("check", "--target", "pci:0000:ff:1f.7"),
                      ("check", "--target", "usb:1"),
                      ("check", "--seed", "x"),
                      ("check", "--only", "NO_SUCH_REGISTER"),
                      ("diff", __file__, __file__),
                      ("diff", self.folder, self.folder),
                      ("dump", "-o", self.folder / "no" / "dump.txt")):
            run = regs(*words)
            self.assertEqual(run.returncode, 2, words)
            self.assertEqual(run.stdout, "", words)
            self.assertRegex(run.stderr, r"\Antbsim: [^\n]+: [^\n]+ \([^\n]+\)\n\Z")


if __name__ == "__main__":
    unittest.main()
