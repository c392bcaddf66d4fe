# SPDX-License-Identifier: Apache-2.0
"""Finding QEMU, mirror, kernel and sources, and what is said when they are not there."""
import os
import pathlib
import subprocess
import tempfile
import unittest
import unittest.mock

import context
import accelerator
import apt_archive
import guest_image
import guest_kernel
import qemu_finder
from errors import UserError

TARGETS = """\
http://mirror.example/debian-security|Debian|Debian-Security|bookworm-security|bookworm-security|main
http://other.example/x|Other|Other|bookworm|bookworm|main
http://mirror.example/debian|Debian|Debian|bookworm-updates|bookworm-updates|main
http://mirror.example/debian|Debian|Debian|bookworm|bookworm|main
"""
GOOD_QEMU = """#!/bin/sh
case $1 in
--version) echo "QEMU emulator version 10.1.0 (Debian 1:10.1)";;
*) echo 'name "vfio-user-pci", bus PCI, desc "VFIO over socket"';;
esac
"""


class Mirror(unittest.TestCase):
    """apt's own set-up decides."""

    def test_the_main_archive_is_told_from_security_and_strangers(self):
        self.assertEqual("http://mirror.example/debian",
                         apt_archive.mirror_from_targets(TARGETS))

    def test_before_any_list_was_fetched_the_release_name_decides(self):
        self.assertEqual("http://m/debian", apt_archive.mirror_from_targets(
            "http://m/sec|||trixie-security|trixie-security|main\n"
            "http://m/debian|||trixie|trixie|main\n"))

    def test_no_mirror_is_no_mirror(self):
        self.assertIsNone(apt_archive.mirror_from_targets("rubbish\n"))
        self.assertIsNone(apt_archive.mirror_from_targets(
            "http://o/x|Other|Other|bookworm|bookworm|main\n"))


class Qemu(unittest.TestCase):
    """Which QEMU is good enough."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name)

    def refused(self, given):
        """The one line."""
        with self.assertRaises(UserError) as caught:
            qemu_finder.find(str(given), self.path)
        self.assertEqual(1, len(str(caught.exception).splitlines()))
        return str(caught.exception)

    def test_versions_are_read_from_the_first_line(self):
        self.assertEqual((7, 2), qemu_finder.parse_version("QEMU emulator version 7.2.22 (Deb"))
        self.assertEqual((11, 1), qemu_finder.parse_version("QEMU emulator version 11.1.3"))
        self.assertIsNone(qemu_finder.parse_version("something else"))

    def test_an_old_one_or_one_without_the_client_is_of_no_use(self):
        self.assertIn("older than 10.1", qemu_finder.complaint("version 7.2.22", "vfio-user-pci"))
        self.assertIn("older than 10.1", qemu_finder.complaint("version 10.0.9", "vfio-user-pci"))
        self.assertIn("no vfio-user-pci", qemu_finder.complaint("version 10.1.0", "vfio-pci"))
        self.assertIsNone(qemu_finder.complaint("version 10.1.0", "vfio-user-pci"))

    def test_a_given_qemu_that_is_not_there_is_one_clear_line(self):
        self.assertIn("No such file", self.refused(self.path / "nothing"))

    def test_a_given_qemu_that_is_old_is_one_clear_line(self):
        old = context.make_program(self.path / "qemu", GOOD_QEMU.replace("10.1.0", "7.2.0"))
        line = self.refused(old)
        self.assertIn("older than 10.1", line)
        self.assertIn("--qemu", line)

    def test_a_given_qemu_that_is_something_else_is_one_clear_line(self):
        self.assertIn("does not say which version", self.refused("/bin/true"))
        self.assertIn("exit code 1", self.refused("/bin/false"))

    def test_a_given_qemu_that_does_not_answer_is_one_clear_line(self):
        late = subprocess.TimeoutExpired("qemu", 30)
        with unittest.mock.patch.object(qemu_finder.subprocess, "run", side_effect=late):
            self.assertIn("it does not answer", self.refused("/bin/true"))

    def test_a_given_qemu_that_is_good_is_used(self):
        good = context.make_program(self.path / "qemu", GOOD_QEMU)
        self.assertEqual([str(good)], qemu_finder.find(str(good), self.path))

    def test_the_environment_gives_one_too(self):
        with unittest.mock.patch.dict(os.environ, {"NTB_QEMU": "/bin/false"}):
            with self.assertRaises(UserError):
                qemu_finder.find(None, self.path)

    def test_the_machines_own_is_preferred_to_a_copy(self):
        good = context.make_program(self.path / qemu_finder.BINARY, GOOD_QEMU)
        with unittest.mock.patch.dict(os.environ, {"PATH": f"{self.path}:/usr/bin:/bin"}):
            self.assertEqual([str(good)], qemu_finder.find(None, self.path))

    def test_the_private_copy_starts_by_hand_from_any_directory(self):
        build = self.path / "a build"
        loader = pathlib.Path(qemu_finder.private_command(build / "qemu")[0])
        loader.parent.mkdir(parents=True)
        context.make_program(loader, '#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n')
        qemu_finder.write_starter(build)
        qemu_finder.write_starter(build)
        os.symlink(build / qemu_finder.BINARY, self.path / "link")
        expected = qemu_finder.private_command(build / "qemu") + ["-m", "a b"]
        for starter in (build / qemu_finder.BINARY, self.path / "link"):
            done = context.run(starter, "-m", "a b", cwd="/")
            self.assertEqual(expected, done.stdout.splitlines(), done.stderr)

    def test_without_qemu_and_mmdebstrap_the_line_says_what_to_do(self):
        with unittest.mock.patch.dict(os.environ, {"PATH": str(self.path)}):
            with self.assertRaises(UserError) as caught:
                qemu_finder.find(None, self.path)
        self.assertIn("./ntb setup --cosim", str(caught.exception))
        self.assertIn("missing or older than 10.1", str(caught.exception))


class Kernel(unittest.TestCase):
    """Versions and sources."""

    def test_the_headers_package_is_found_in_the_dependencies(self):
        self.assertEqual("linux-headers-6.1.0-56-amd64", guest_kernel.headers_package(
            "linux-headers-6.1.0-56-amd64 (= 6.1.192-2)"))
        self.assertEqual("linux-headers-6.12.48+deb13-amd64", guest_kernel.headers_package(
            "linux-headers-6.12.48+deb13-amd64 (= 6.12.48-1)"))
        self.assertIsNone(guest_kernel.headers_package(""))

    def test_the_series_names_the_source_package(self):
        self.assertEqual("6.1", guest_kernel.kernel_series("6.1.0-56-amd64"))
        self.assertEqual("6.12", guest_kernel.kernel_series("6.12.48+deb13-amd64"))

    def test_no_source_package_is_one_clear_line(self):
        with tempfile.TemporaryDirectory() as directory:
            with self.assertRaises(UserError) as caught:
                guest_kernel.find_source("6.1.0-56-amd64", pathlib.Path(directory))
        line = str(caught.exception)
        self.assertEqual(1, len(line.splitlines()))
        self.assertIn("no kernel source", line)
        self.assertIn("apt-get install linux-source-6.1", line)

    def test_no_headers_package_is_one_clear_line(self):
        with unittest.mock.patch.object(apt_archive, "command_output", return_value=""):
            with self.assertRaises(UserError) as caught:
                guest_kernel.find_headers()
        self.assertIn("linux-headers-amd64 is not installed", str(caught.exception))

    def test_a_package_that_cannot_be_fetched_is_one_clear_line(self):
        with tempfile.TemporaryDirectory() as directory:
            with self.assertRaises(UserError) as caught:
                apt_archive.download("ntb-no-such-package", "1", pathlib.Path(directory))
        self.assertEqual(1, len(str(caught.exception).splitlines()))
        self.assertIn("ntb-no-such-package", str(caught.exception))


class Image(unittest.TestCase):
    """What goes into the guests' image."""

    def test_libraries_are_read_from_ldd(self):
        self.assertEqual(["/lib/x86_64-linux-gnu/libpci.so.3", "/lib64/ld-linux-x86-64.so.2"],
                         guest_image.parse_ldd(
            "\tlinux-vdso.so.1 (0x00007f17d5c55000)\n"
            "\tlibpci.so.3 => /lib/x86_64-linux-gnu/libpci.so.3 (0x00007f17d5c16000)\n"
            "\t/lib64/ld-linux-x86-64.so.2 (0x00007f17d5c57000)\n"))
        self.assertEqual([], guest_image.parse_ldd("\tnot a dynamic executable\n"))

    def test_the_list_of_names_is_shortened_to_the_vendors_a_guest_meets(self):
        text = "# c\n0001  A\n\t1234  a\n111d  IDT\n\t8091  x\n\t\t1 2  y\nC 06  Bridge\n\t80  o\n"
        self.assertEqual("111d  IDT\n\t8091  x\n\t\t1 2  y\nC 06  Bridge\n\t80  o\n",
                         guest_image.shortened_pci_ids(text))

    def test_a_missing_program_names_its_package(self):
        with self.assertRaises(UserError) as caught:
            guest_image.program("ntb-no-such-program", "its-package")
        self.assertIn("apt-get install its-package", str(caught.exception))


