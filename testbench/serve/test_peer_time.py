# SPDX-License-Identifier: Apache-2.0
"""Two simulators without a wall clock: everything happens at the same simulated times as in one."""
import os
import pathlib
import re
import signal
import tempfile
import unittest

import client as c
from client import Serve
from test_peer import (BAR2, BARLTBASE2, BARUTBASE2, MIB, MSGSTS, OUTMSG0, RAM, SWP0MSGCTL0,
                       TwoSimulators)


def changes(path, scope):
    """Of every signal below `scope` of a VCD its changes: {name: [(time, value)]}."""
    names, scopes, values, now = {}, [], {}, 0
    for line in pathlib.Path(path).read_text(encoding="ascii").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "$scope":
            scopes.append(words[2])
        elif words[0] == "$upscope":
            scopes.pop()
        elif words[0] == "$var":
            name = ".".join([*scopes, words[4]])
            if name.startswith(scope):
                names[words[3]] = name
                values[name] = []
        elif line[0] == "#":
            now = int(line[1:])
        elif line[0] in "bs" and len(words) == 2 and words[1] in names:
            values[names[words[1]]].append((now, words[0]))
        elif line[0] in "01xz" and line[1:] in names:
            values[names[line[1:]]].append((now, line[0]))
    return values


class Exactly(TwoSimulators):
    """The same play in one simulator and in two."""

    @staticmethod
    def at_rest(pid):
        """Whether a process sleeps, and how often it has gone to sleep."""
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return (re.search(r"^State:\s+S", status, re.MULTILINE) is not None,
                re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE).group(1))

    def quiet(self):
        """Waits until the model has nothing to do but what clients ask: who was woken is awake at
        once, so simulators that all sleep, twice, have nothing under way."""
        def all_at_rest():
            before = [self.at_rest(sim.process.pid) for sim in self.playing]
            return all(asleep for asleep, _ in before) and \
                before == [self.at_rest(sim.process.pid) for sim in self.playing]
        self.assertTrue(c.eventually(all_at_rest))

    def setUp(self):
        super().setUp()
        self.playing = []

    def play(self, one, two):
        """Doorbells, messages, global accesses and windows, each when all before it is over."""
        bells, ram = {}, {}
        for partition, client in enumerate((one, two)):
            client.write(c.PCICMD, 0x6, 2, c.CONFIG)
            for offset, value in ((c.MSIADDR, 0xFEE00000), (c.MSIMDATA & ~3, 0x41),
                                  (c.NTINTMSK, 0), (c.INDBELLMSK, 0),
                                  (c.REGISTERS["MSGSTSMSK"], 0), (c.NTCTL, c.CPEN),
                                  (c.NTMTBLADDR, partition)):
                self.quiet()
                client.write(offset, value)
            self.quiet()
            client.write(c.MSICAP + 2, 0x1, 2, c.CONFIG)
            self.quiet()
            requester = client.read(c.REQIDCAP)
            self.quiet()
            client.write(c.NTMTBLDATA, 1 | requester << 1 | partition << 17)
            self.quiet()
            bells[client] = client.interrupt(c.MSI)
            ram[client] = client.memory(MIB)
            client.map(RAM, MIB, ram[client])
            for offset, value in ((BARLTBASE2, RAM), (BARUTBASE2, 0)):
                client.write(offset, value)
                self.quiet()
        part = c.FIELDS["SWP0MSGCTL0.PART"]
        for address, value in ((SWP0MSGCTL0, part & -part), (c.SEPMSK, 0xFC)):
            for offset, written in ((c.GASAADDR, address), (c.GASADATA, value)):
                two.write(offset, written)
                self.quiet()
        for turn in range(8):
            for near, far in ((one, two), (two, one)):
                near.write(c.OUTDBELLSET, 1 << turn, posted=True)
                self.assertGreater(c.taken(bells[far]), 0)
                self.quiet()
                self.drained(bells[near])
                for client in (near, far):
                    client.write(c.INDBELLSTS, 1 << turn)
                    self.quiet()
                near.write(8 * turn, turn | 0x100, 8, BAR2)
                self.quiet()
                self.assertEqual(near.read(8 * turn, 8, BAR2), turn | 0x100)
                self.quiet()
                near.write(c.GASAADDR, c.of_port(2, c.NTSDATA))
                self.quiet()
                near.read(c.GASADATA)
                self.quiet()
            one.write(OUTMSG0, turn, posted=True)
            self.quiet()
            one.read(MSGSTS)
            self.quiet()
            for client in (two, one):
                client.write(MSGSTS, 0xFFFFFFFF)
                self.quiet()

    def recorded(self, *, sims):
        """Plays; the changes of each port's signals."""
        self.playing = sims
        with sims[0].client(0) as one:
            self.quiet()
            with sims[-1].client(2) as two:
                self.quiet()
                self.play(one, two)
                self.quiet()
                for sim in sims:
                    self.assertEqual(sim.stop(signal.SIGTERM), 0)

    def test_two_simulators_do_everything_at_the_times_of_one(self):
        with tempfile.TemporaryDirectory(prefix="ntb-exact-") as directory:
            paths = [os.path.join(directory, name) for name in ("all.vcd", "0.vcd", "2.vcd")]
            whole = self.enterContext(Serve("--pace", "none", "--vcd", paths[0]))
            self.recorded(sims=[whole])
            sims = [self.side(port, "--pace", "none", "--vcd", path)
                    for port, path in zip((0, 2), paths[1:])]
            self.recorded(sims=sims)
            for port, path in zip((0, 2), paths[1:]):
                expected = changes(paths[0], f"switch.port{port}.")
                got = changes(path, f"switch.port{port}.")
                # How they end is no part of the play.
                end = min(values[f"switch.port{port}.link.up"][-1][0]
                          for values in (expected, got))
                for values in (expected, got):
                    for name, moments in values.items():
                        values[name] = [moment for moment in moments if moment[0] < end]
                self.assertGreater(sum(map(len, expected.values())), 500)
                self.assertEqual(sorted(expected), sorted(got))
                self.assertGreater(len(expected), 50)
                differences = [(min(set(values) ^ set(got[name])), name)
                               for name, values in expected.items() if got[name] != values]
                self.assertEqual(sorted(differences)[:8], [])


if __name__ == "__main__":
    unittest.main()
