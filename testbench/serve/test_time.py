# SPDX-License-Identifier: Apache-2.0
"""The end of simulated time: 64 bits of picoseconds, less twelve hours, some 213 days."""
import json
import os
import subprocess
import tempfile
import time
import unittest

import client as c
from client import Serve

END_SECONDS = 18403544  # of simulated time, and a bit
BAR2 = 2
DISABLED_WITH_RESET = c.FIELDS["SWPORT2CTL.OMA"] | 1 << 4  # MODE 0, SWPART 1
COMPLETE = c.FIELDS["SWPORT2STS.OMCC"]
IDPROTDIS = c.FIELDS["NTCTL.IDPROTDIS"]  # whoever asks may cross


class End(unittest.TestCase):
    """Near its end everything works as ever; then one line says that it is over."""

    def over(self, serve, *clients):
        """It has ended in order, with one line about it and no socket left."""
        self.assertEqual(serve.process.wait(30), 2, serve.log())
        self.assertRegex(serve.log(),
                         r"\nntbsim: simulated time: [^\n]*213 days[^\n]* \([^\n]+\)\n\Z")
        self.assertEqual([path for path in serve.sockets.values() if path.exists()], [])
        for client in clients:
            self.assertTrue(client.closed_by_server())

    def test_simulated_time_that_is_over_ends_the_simulator_with_one_line(self):
        vcd = self.enterContext(tempfile.TemporaryDirectory()) + "/run.vcd"
        with Serve("--start-at", f"{END_SECONDS - 5}s", "--vcd", vcd) as serve, \
                serve.client(0) as one, serve.client(2) as two:
            one.enable()
            msi = two.enable().interrupt(c.MSI)
            two.write(c.NTINTMSK, 0xFF & ~c.DBELL)
            two.write(c.INDBELLMSK, 0)
            rounds = interrupts = 0
            with self.assertRaises(OSError):
                while True:
                    one.write(c.OUTDBELLSET, 1)
                    interrupts += c.taken(msi)
                    two.write(c.INDBELLSTS, 1)
                    rounds += 1
            self.assertGreater(rounds, 10)
            self.assertGreaterEqual(interrupts, rounds)
            self.over(serve, one, two)
        run = subprocess.run([os.environ["NTBSIM"], "trace", "summary", "--json", vcd],
                             capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        rung = {port["port"]: port["doorbells_rung"] for port in json.loads(run.stdout)["ports"]}
        self.assertGreaterEqual(rung[0], rounds)

    def test_simulated_time_is_over_when_the_next_client_comes_and_not_before(self):
        with Serve("--start-at", f"{END_SECONDS - 1}s") as serve:
            time.sleep(3)
            self.assertTrue(serve.alive(), serve.log())
            with self.assertRaises(OSError):
                with serve.client(0) as client:
                    while True:
                        client.read(0, 4, c.CONFIG)
            self.over(serve)

    def test_simulated_time_ends_where_a_guest_asks_for_the_longest_delay(self):
        with Serve("--pace", "none", "--start-at", f"{END_SECONDS - 1}s") as serve, \
                serve.client(0) as one:
            one.enable()
            for name in ("RDRAINDELAY", "POMCDELAY", "SEDELAY", "USSBRDELAY"):
                one.write_global(c.REGISTERS[name], 0xFFFFFFFF)
            with self.assertRaises(OSError):
                one.write_global(c.REGISTERS["SWPORT2CTL"], DISABLED_WITH_RESET)
                while True:  # it must not have happened at once
                    self.assertEqual(one.read_global(c.port_status(2)) & COMPLETE, 0)
            self.over(serve, one)

    def test_simulated_time_without_pacing_ends_as_well(self):
        with Serve("--pace", "none", "--start-at", f"{END_SECONDS - 1}s") as serve, \
                serve.client(0) as one, serve.client(2) as two:
            two.enable()
            two.map(0, 1 << 20, two.memory(1 << 20))
            one.enable().write(c.NTCTL, IDPROTDIS)  # no CPEN: a read waits for its time-out, 50 ms
            one.write(c.REGISTERS["BARLTBASE2"], 0)
            reads = 0
            with self.assertRaises(OSError):
                while True:
                    self.assertEqual(one.read(0, 4, BAR2), 0xFFFFFFFF)
                    reads += 1
            self.assertGreater(reads, 15)
            self.assertLess(reads, 40)
            self.over(serve, one, two)


if __name__ == "__main__":
    unittest.main()