class Accelerator(unittest.TestCase):
    """KVM is believed only when it has run something."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.build = pathlib.Path(self.directory.name)
        self.state = ["qemu", "6.1", "boot", True]
        for name, value in (("machine_state", lambda qemu: self.state),
                            ("runs_boot_sector", lambda *_: self.boots),
                            ("runs_kernel", lambda *_: self.kernel)):
            patch = unittest.mock.patch.object(accelerator, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.boots = True
        self.kernel = True

    def choose(self):
        """The name of what is chosen."""
        return accelerator.choose(["qemu"], "k", "i", self.build)[0]

    def test_kvm_that_runs_the_kernel_is_used(self):
        self.assertEqual("kvm", self.choose())

    def test_kvm_that_runs_only_a_boot_sector_is_not_used(self):
        self.kernel = False
        self.assertEqual("tcg", self.choose())

    def test_kvm_that_does_not_run_a_boot_sector_is_not_used(self):
        self.boots = False
        self.assertEqual("tcg", self.choose())

    def test_without_the_device_nothing_is_tried(self):
        self.state = ["qemu", "6.1", "boot", False]
        self.assertEqual("tcg", self.choose())

    def test_the_answer_is_remembered_until_something_changes(self):
        self.assertEqual("kvm", self.choose())
        self.boots = False
        self.assertEqual("kvm", self.choose())
        self.state = ["other qemu", "6.1", "boot", True]
        self.assertEqual("tcg", self.choose())

    def test_a_damaged_memory_is_forgotten(self):
        (self.build / "accelerator.json").write_text("{", encoding="utf-8")
        self.assertEqual("kvm", self.choose())

    def test_the_boot_sector_is_one(self):
        disk = accelerator.boot_sector()
        self.assertEqual(b"\x55\xaa", disk[510:512])
        self.assertEqual(0, len(disk) % 512)


if __name__ == "__main__":
    unittest.main()
