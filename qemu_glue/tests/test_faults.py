# SPDX-License-Identifier: Apache-2.0
"""What guests say of faults, read from their words."""
import unittest

import context  # noqa: F401 # pylint: disable=unused-import
import faults
import windows
from errors import RunError

LOG = """[    3.1] ntb_hw_idt 0000:01:00.0: SE IRQ detected 0x00000008 (SESTS 0x00000001)
[    3.2] ntb_hw_idt 0000:01:00.0: IDT IRQs 0x00000008 handled
[    4.0] ntb_hw_idt 0000:01:00.0: DB IRQ detected 0x00000002
[    4.0] ntb_hw_idt 0000:01:00.0: IDT IRQs 0x00000002 handled
[    4.1] ntb_hw_idt 0000:01:00.0: IDT IRQs 0x00000000 handled
"""


class Words(unittest.TestCase):
    """Each function that reads output of a guest."""

    def test_interrupts_are_those_of_all_processors(self):
        self.assertEqual(faults.parse_interrupts(
            " 24:         17   PCI-MSI 524288-edge      ntb_irq_idt\n"), 17)
        self.assertEqual(faults.parse_interrupts(
            " 24:  3  4   PCI-MSI 524288-edge      ntb_irq_idt\n"), 7)
        for text in ("", "ntb_irq_idt", " 24: PCI-MSI ntb_irq_idt"):
            with self.assertRaises(RunError):
                faults.parse_interrupts(text)

    def test_each_handled_interrupt_has_its_causes(self):
        self.assertEqual(faults.handled(LOG), [8, 2, 0])

    def test_the_temperature_is_that_of_the_info_file(self):
        self.assertEqual(faults.degrees_shown("Switch temperature\t\t- 42.500C\n"), 42.5)
        self.assertIsNone(faults.degrees_shown("nothing"))

    def test_the_report_has_a_line_for_each_fault(self):
        rows = [{"fault": "temp 60", "seen": "60 degrees"}, {"fault": "link", "seen": "down"}]
        self.assertEqual(faults.report_lines({"faults": rows}),
                         ["temp 60  60 degrees", "link     down"])


class Window(unittest.TestCase):
    """One window by hand."""

    def test_a_word_is_written_in_the_order_of_its_bytes(self):
        tool = windows.Windows(None, {"a": "0000:01:00.0"})
        tool._peers["a", "b"] = 0  # pylint: disable=protected-access
        self.assertEqual(tool.put("a", "b", 3, 0x12345678),
                         "printf '\\x78\\x56\\x34\\x12' | "
                         "dd of=/sys/kernel/debug/ntb_tool/0000:01:00.0/peer0/peer_mw3 bs=4 "
                         "count=1 conv=notrunc 2>/dev/null")


if __name__ == "__main__":
    unittest.main()
