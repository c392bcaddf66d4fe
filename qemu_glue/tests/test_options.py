# SPDX-License-Identifier: Apache-2.0
"""The command line of `ntb cosim`."""
import lzma
import pathlib
import tempfile
import unittest

import context
import launch_options
import other_kernel
import topology
from errors import UserError
from paths import ntbsim_program
from topology import BUILT_IN, Port


class Options(unittest.TestCase):
    """Names say what is expected."""

    def refused(self, *arguments):
        """The one line of the refusal."""
        with self.assertRaises(UserError) as caught:
            launch_options.parse(list(arguments))
        line = str(caught.exception)
        self.assertEqual(1, len(line.splitlines()))
        self.assertRegex(line, r"^ntb: .+: .+ \(.+\)$")
        return line

    def test_the_default_is_pingpong_with_a_waveform_between_ports_0_and_2(self):
        options = launch_options.parse([])
        self.assertEqual("pingpong", options.kind)
        self.assertEqual([Port(0, 0), Port(2, 1)], options.ports)
        self.assertEqual("pingpong.vcd", pathlib.Path(options.vcd).name)

    def test_a_command_has_a_waveform_only_when_asked(self):
        self.assertIsNone(launch_options.parse(["--run", "lspci"]).vcd)
        self.assertEqual("x.vcd", launch_options.parse(["--run", "lspci", "--vcd", "x.vcd"]).vcd)

    def test_options_of_later_versions_are_refused_by_name(self):
        self.assertIn("not in this version", self.refused("--peer", "x"))

    def test_an_unknown_topology_is_told_with_those_there_are(self):
        self.assertIn("two-host-small, three-host", self.refused("--topology", "nine-host"))

    def test_two_simulators_are_for_two_guests(self):
        options = launch_options.parse(["--link", "ivshmem", "--stub", "on"])
        self.assertEqual((2, "on"), (len(options.ports), options.stub))
        for arguments in (["--guests", "3"], ["--run", "restart"], ["--capture", "x.stim"]):
            self.assertIn("--link ivshmem with", self.refused("--link", "ivshmem", *arguments))
        self.assertIn("there are: switch, ivshmem", self.refused("--link", "rope"))

    def test_a_kernel_comes_with_its_modules_or_as_a_package(self):
        self.assertIn("belong together", self.refused("--kernel", "x"))
        self.assertIn("belong together", self.refused("--modules", "x"))
        self.assertIn("no kernel package", self.refused("--kernel-deb", "Linux"))
        self.refused("--kernel", "x", "--modules", "y", "--kernel-deb", "linux-image-amd64")
        self.assertEqual(("linux-image-amd64", "trixie"),
                         other_kernel.parse_package("linux-image-amd64"))
        self.assertEqual(("linux-image-amd64", "bookworm-backports"),
                         other_kernel.parse_package("linux-image-amd64/bookworm-backports"))

    def test_a_directory_without_the_drivers_is_one_line(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory)
            (path / "vmlinuz").touch()
            (path / "modules").mkdir()
            for image, modules in (("none", "modules"), ("vmlinuz", "none"),
                                   ("vmlinuz", "modules")):
                with self.assertRaises(UserError):
                    other_kernel.of_files(path / image, path / modules, path / "build")

    def test_drivers_may_be_compressed_and_say_their_kernel(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory)
            (path / "vmlinuz").touch()
            (path / "m/deep").mkdir(parents=True)
            for name in other_kernel.MODULES:
                text = b"x\0vermagic=6.9.9-own SMP\0"
                (path / "m/deep" / f"{name}.xz").write_bytes(lzma.compress(text))
            kernel = other_kernel.of_files(path / "vmlinuz", path / "m", path / "build")
            self.assertEqual("6.9.9-own", kernel.version)
            self.assertTrue(kernel.complete())
            (path / "m/deep/ntb.ko.xz").write_bytes(lzma.compress(b"vermagic=6.1.0 SMP\0"))
            with self.assertRaises(UserError):
                other_kernel.of_files(path / "vmlinuz", path / "m", path / "build")

    def test_an_unknown_option_is_one_line(self):
        self.assertIn("--frobnicate", self.refused("--frobnicate"))

    def test_a_misspelt_run_is_refused_and_the_runs_there_are_named(self):
        for word in ("pinpong", "Pingpong", "self-test", "restrt", "shel"):
            line = self.refused("--run", word)
            for kind in launch_options.KINDS:
                self.assertIn(kind, line)
        for command in ("true", "lspci", "reset", "ping", "sh", "perl", "dmesg | tail",
                        "/bin/pinpong", "pinpong -x"):
            self.assertEqual("command", launch_options.parse(["--run", command]).kind)

    def test_more_guests_than_ports_are_refused(self):
        self.assertIn("8 NT ports", self.refused("--guests", "9", "--run", "true"))
        self.assertIn("2 NT ports", self.refused("--guests", "3", "--topology", "two-host"))
        self.assertIn("1 guests", self.refused("--guests", "1"))
        self.assertEqual(1, len(launch_options.parse(["--guests", "1", "--run", "true"]).ports))

    def test_the_topology_has_a_port_for_each_guest(self):
        for count, name, last in ((2, "two-host", Port(2, 1)), (3, "three-host", Port(4, 2)),
                                  (4, "four-host", Port(6, 3)), (5, "eight-host", Port(8, 4)),
                                  (8, "eight-host", Port(20, 7))):
            options = launch_options.parse(["--guests", str(count)])
            self.assertEqual((name, last), (options.topology, options.ports[-1]))

    def test_the_selftest_is_for_two_guests_with_small_windows(self):
        options = launch_options.parse(["--run", "selftest"])
        self.assertEqual(("two-host-small", 2, 20),
                         (options.topology, len(options.ports), options.data_order))
        self.refused("--run", "selftest", "--guests", "3")
        self.refused("--run", "selftest", "--data-order", "50")

    def test_numbers_out_of_range_are_refused(self):
        self.refused("--guests", "0", "--run", "true")
        self.refused("--pingpong-delay-ms", "-1")
        self.refused("--seconds", "0")
        self.refused("--timeout", "0")
        self.refused("--vcd-limit", "much")
        self.assertIn("waveform", self.refused("--run", "true", "--vcd-limit", "1GiB"))

    def test_sizes_are_passed_on_as_given(self):
        for size in ("1GiB", "500MiB", "4096", "2G", "1.5 GiB"):
            self.assertEqual(size, launch_options.parse(["--vcd-limit", size]).vcd_limit)

    def test_ports_come_from_a_topology_file(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "t.toml"
            path.write_text('device = "89HPES24NT6AG2"\n[[partition]]\nid = 3\n'
                            'state = "active"\n[[partition]]\nid = 5\nstate = "active"\n'
                            '[[port]]\nnumber = 4\nmode = "nt"\n'
                            'partition = 3\n[[port]]\nnumber = 6\nmode = "disabled"\n'
                            '[[port]]\nnumber = 8\nmode = "nt"\npartition = 5\n',
                            encoding="utf-8")
            self.assertEqual([Port(4, 3), Port(8, 5)],
                             launch_options.parse(["--topology", str(path)]).ports)

    def test_a_bad_topology_file_is_one_line(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "t.toml"
            for text in ("[[port", "port = 3", "[[port]]\nnumber = 0\nmode = \"disabled\"\n",
                         "[[port]]\nmode = \"NT\"\n"):
                path.write_text(text, encoding="utf-8")
                self.refused("--topology", str(path))
            self.assertIn("cannot be read", self.refused("--topology", directory + "/no.toml"))
            self.assertIn("cannot be read", self.refused("--topology", directory + "/no.eeprom"))
            path.write_text((BUILT_IN / "two-host.toml").read_text(encoding="utf-8").replace(
                'timing = "default"', 'timing = "moon"'), encoding="utf-8")
            self.assertIn("moon", self.refused("--topology", str(path)))

    def test_ports_come_from_an_eeprom_image_and_a_topology_file_that_starts_from_one(self):
        with tempfile.TemporaryDirectory() as directory:
            image, path = (pathlib.Path(directory) / name for name in ("t.eeprom", "t.toml"))
            made = context.run(ntbsim_program(), "topology", "eeprom", "two-host", "--output",
                               image)
            self.assertEqual(0, made.returncode, made.stderr)
            path.write_text('device = "89HPES24NT6AG2"\neeprom = "t.eeprom"\n[[port]]\n'
                            'number = 2\nrequester_id = "01:00.0"\n', encoding="utf-8")
            for topology in (image, path):
                self.assertEqual([Port(0, 0), Port(2, 1)],
                                 launch_options.parse(["--topology", str(topology)]).ports)

    def test_every_mode_with_an_nt_function_is_a_port_for_a_guest(self):
        shown = "".join(f"  port {n}: {mode}, partition {n} (active), x4 gen2\n" for n, mode in
                        enumerate(("nt", "upstream", "nt_dma", "upstream_nt", "unattached",
                                   "upstream_nt_dma", "downstream", "upstream_dma")))
        self.assertEqual([("0", "0"), ("2", "2"), ("3", "3"), ("5", "5")],
                         topology.PORT.findall(shown))

    def test_without_the_program_the_first_check_leaves_the_topology_to_the_second(self):
        for words in (["--ntbsim", "/no/ntbsim"], ["--ntbsim", "/no/ntbsim", "--topology", "moon"]):
            self.assertIn("/no/ntbsim is not there", self.refused(*words))
            self.assertEqual("pingpong", launch_options.parse(["--check-options", *words]).kind)
        self.assertIn("unknown link",
                      self.refused("--check-options", "--ntbsim", "/no", "--link", "rope"))

    def test_files_have_a_place_before_anything_starts(self):
        with tempfile.TemporaryDirectory() as directory:
            for name, file in (("--vcd", "x.vcd"), ("--capture", "x.stim")):
                nowhere = f"{directory}/no/{file}"
                self.assertIn(f"{name} {nowhere}: there is no directory",
                              self.refused(name, nowhere))
                self.assertEqual(f"{directory}/{file}", vars(launch_options.parse(
                    [name, f"{directory}/{file}"]))[name[2:]])
                # The output directory is made by the run.
                launch_options.parse([name, nowhere, "--out", f"{directory}/no"])
            self.assertIn("no name of a file", self.refused("--vcd", directory))
            self.assertEqual([], list(pathlib.Path(directory).iterdir()))

    def test_a_capture_has_the_name_of_a_stimulus(self):
        for name in ("x.foo", "x.stim.bz2", "stim"):
            self.assertIn("ends with .stim or .stim.gz", self.refused("--capture", name))
        self.assertEqual("x.stim.gz", launch_options.parse(["--capture", "x.stim.gz"]).capture)


if __name__ == "__main__":
    unittest.main()
