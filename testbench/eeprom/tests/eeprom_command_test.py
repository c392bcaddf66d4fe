#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""EEPROM images as a user meets them: made, shown, checked, and what goes wrong.

Usage: eeprom_command_test.py NTBSIM SOURCE_DIRECTORY [unittest arguments]
"""

import os
import subprocess
import sys
import tempfile
import unittest

NTBSIM = ""
SOURCE = ""


def ntbsim(*arguments, cwd=None):
    """Runs the program and returns its completed process."""
    return subprocess.run([NTBSIM, *arguments], capture_output=True, text=True, timeout=120,
                          check=False, cwd=cwd)


class ImageTest(unittest.TestCase):
    """A directory of its own for each test, with the image of two-host in it."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.image = self.path("two-host.eeprom")
        done = ntbsim("topology", "eeprom", "two-host", "--output", self.image)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def path(self, name):
        """A file of the test's directory."""
        return os.path.join(self.directory, name)

    def bytes(self):
        """The image of two-host."""
        with open(self.image, "rb") as file:
            return file.read()

    def write(self, name, data):
        """Writes a file, text or bytes; returns its path."""
        with open(self.path(name), "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        return self.path(name)

    def error_line(self, done):
        """The one line on stderr of a run that could not be."""
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertRegex(lines[0], r"^ntbsim: .*\)$")
        return lines[0]


class Images(ImageTest):
    """ntbsim topology eeprom, show, check"""

    def test_an_image_is_made_and_shown(self):
        """The report says how large it is; show has ports and blocks."""
        done = ntbsim("topology", "show", self.image)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("port 2: nt, partition 1 (active)", done.stdout)
        self.assertIn(f"EEPROM image of {len(self.bytes())} bytes, boot mode 15: loads\n",
                      done.stdout)
        self.assertIn("write     port2.BARSETUP0 = 0x800004c0\n", done.stdout)
        self.assertIn("wait      SWPORT2STS & 0x00000002 == 0x00000002\n", done.stdout)

    def test_ports_and_bars_are_those_of_the_topology(self):
        """show says the same of both, but for the name."""
        def ports(name):
            text = ntbsim("topology", "show", name).stdout
            return [line for line in text.splitlines() if line.startswith(("  port", "    BAR"))]
        self.assertEqual(ports(self.image), ports("two-host"))
        self.assertEqual(len(ports("two-host")), 10)

    def test_what_an_image_cannot_carry_is_named(self):
        """A line each on stderr; the image is written all the same."""
        with open(os.path.join(SOURCE, "testbench/config/topology/two-host.toml"),
                  encoding="utf-8") as file:
            text = file.read()
        path = self.write("other.toml", text.replace('"00:00.0"', '"02:00.0"', 1)
                          .replace('timing = "default"', 'timing = "ideal"'))
        output = self.path("other.bin")
        done = ntbsim("topology", "eeprom", path, "--output", output)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.splitlines(), [
            "not in the image: timing ideal: it is the simulator's",
            "not in the image: requester_id of port 0: it is the host's"])
        self.assertEqual(done.stdout, f"{output}: {os.path.getsize(output)} bytes\n")

    def test_check_accepts_a_sound_image(self):
        """And a topology file that names one."""
        self.assertEqual(ntbsim("topology", "check", self.image).returncode, 0)
        path = self.write("board.toml", 'device = "89HPES24NT6AG2"\neeprom = "two-host.eeprom"\n')
        done = ntbsim("topology", "check", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_check_names_place_and_fault_of_a_bad_one(self):
        """Each kind of fault that is in the bytes."""
        whole = self.bytes()
        for data, why in (
                (b"", "0x0000: the image is empty"),
                (b"\xff" * 256, "0x0000: type 0xff begins no block"),
                (whole[:-1], f"{len(whole) - 2:#06x}: the image ends before a done block"),
                (whole[:-1] + bytes([whole[-1] ^ 1]),
                 f"{len(whole) - 2:#06x}: the checksum is wrong"),
                (b"\x20\xfe\xff\x03\x00" + b"\0" * 12, "0x0000: a sequence leaves")):
            line = self.error_line(ntbsim("topology", "check", self.write("bad.bin", data)))
            self.assertIn(f"bad.bin: EEPROM address {why}", line)
        self.write("loop.bin", b"\x40\x00\x00")
        self.write("beyond.bin", b"\x41\x03\x00")
        for name, mode, why in (("loop", 2, "jumps without end"),
                                ("beyond", 3, "jumps to behind the end")):
            path = self.write("bad.toml", 'device = "89HPES24NT6AG2"\n'
                              f'eeprom = "{name}.bin"\nboot_mode = {mode}\n')
            self.assertIn(why, self.error_line(ntbsim("topology", "check", path)))

    def test_a_bad_image_is_shown_up_to_its_fault(self):
        """show is how one finds out what is wrong."""
        done = ntbsim("topology", "show", self.write("bad.bin", self.bytes()[:30]))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("the load fails at 0x001c: the image ends before a done block", done.stdout)
        self.assertIn("  0x0015  write     PCLKMODE = 0x00000000\n", done.stdout)

    def test_an_ignored_checksum_is_no_fault(self):
        """eeprom_ignore_checksum stands for SMBUSCTL.ICHECKSUM."""
        self.write("sum.bin", self.bytes()[:-1] + b"\x01")
        head = 'device = "89HPES24NT6AG2"\neeprom = "sum.bin"\n'
        path = self.write("sum.toml", head + "eeprom_ignore_checksum = true\n")
        self.assertEqual(ntbsim("topology", "check", path).returncode, 0)
        path = self.write("sum.toml", head)
        self.assertIn("the checksum is wrong", self.error_line(ntbsim("topology", "check", path)))

    def test_what_cannot_be_is_refused(self):
        """Names that would not be found again, files that cannot be, an image of an image."""
        make = ["topology", "eeprom", "two-host", "--output"]
        self.assertIn("is not called *.eeprom or *.bin",
                      self.error_line(ntbsim(*make, self.path("x.img"))))
        self.assertIn("cannot be written",
                      self.error_line(ntbsim(*make, self.path("none/x.bin"))))
        self.assertIn("cannot be written", self.error_line(ntbsim(
            *make, self.write("full.eeprom", "") if not os.path.exists("/dev/full")
            else self.link("full.eeprom", "/dev/full"))))
        self.assertIn("copy that file", self.error_line(
            ntbsim("topology", "eeprom", self.image, "--output", self.path("y.bin"))))
        self.assertIn("larger than an EEPROM", self.error_line(
            ntbsim("topology", "show", self.write("large.bin", b"\0" * 65537))))
        self.assertIn("cannot be read", self.error_line(
            ntbsim("topology", "show", self.path("none.eeprom"))))

    def link(self, name, target):
        """A symbolic link in the test's directory."""
        os.symlink(target, self.path(name))
        return self.path(name)

    def run_from(self, image, body, *options):
        """Plays a stimulus on a switch that starts from that image."""
        return ntbsim("run", "--topology", image, *options,
                      self.write("x.stim", "ntbstim 1\n" + body))

    def test_a_stimulus_plays_on_a_switch_that_starts_from_an_image(self):
        """Hosts find their functions; the load took no time, or the time it is given."""
        body = "eeprom expect done\nport0 enumerate\nport2.config read VID == 0x111d\n"
        done = self.run_from(self.image, body)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("         0.000 ns  eeprom expect done", done.stdout)
        done = self.run_from(self.image, body, "--set", "eeprom.byte_ns=22500")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        load = len(self.bytes()) * 22500
        self.assertIn(f"{load}.000 ns  eeprom expect done", done.stdout)

    def test_a_bad_image_halts_the_switch_and_the_program_says_so(self):
        """Expectations of the halt hold; hosts see nothing until the halt is ended."""
        bad = self.write("bad.bin", self.bytes()[:-1] + bytes([self.bytes()[-1] ^ 1]))
        done = self.run_from(bad, "eeprom expect halted checksum\n"
                             "port0.config read VID size 2 == 0xffff\n")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertRegex(done.stderr, r"^ntbsim: .*bad.bin: EEPROM address 0x....: the checksum is "
                         r"wrong, so the switch stays halted \(.*\)$")
        done = self.run_from(bad, "eeprom expect done\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("expected a finished EEPROM load, got a switch halted by its EEPROM: "
                      "checksum", done.stderr)
        done = self.run_from(bad, "eeprom release\nport0.config read VID == 0x111d\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_an_image_of_nothing_halts_and_does_not_crash(self):
        """Blank or empty, hosts are at every port that could have a function."""
        for data, word in ((b"\xff" * 4096, "unknown_block"), (b"", "no_answer")):
            done = self.run_from(self.write("bad.bin", data), f"eeprom expect halted {word}\n"
                                 "port12.config read VID size 2 == 0xffff\n")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_command_has_help_with_an_example(self):
        """And topology's own help says that images are topologies."""
        text = ntbsim("topology", "eeprom", "--help").stdout
        self.assertIn("Example:\n  ntbsim topology eeprom two-host --output", text)
        self.assertIn("docs/eeprom.md", ntbsim("topology", "--help").stdout)


if __name__ == "__main__":
    NTBSIM, SOURCE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
