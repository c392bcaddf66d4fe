# SPDX-License-Identifier: Apache-2.0
"""The DMA function of a port, served beside its NT function."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

from client import Client, Serve

CONFIG = 7  # the region of configuration space
SOURCE = pathlib.Path(__file__).resolve().parents[2]


class Functions(unittest.TestCase):
    """Port 0 of two-host in mode nt_dma."""

    def setUp(self):
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        text = (SOURCE / "testbench/config/topology/two-host.toml").read_text(encoding="utf-8")
        self.topology = directory / "dma.toml"
        self.topology.write_text(text.replace('mode = "nt"', 'mode = "nt_dma"', 1),
                                 encoding="utf-8")
        self.socket = directory / "dma.sock"

    def serve(self, *more):
        """Both functions of port 0, and port 2."""
        return Serve("--port", f"0.1={self.socket}", *more, topology=self.topology)

    def test_the_dma_function_shows_its_header_beside_the_nt_function(self):
        with self.serve() as serve, serve.client(0) as nt, Client(str(self.socket)) as dma:
            self.assertEqual(nt.read(0, region=CONFIG), 0x8091111D)
            self.assertEqual(dma.read(0, region=CONFIG), 0x8091111D)
            self.assertEqual(nt.read(0x0A, size=2, region=CONFIG), 0x0680)
            self.assertEqual(dma.read(0x0A, size=2, region=CONFIG), 0x0880)

    def test_behind_the_header_nothing_of_the_dma_function_is_modelled(self):
        vcd = self.socket.with_name("touched.vcd")
        with self.serve("--vcd", vcd) as serve, serve.client(0), Client(str(self.socket)) as dma:
            dma.write(0x04, 6, size=2, region=CONFIG)
            dma.write(0x40, 0xFFFFFFFF, region=CONFIG)
            self.assertEqual(dma.read(0x40, region=CONFIG), 0)
            self.assertEqual(dma.read(0xFFE, size=2, region=CONFIG), 0)
            self.assertEqual(serve.stop(signal.SIGTERM), 0)
        # The three touches are in the waveform, those of the header are not.
        text = vcd.read_text(encoding="ascii")
        wire, count = (re.search(rf"^\$var wire {width} (\S+) {name} ", text, re.M).group(1)
                       for width, name in ((1, "not_modelled"), (32, "not_modelled_count")))
        self.assertEqual(len(re.findall(rf"^1{re.escape(wire)}$", text, re.M)), 3)
        self.assertEqual(re.findall(rf"^b([01]+) {re.escape(count)}$", text, re.M)[-1], "11")

    def test_a_reset_of_the_dma_function_leaves_the_nt_function_alone(self):
        with self.serve() as serve, serve.client(0) as nt, Client(str(self.socket)) as dma:
            nt.write(0x04, 6, size=2, region=CONFIG)
            dma.write(0x04, 6, size=2, region=CONFIG)
            dma.command(13)  # VFIO_USER_DEVICE_RESET
            self.assertEqual(dma.read(0x04, size=2, region=CONFIG), 0)
            self.assertEqual(nt.read(0x04, size=2, region=CONFIG), 6)

    def test_a_port_whose_mode_has_no_dma_function_is_refused_with_one_line(self):
        done = subprocess.run([os.environ["NTBSIM"], "serve", "--topology", "two-host", "--port",
                               f"0={self.socket}", "--port", f"0.1={self.socket}x"],
                              check=False, capture_output=True, text=True, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"\Antbsim: --port 0\.1=.*has no DMA function \(.*\)\n\Z")


if __name__ == "__main__":
    unittest.main()
