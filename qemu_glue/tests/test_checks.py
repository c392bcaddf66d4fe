# SPDX-License-Identifier: Apache-2.0
"""The judgement of what a guest reports: each check is seen to fail once."""
import unittest

import context  # noqa: F401 # pylint: disable=unused-import
import checks
import pingpong
from topology import Port

INFO = """
\t\tIDT NTB device Information:

Local Port 0, Partition 0
Peers:
\t0. Port 2, Partition 1
NTB link status\t- 0x00000001, PCIe Gen 2 x8 lanes
NTB Mapping Table:
\t0. Partition 0, Requester ID 0x0000
\t1. Partition 1, Requester ID 0x0000

Outbound Memory Windows:
\t0.\tDIR BAR2, Address align 0x00000004, Size align 0x00000001, Size max 1048576
Inbound Memory Windows for peer 0 (Port 2):
\t0.\tDIR BAR2, Address align 0x00000004, Size align 0x00000001, Size max 1048576

Global Doorbell state\t- 0x00000000
Local  Doorbell state\t- 0x00000000
Local  Doorbell mask\t- 0x00000001

Message event valid\t- 0x000f000f
Message event status\t- 0x00000000
Message event mask\t- 0x000f000f
Message data:
\t0. 0x00000000 from peer 0 (Port 2)
\t1. 0x00000000 from peer 0 (Port 2)
\t2. 0x00000000 from peer 0 (Port 2)
\t3. 0x00000000 from peer 0 (Port 2)

Switch temperature\t\t- 40.0C
"""

LSPCI = """\
01:00.0 Bridge: Integrated Device Technology, Inc. [IDT] Device 8091
\tCapabilities: [40] Express (v2) Endpoint, MSI 00
\tCapabilities: [c0] Power Management version 3
\tCapabilities: [d0] MSI: Enable+ Count=1/1 Maskable- 64bit+
\tCapabilities: [100 v1] Advanced Error Reporting
\tKernel driver in use: ntb_hw_idt
"""


class Info(unittest.TestCase):
    """The driver's info file."""

    def problems(self, text):
        """As at port 0 with the peer at port 2."""
        return checks.info_problems(text, Port(0, 0), [Port(2, 1)])

    def test_a_whole_file_has_no_problem(self):
        self.assertEqual([], self.problems(INFO))

    def test_an_empty_file_has_every_problem(self):
        self.assertGreaterEqual(len(self.problems("")), 12)

    def test_each_missing_thing_is_found(self):
        for old, new in (
                ("Local Port 0", "Local Port 4"), ("Port 2, Partition 1", "Port 4, Partition 1"),
                ("status\t- 0x00000001", "status\t- 0x00000000"), ("x8 lanes", "x0 lanes"),
                ("Gen 2", "Gen 0"), ("\t1. Partition 1, Requester", "\t1. Partition 3, Requester"),
                ("\t0. Partition 0, Requester", "\t0. Partition 3, Requester"),
                ("Outbound", "Out"), ("(Port 2):", "(Port 4):"), ("Global Doorbell", "Doorbell"),
                ("Local  Doorbell mask", "x"), ("Message event status", "x"),
                ("\t3. 0x00000000 from peer 0 (Port 2)\n", ""), ("40.0C", ""), ("40.0C", "127.5C")):
            self.assertIn(old, INFO)
            self.assertEqual(1, len(self.problems(INFO.replace(old, new, 1))), old)

    def test_the_link_is_read_from_the_mask_of_peers(self):
        self.assertTrue(checks.link_is_up(INFO))
        self.assertFalse(checks.link_is_up(INFO.replace("0x00000001, PCIe", "0x00000000, PCIe")))
        self.assertFalse(checks.link_is_up(""))


class Lspci(unittest.TestCase):
    """The listing of the function."""

    def test_a_decoded_listing_has_no_problem(self):
        self.assertEqual([], checks.lspci_problems(LSPCI))

    def test_what_lspci_cannot_decode_is_a_problem(self):
        for line in ("\tCapabilities: <access denied>\n", "\tCapabilities: [e0] #1f [0000]\n",
                     "\tCapabilities: [200 v1] Extended Capability ID 0xdead\n",
                     "\t\tLnkSta:\tSpeed unknown, Width x0\n",
                     "\tCapabilities: [e0] <chain looped>\n", "\t!!! Unknown header type 7f\n"):
            self.assertTrue(checks.lspci_problems(LSPCI + line), line)

    def test_each_missing_capability_is_a_problem(self):
        for line in LSPCI.splitlines(keepends=True)[1:]:
            self.assertEqual(1, len(checks.lspci_problems(LSPCI.replace(line, ""))), line)
        self.assertEqual(1, len(checks.lspci_problems("")))


class KernelLog(unittest.TestCase):
    """The kernel's own complaints."""

    def test_a_quiet_log_has_no_problem(self):
        self.assertEqual([], checks.kernel_problems(
            ["[ 3.6] ntb: module verification failed: signature and/or required key missing",
             "[ 3.7] ntb_hw_idt 0000:01:00.0: IDT NTB device is ready"],
            ["<5>[ 3.6] ntb: module verification failed: signature", "<6>[ 3.7] ntb_hw_idt ok"]))

    def test_complaints_are_problems(self):
        for line in ("[ 1] BUG: kernel NULL pointer dereference", "[ 1] WARNING: CPU: 0 PID: 1",
                     "[ 1] irq 16: nobody cared", "[ 1] pcieport 0000:00:01.0: AER: Corrected error"
                     " received", "ntb-guest: FAILED to load ntb"):
            self.assertEqual(1, len(checks.kernel_problems([line], [])), line)
        for line in ("<3>[ 3.7] ntb_hw_idt 0000:01:00.0: Failed to scan",
                     "<4>[ 3.7] ntb_hw_idt 0000:01:00.0: Unexpected message"):
            self.assertEqual(1, len(checks.kernel_problems([], [line])), line)


class Counting(unittest.TestCase):
    """Samples of the counter."""

    def test_a_sample_is_count_and_uptime(self):
        self.assertEqual((12, 34.5), pingpong.parse_sample("12\n34.50 20.00\n"))
        self.assertIsNone(pingpong.parse_sample("cat: no such file\n34.50 20.00\n"))

    def test_the_rate_is_by_the_guests_clock(self):
        sample = pingpong.Sample
        self.assertEqual(50.0, pingpong.rate(sample(100, 10.0), sample(200, 12.0)))
        self.assertEqual(0.0, pingpong.rate(sample(100, 10.0), sample(200, 10.0)))

    def test_a_counter_that_wraps_is_no_negative_rate(self):
        sample = pingpong.Sample
        self.assertEqual(1.0, pingpong.rate(sample(2**31 - 1, 0.0), sample(-2**31, 1.0)))


if __name__ == "__main__":
    unittest.main()
