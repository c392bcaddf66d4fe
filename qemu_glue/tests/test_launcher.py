# SPDX-License-Identifier: Apache-2.0
"""The launcher with a stand-in for the simulator and for QEMU: order, errors, cleaning up."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import unittest.mock

import context
import children
import cosim
import guest
import launch_options
import shell
import simulator
from errors import RunError, UserError
from paths import complete_directory
from prepare import Prepared

# A "QEMU" whose agent answers every command with 0 and no output, on the last inherited socket.
FAKE_QEMU = """#!/usr/bin/python3
import os, re, sys
fds = [int(n) for n in re.findall(r"socket,id=\\w+,fd=(\\d+)", " ".join(sys.argv))]
console, agent = fds
os.write(console, b"ntb-guest: up\\r\\n")
os.write(agent, b"agent ready\\n")
for line in os.fdopen(agent, "rb", buffering=0):
    word = line.split()
    os.write(agent, b"%s|hello\\n%s.rc %d\\n" % (word[1], word[1], int(os.environ.get("RC", "0"))))
"""


def processes_with(text):
    """Ids of processes whose command line holds the text."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


class WithDirectory(unittest.TestCase):
    """A directory for each test."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = pathlib.Path(holder.name)
        for name in ("FAKE_NTBSIM", "RC"):
            os.environ.pop(name, None)


class Serving(WithDirectory):
    """`ntbsim serve` as a child."""

    def start(self, behaviour):
        """A simulator on ports 0 and 2."""
        os.environ["FAKE_NTBSIM"] = behaviour
        self.addCleanup(os.environ.pop, "FAKE_NTBSIM", None)
        self.sockets = {0: self.path / "port0.sock", 2: self.path / "port2.sock"}
        command = simulator.serve_command(context.FAKE_NTBSIM, "two-host", self.sockets)
        return simulator.Simulator(command, self.path / "log")

    def test_the_command_line_is_the_one_of_the_program(self):
        self.assertEqual(
            ["ntbsim", "serve", "--topology", "two-host", "--port", "0=/a", "--port", "2=/b",
             "--vcd", "v", "--vcd-limit", "1GiB", "--capture", "c"],
            simulator.serve_command("ntbsim", "two-host", {0: "/a", 2: "/b"}, "v", "1GiB", "c"))

    def test_readiness_is_what_the_program_says(self):
        with self.start("") as running:
            running.wait_until_serving(self.sockets)
            self.assertTrue(self.sockets[2].exists())
            running.check_alive()
            self.assertEqual(0, running.stop())

    def test_an_error_line_of_the_program_is_passed_on(self):
        with self.start("refuse") as running:
            with self.assertRaises(RunError) as caught:
                running.wait_until_serving(self.sockets)
        self.assertIn("ntbsim: topology: cannot be read", str(caught.exception))
        self.assertIn("exit code 2", str(caught.exception))

    def test_one_that_ends_while_serving_is_noticed(self):
        with self.start("die") as running:
            running.child.process.wait(10)
            with self.assertRaises(RunError):
                running.check_alive()

    def test_one_that_ignores_its_end_is_killed(self):
        before = children.STOP_SECONDS
        children.STOP_SECONDS = 0.3
        try:
            with self.start("stuck") as running:
                running.wait_until_serving(self.sockets)
                self.assertEqual(-signal.SIGKILL, running.stop())
        finally:
            children.STOP_SECONDS = before

    def test_a_program_that_is_not_there_is_one_line(self):
        with simulator.Simulator(["/no/such/ntbsim", "serve"], self.path / "log") as running:
            with self.assertRaises(RunError) as caught:
                running.wait_until_serving({0: "x"})
        self.assertEqual(1, len(str(caught.exception).splitlines()))


class Guests(WithDirectory):
    """QEMU as a child, and the agent's protocol."""

    def start(self):
        """A guest of the stand-in."""
        qemu = context.make_program(self.path / "fake-qemu", FAKE_QEMU)
        kernel = type("Kernel", (), {"image": "vmlinuz", "version": "6.1"})
        prepared = Prepared([str(qemu)], kernel, "initramfs", "tcg", "")
        return guest.Guest(0, None, prepared, "/s.sock", self.path)

    def test_the_device_is_behind_a_root_port_and_memory_is_shared(self):
        kernel = type("Kernel", (), {"image": "vmlinuz"})
        prepared = Prepared(["qemu"], kernel, "initramfs", "tcg", "")
        words = guest.qemu_command(prepared, 1, "/p.sock", 5, 6)
        text = " ".join(words)
        self.assertIn("memory-backend-memfd,id=mem,size=256M,share=on", text)
        self.assertIn("pcie-root-port,id=ntb-root-port", text)
        self.assertIn('{"driver": "vfio-user-pci", "id": "ntb", "bus": "ntb-root-port", '
                      '"socket": {"type": "unix", "path": "/p.sock"}, '
                      '"x-msg-timeout": 60000}', words)
        self.assertIn("-no-reboot", words)
        self.assertNotIn("-no-reboot", guest.qemu_command(prepared, 1, "/p", 5, 6, reboot=True))

    def test_a_command_gives_output_and_exit_code(self):
        with self.start() as running:
            code, output = running.finish_command(running.start_command("x"), 10,
                                                  running.check_alive)
        self.assertEqual((0, "hello\n"), (code, output))

    def test_a_qemu_that_ends_is_noticed_by_who_waits(self):
        with self.start() as running:
            running.child.stop(signal.SIGKILL)
            with self.assertRaises(RunError) as caught:
                children.wait_for(running.console, "never", time.monotonic() + 10,
                                  running.check_alive, "something")
        self.assertIn("QEMU was ended by SIGKILL", str(caught.exception))

    def test_what_does_not_happen_is_a_line_at_the_deadline(self):
        with self.start() as running:
            with self.assertRaises(RunError) as caught:
                children.wait_for(running.console, "never", time.monotonic() + 0.3,
                                  running.check_alive, "something")
        self.assertIn("something did not happen in time", str(caught.exception))


