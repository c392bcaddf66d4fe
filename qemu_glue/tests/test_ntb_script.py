# SPDX-License-Identifier: Apache-2.0
"""`./ntb run` with stand-ins for packages, build and program: which file plays, what is said."""
import pathlib
import shutil
import tempfile
import unittest

import context

FAKE_NTBSIM = """#!/bin/sh
case "$1 $2" in
"trace diagram")
    if [ "$FAKE_DIAGRAM" = nothing ]; then
        echo "ntbsim: diagram of x.vcd: no doorbell in it (record one)" >&2
        exit 2
    elif [ "$FAKE_DIAGRAM" = broken ]; then
        echo "ntbsim: x.vcd: cannot be read (mend it)" >&2
        exit 2
    fi
    touch "$5" ;;
"run "*)
    [ "$FAKE_RESULT" = 2 ] || touch "$4"
    echo "fake: $*"
    exit "${FAKE_RESULT:-0}" ;;
esac
echo "fake: $*"
"""
PROGRAM = "build/release/testbench/ntbsim/ntbsim"


class RunCommand(unittest.TestCase):
    """A checkout with little in it, and a user's directory beside it."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = pathlib.Path(holder.name).resolve()
        self.checkout = self.path / "checkout"
        for directory in ("checkout/testbench/scenarios", "bin", "user",
                          pathlib.Path("checkout", PROGRAM).parent):
            (self.path / directory).mkdir(parents=True)
        shutil.copy(context.ROOT / "ntb", self.checkout)
        for name in ("pingpong", "events"):
            (self.checkout / f"testbench/scenarios/{name}.stim").touch()
        (self.path / "user/events.stim").touch()
        context.make_program(self.checkout / PROGRAM, FAKE_NTBSIM)
        context.make_program(self.path / "bin/dpkg-query", "#!/bin/sh\nprintf installed\n")
        for name in ("cmake", "apt-get"):
            context.make_program(self.path / "bin" / name, "#!/bin/sh\n")

    def run_it(self, *arguments, code=0, **environment):
        """`ntb run` of a user elsewhere; its finished process."""
        environment["PATH"] = f"{self.path}/bin:/usr/bin:/bin"
        done = context.run(self.checkout / "ntb", "run", *arguments, cwd=self.path / "user",
                           environment=environment)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return done

    def test_a_name_is_a_scenario_and_a_file_is_that_file(self):
        self.assertIn("fake: run testbench/scenarios/events.stim --vcd out/events/events.vcd\n",
                      self.run_it("events").stdout)
        for file in ("events.stim", "./events.stim", f"{self.path}/user/events.stim"):
            said = self.run_it(file, "--seed", "2").stdout
            self.assertRegex(said, rf"fake: run {self.path}/user/\S*events.stim "
                                   r"--vcd out/events/events.vcd --seed 2\n")

    def test_what_is_not_there_is_one_line_with_the_scenarios(self):
        for name in ("nosuch", "no.stim", "./pingpong"):
            line = self.run_it(name, code=2).stderr
            self.assertEqual(1, len(line.splitlines()), line)
            self.assertRegex(line, r"^ntb: run: .*\(.*events pingpong\)$")

    def test_nothing_to_draw_is_no_failure_and_the_last_lines_come(self):
        self.assertIn("timing picture out/events/events.svg", self.run_it("events").stdout)
        done = self.run_it("events", FAKE_DIAGRAM="nothing")
        self.assertIn("ntb: no picture: nothing to draw\n", done.stdout)
        self.assertIn("ntb: look at it: gtkwave", done.stdout)
        self.assertNotIn("timing picture", done.stdout)  # nor one of an earlier run
        self.assertIn("cannot be read",
                      self.run_it("events", code=2, FAKE_DIAGRAM="broken").stderr)

    def test_a_failed_expectation_leaves_table_layout_and_picture_and_the_exit_code(self):
        done = self.run_it("events", code=1, FAKE_RESULT="1")
        self.assertIn("fake: trace latency out/events/events.vcd", done.stdout)
        self.assertIn("timing picture out/events/events.svg", done.stdout)

    def test_a_run_that_could_not_begin_leaves_no_files_of_an_earlier_one(self):
        self.run_it("events")
        done = self.run_it("events", code=2, FAKE_RESULT="2")
        self.assertNotIn("trace latency", done.stdout)
        self.assertEqual([], list((self.checkout / "out/events").iterdir()))

    def test_a_checkout_that_cannot_be_written_is_one_line(self):
        # A file where the directory should be stands for it: root may write everywhere.
        shutil.rmtree(self.checkout / "build")
        (self.checkout / "build").touch()
        line = self.run_it(code=2).stderr
        self.assertRegex(line, rf"^ntb: build: {self.checkout}/build cannot be written \(.+\)\n$")

    def test_help_lists_scenarios_and_options(self):
        text = self.run_it("--help").stdout
        for word in ("events", "pingpong", "--set", "--seed", "--timing", "--topology"):
            self.assertIn(word, text)

    def test_the_first_build_says_how_long_it_takes(self):
        self.assertNotIn("about a minute", self.run_it().stdout)
        (self.checkout / PROGRAM).unlink()
        self.assertIn("about a minute on two cores", self.run_it(code=127).stdout)


if __name__ == "__main__":
    unittest.main()