class CleaningUp(WithDirectory):
    """Nothing outlives the launcher."""

    def test_the_directory_of_sockets_is_private_and_goes_away(self):
        with children.socket_directory(self.path) as directory:
            self.assertEqual(0o700, directory.stat().st_mode & 0o777)
            (directory / "x.sock").touch()
        self.assertEqual([], list(self.path.iterdir()))

    def test_the_directory_goes_away_on_an_error_too(self):
        with self.assertRaises(KeyError):
            with children.socket_directory(self.path):
                raise KeyError
        self.assertEqual([], list(self.path.iterdir()))

    def test_directories_of_the_dead_are_removed_and_of_the_living_kept(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        dead = self.path / f"ntb-cosim-{ended.pid}-x"
        living = self.path / f"ntb-cosim-{os.getpid()}-x"
        dead.mkdir()
        living.mkdir()
        children.remove_stale_directories(self.path)
        self.assertEqual([living], list(self.path.iterdir()))

    def test_children_die_with_a_launcher_that_is_killed(self):
        marker = f"0.000{os.getpid()}"  # sleep adds its arguments up; no shell that outlives it
        script = (f"import sys; sys.path.insert(0, {str(context.GLUE)!r}); import children, time\n"
                  f"c = children.Child('c', ['sleep', '300', '{marker}'])\n"
                  "print('up', flush=True)\ntime.sleep(300)\n")
        with subprocess.Popen(["/usr/bin/python3", "-c", script], stdout=subprocess.PIPE) as parent:
            parent.stdout.readline()
            time.sleep(0.2)
            self.assertTrue(processes_with(marker))
            parent.kill()
        for _ in range(100):
            if not processes_with(marker):
                return
            time.sleep(0.05)
        self.fail("a child is still there")

    def test_the_directory_goes_away_with_a_launcher_that_is_killed(self):
        script = (f"import sys; sys.path.insert(0, {str(context.GLUE)!r}); import children, time\n"
                  f"import pathlib\nbase = pathlib.Path({str(self.path)!r})\n"
                  "with children.socket_directory(base):\n"
                  " print('up', flush=True)\n time.sleep(300)\n")
        with subprocess.Popen(["/usr/bin/python3", "-c", script], stdout=subprocess.PIPE) as parent:
            parent.stdout.readline()
            self.assertEqual(1, len(list(self.path.iterdir())))
            parent.kill()
        for _ in range(100):
            if not list(self.path.iterdir()):
                return
            time.sleep(0.1)
        self.fail("the directory is still there")

    def test_a_thing_half_made_is_not_left(self):
        with self.assertRaises(KeyError):
            with complete_directory(self.path / "thing") as making:
                (making / "file").touch()
                raise KeyError
        self.assertEqual([], list(self.path.iterdir()))
        with complete_directory(self.path / "thing") as making:
            (making / "file").touch()
        self.assertTrue((self.path / "thing/file").exists())


class Keys(unittest.TestCase):
    """The escape character of the shell."""

    def test_plain_keys_are_typed(self):
        self.assertEqual([("type", b"ls\r")], shell.Keys().feed(b"ls\r"))

    def test_the_escape_selects_ends_and_types_itself(self):
        self.assertEqual([("type", b"a"), ("show", 1), ("type", b"b")],
                         shell.Keys().feed(b"a\x1d1b"))
        self.assertEqual([("quit", None)], shell.Keys().feed(b"\x1dq"))
        self.assertEqual([("type", b"\x1d")], shell.Keys().feed(b"\x1d\x1d"))

    def test_the_escape_may_come_apart(self):
        keys = shell.Keys()
        self.assertEqual([], keys.feed(b"\x1d"))
        self.assertEqual([("show", 0)], keys.feed(b"0"))


class Accelerator(WithDirectory):
    """The one that the user asks for."""

    def start(self, wanted, found, why):
        """The refusal of a run that asks for one, on a machine where the other was chosen."""
        options = launch_options.parse(["--accel", wanted, "--out", str(self.path)])
        prepared = Prepared(["/no/qemu"], None, None, found, why)
        with unittest.mock.patch.object(cosim, "prepare", return_value=prepared), \
                unittest.mock.patch.object(cosim, "socket_directory", side_effect=KeyError), \
                contextlib.ExitStack() as stack:
            run = cosim.Run(options, None, stack)
            try:
                run.start()
            except UserError as error:
                return str(error)
            except KeyError:  # it would start the simulator now
                self.assertEqual((wanted, "as asked"),
                                 (run.prepared.accelerator, run.prepared.why))
        return None

    def test_kvm_that_was_found_not_to_work_is_refused(self):
        self.assertEqual(
            "ntb: --accel kvm: KVM is there but does not run a boot sector (leave it out: guests "
            "run with TCG then)",
            self.start("kvm", "tcg", "KVM is there but does not run a boot sector"))
        self.assertIsNone(self.start("kvm", "kvm", "it runs the guests' kernel"))
        self.assertIsNone(self.start("tcg", "kvm", "it runs the guests' kernel"))


class CommandLine(WithDirectory):
    """The script as a user meets it."""

    def test_help_has_an_example_and_ends_with_0(self):
        result = context.run("/usr/bin/python3", context.GLUE / "cosim.py", "--help")
        self.assertEqual(0, result.returncode)
        self.assertIn("./ntb cosim --run pingpong", result.stdout)

    def test_a_wrong_qemu_is_one_line_and_exit_code_2(self):
        result = context.run("/usr/bin/python3", context.GLUE / "cosim.py", "--qemu", "/bin/false",
                             "--out", self.path / "out")
        self.assertEqual(2, result.returncode)
        self.assertEqual(1, len(result.stderr.splitlines()), result.stderr)
        self.assertIn("ntb: qemu: /bin/false cannot be used", result.stderr)

    def test_a_bad_topology_ends_before_anything_is_made(self):
        for topology in ("moon", self.path / "no.eeprom"):
            result = context.run("/usr/bin/python3", context.GLUE / "cosim.py", "--topology",
                                 topology, "--out", self.path / "out")
            self.assertEqual((2, ""), (result.returncode, result.stdout))
            self.assertRegex(result.stderr, r"\Antb: [^\n]+ cannot be read \([^\n]+\)\n\Z")
            self.assertFalse((self.path / "out").exists())

    def test_an_output_directory_that_cannot_be_made_is_one_line(self):
        (self.path / "file").touch()
        result = context.run("/usr/bin/python3", context.GLUE / "cosim.py",
                             "--out", self.path / "file" / "out")
        self.assertEqual(2, result.returncode)
        self.assertEqual(1, len(result.stderr.splitlines()), result.stderr)


class Script(WithDirectory):
    """./ntb itself, in a copy of its own so that nothing is built."""

    def setUp(self):
        super().setUp()
        shutil.copy(context.ROOT / "ntb", self.path / "ntb")
        (self.path / "testbench/scenarios").mkdir(parents=True)
        (self.path / "testbench/scenarios/pingpong.stim").touch()
        self.programs = self.path / "bin"
        self.programs.mkdir()
        # A dpkg-query that knows nothing, and an id that is not root's.
        context.make_program(self.programs / "dpkg-query", "#!/bin/sh\nexit 1\n")
        context.make_program(self.programs / "apt-get", "#!/bin/sh\nexit 1\n")
        context.make_program(self.programs / "id", "#!/bin/sh\necho 1000\n")
        for name in ("bash", "dirname", "readlink", "basename", "paste", "mkdir", "cat", "env",
                     "tail"):
            (self.programs / name).symlink_to(shutil.which(name))

    def ntb(self, *arguments):
        """./ntb with only those programs in its PATH."""
        return context.run(self.path / "ntb", *arguments,
                           environment={"PATH": str(self.programs)})

    def test_neither_root_nor_sudo_prints_the_apt_line_and_stops_with_2(self):
        result = self.ntb("run")
        self.assertEqual(2, result.returncode)
        self.assertEqual(1, len(result.stderr.splitlines()), result.stderr)
        self.assertIn("as root: apt-get install --no-install-recommends g++ cmake", result.stderr)

    def test_sudo_that_asks_for_a_password_is_not_waited_for_without_a_terminal(self):
        context.make_program(self.programs / "sudo", "#!/bin/sh\nexit 1\n")
        self.assertEqual(2, self.ntb("run").returncode)

    def test_sudo_that_works_is_used(self):
        context.make_program(self.programs / "sudo",
                             f"#!/bin/sh\necho \"$@\" >>{self.path}/sudo.log\nexit 1\n".replace(
                                 "exit 1", '[ "$2" = true ]'))
        result = self.ntb("run")
        self.assertEqual(2, result.returncode)
        self.assertIn("could not install", result.stderr)
        log = (self.path / "sudo.log").read_text(encoding="utf-8")
        self.assertRegex(log, r"apt-get .*install -y --no-install-recommends g\+\+ cmake")
        self.assertNotIn("unauthenticated", log.lower())

    def test_a_machine_without_apt_is_one_line(self):
        (self.programs / "apt-get").unlink()
        result = self.ntb("run")
        self.assertEqual(2, result.returncode)
        self.assertIn("no apt-get", result.stderr)

    def test_an_unknown_scenario_names_those_there_are(self):
        result = self.ntb("run", "nothing")
        self.assertEqual(2, result.returncode)
        self.assertIn("no scenario 'nothing'", result.stderr)
        self.assertIn("pingpong", result.stderr)

    def test_an_unknown_command_is_one_line(self):
        result = self.ntb("frobnicate")
        self.assertEqual((2, 1), (result.returncode, len(result.stderr.splitlines())))

    def test_help_is_there(self):
        for word in ("help", "--help"):
            result = self.ntb(word)
            self.assertEqual(0, result.returncode)
            self.assertIn("./ntb run", result.stdout)

    def test_every_command_has_help_with_an_example_of_its_own_and_does_nothing(self):
        script = context.ROOT / "ntb"
        listed = context.run(script, "help").stdout
        commands = [name for name in re.findall(r"(?m)^  ([a-z]+)\b", listed) if name != "help"]
        self.assertLess({"run", "test", "cosim", "bench", "setup", "build"}, set(commands))
        for name in commands:
            with self.subTest(name):
                result = context.run(script, name, "--help")
                self.assertEqual((0, ""), (result.returncode, result.stderr))
                self.assertRegex(result.stdout, rf"(?si)\Ausage: .*examples?:\s.*\./ntb {name}")


if __name__ == "__main__":
    unittest.main()
