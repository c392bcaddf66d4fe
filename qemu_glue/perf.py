# SPDX-License-Identifier: Apache-2.0
"""`--run perf`: how fast windows are, and whether anything arrives.

First the unmodified ntb_perf, whose report of MB/s is no proof: the peer's buffer is looked at
from outside, through QEMU; its windows stay trapped, so that the waveform has all of it. Then,
unless --ntb-perf-fix off, the corrected one, and ntb_tool, both verified by content, each beside a
plain memory copy in the guest that sends.
"""
import collections
import re
import time

import checks
import window_trace
import windows
from control import Control
from errors import RunError
from pingpong import FIND_DEVICE, READ_LOG
from perf_image import FIXED_MODULE

COMMAND_SECONDS = 300
LINK_SECONDS = 60
PERF = "/sys/kernel/debug/ntb_perf/{device}"
UNMODIFIED_MODULE = "modules/ntb_perf.ko"
UNMODIFIED_ORDER = 12     # 4 KiB: enough to see, and a waveform that one can look at
UNMODIFIED_WRITES = (1 << UNMODIFIED_ORDER) // 4
TOOL_BYTES = 1 << 20      # at most: no more than what ntb_perf sends
TOOL_WINDOWS = (0, 2)     # direct, table
PAGE = 4096
GUEST_RAM = 256 << 20

# `index` is the host's own global index.
Buffers = collections.namedtuple("Buffers", "out_address out_size out_target in_address in_size "
                                 "index")
Row = collections.namedtuple("Row", "what direction bytes seconds verified problem claimed",
                             defaults=(None,))

# `buffer` is (address, size) in the memory of the host at `peer`; the window that the driver maps
# is its own global index, the one that it translates is the peer's (docs/ntb_perf.md).
Sent = collections.namedtuple("Sent", "port bar peer buffer mapped translated")

# Writes are posted, so ntb_perf's own clock stops while they are on their way. A read of
# configuration space waits behind them; its time belongs to the transfer.
RUN = """cd {perf} || exit
echo 0 >run || exit
start=$(copy_speed clock)
dd if=/sys/bus/pci/devices/{device}/config of=/dev/null bs=4 count=1 2>/dev/null || exit
end=$(copy_speed clock)
cat run
echo "waited $((end - start)) nanoseconds"
"""


def parse_info(text):
    """Addresses and sizes of the first peer in ntb_perf's info file, or None if not set up."""
    def number(pattern):
        match = re.search(pattern + r"\s+(0x[0-9a-f]+)", text)
        return int(match.group(1), 16) if match else 0
    index = re.search(r"Local port \d+, Global index (\d+)", text)
    found = Buffers(number("Out buff phys addr"), number("Out buffer size"),
                    number("Out buffer xlat"), number("In buffer xlat"), number("In buffer size"),
                    int(index.group(1)) if index else None)
    return found if index and all(found[:-1]) else None


def parse_run(text):
    """(bytes, seconds) of the first thread in ntb_perf's report, or None."""
    match = re.search(r"copied (\d+) bytes in (\d+) usecs", text)
    return (int(match.group(1)), int(match.group(2)) / 1e6) if match else None


def parse_wait(text):
    """Seconds that the read behind the writes took."""
    match = re.search(r"^waited (\d+) nanoseconds$", text, re.M)
    return int(match.group(1)) / 1e9 if match else 0.0


def rate(size, seconds):
    """MB/s, as ntb_perf counts them: bytes in a microsecond."""
    return size / seconds / 1e6 if seconds else 0.0


def source_of(memory, data, page=PAGE):
    """How much of `data` lies, in one piece and in order, in the sender's memory (0 to 1).

    ntb_perf sends random bytes and frees them, so some pages may have been used again.
    """
    best = 0
    for start in range(0, len(data), page * 16):  # an anchor that may still be there
        position = memory.find(data[start:start + page])
        if position < start or len(data) < page:
            continue
        piece = memory[position - start:position - start + len(data)]
        same = sum(piece[at:at + page] == data[at:at + page] for at in range(0, len(data), page))
        best = max(best, same * page)
        if best >= len(data):
            break
    return min(1.0, best / len(data)) if data else 0.0


class Perf:
    """The steps of the run."""

    def __init__(self, run, options):
        self._run = run
        self._options = options
        self._devices = {}
        self.rows = []
        self.problems = []
        self.sent = []        # by the unmodified driver

    def execute(self, result):
        """All steps; a list of problems."""
        found = self._run.everywhere_ok({guest: FIND_DEVICE for guest in self._run.guests}, 60,
                                        "finding the device")
        self._devices = {guest: output.split()[0] for guest, output in found.items()}
        self._windows("trap")
        self._perf(UNMODIFIED_MODULE, UNMODIFIED_ORDER, "ntb_perf as shipped")
        self._windows("map")
        if self._options.ntb_perf_fix == "on":
            self._perf(FIXED_MODULE, self._options.data_order, "ntb_perf corrected")
        self._tool()
        plain = self._plain_copy()
        for guest, log in self._run.everywhere_ok(
                {guest: READ_LOG for guest in self._run.guests}, 60, "reading the log").items():
            self.problems += [f"{guest.name}: {problem}" for problem in
                              checks.kernel_problems(guest.console.lines(), log.splitlines())]
        result["perf"] = [dict(row._asdict(), mb_per_second=round(rate(row.bytes, row.seconds), 3),
                               ratio_to_memcpy=rate(row.bytes, row.seconds)
                               / plain[int(row.direction.split()[0])])
                          for row in self.rows]
        result["memcpy_mb_per_second"] = {guest: round(speed, 1) for guest, speed in plain.items()}
        result["sent_by_unmodified_ntb_perf"] = [one._asdict() for one in self.sent]
        return self.problems

    def _windows(self, how):
        """Keeps windows trapped, or lets them be mapped again, where they would be."""
        for path in self._run.controls:
            with Control(path) as control:
                control.obey(f"windows {how}")

    def _directions(self):
        first, second = self._run.guests
        return ((first, second), (second, first))

    def _perf(self, module, order, what):
        run = self._run
        run.progress.step(f"{what}: loading")
        run.everywhere_ok({guest: f"insmod /{module} total_order={order} "
                           f"chunk_order={min(order, 19)}" for guest in run.guests},
                          COMMAND_SECONDS, f"loading {what}")
        buffers = self._wait_set_up(what)
        for sender, receiver in self._directions():
            run.progress.step(f"{what}: {sender.name} to {receiver.name}")
            self._one_direction(what, sender, receiver, buffers)
        run.everywhere_ok({guest: "rmmod ntb_perf" for guest in run.guests}, COMMAND_SECONDS,
                          f"removing {what}")

    def _one_direction(self, what, sender, receiver, buffers):
        place = buffers[receiver]
        before = self._memory(receiver, place.in_address, place.in_size)
        device = self._devices[sender]
        command = RUN.format(perf=PERF.format(device=device), device=device)
        stopped = -self._run.stopped_seconds(sender)
        output = self._run.everywhere_ok({sender: command}, COMMAND_SECONDS, what)[sender]
        stopped += self._run.stopped_seconds(sender)
        moved = parse_run(output)
        if moved is None:
            raise RunError(sender.name, f"{what} reports nothing: {output.strip()}",
                           f"see {sender.console_log}")
        after = self._memory(receiver, place.in_address, place.in_size)
        length = min(moved[0], place.in_size)
        unmodified = what == "ntb_perf as shipped"
        problem = None
        if unmodified:
            self.sent.append(Sent(sender.port.number,
                                  self._bar_of(sender, buffers[sender].out_address),
                                  receiver.port.number, (place.in_address, place.in_size),
                                  buffers[sender].index, place.index))
            verified = "nothing arrived" if after == before else "something arrived"
            if after != before:
                problem = (f"{what} changed the buffer of {receiver.name}: this kernel's ntb_perf "
                           "has not the fault that is described in docs/ntb_perf.md")
        else:
            arrived = after[:length]
            share = source_of(self._memory(sender, 0, GUEST_RAM), arrived)
            # Half of it is far beyond chance; the rest is what the sender has used again.
            good = after != before and any(arrived) and share >= 0.5
            verified = f"arrived: {share:.0%} of it found at the sender"
            if not good:
                problem = (f"{what}, {sender.name} to {receiver.name}: the buffer does not hold "
                           f"what was sent ({share:.0%} of it)")
                verified = "wrong content"
        self.rows.append(Row(what, f"{sender.number} -> {receiver.number}", moved[0],
                             moved[1] + parse_wait(output) + stopped, verified, problem,
                             round(rate(*moved), 3)))
        if problem:
            self.problems.append(problem)

    def _bar_of(self, guest, address):
        """The BAR of the NTB function that an address lies in."""
        text = self._run.everywhere_ok(
            {guest: f"cat /sys/bus/pci/devices/{self._devices[guest]}/resource"}, 60,
            "reading the BARs")[guest]
        for number, line in enumerate(text.splitlines()):
            start, end = (int(word, 16) for word in line.split()[:2])
            if start and start <= address <= end:
                return f"bar{number}"
        return "no BAR"

    def _memory(self, guest, address, size):
        return guest.qmp.read_memory(address, size, self._options.out.resolve()
                                     / f"guest{guest.number}.memory")

    def _wait_set_up(self, what):
        """Waits until both have told each other their buffers; {guest: Buffers}."""
        deadline = time.monotonic() + LINK_SECONDS
        while True:
            infos = self._run.everywhere_ok(
                {guest: f"cat {PERF.format(device=self._devices[guest])}/info"
                 for guest in self._run.guests}, 60, "reading ntb_perf's info")
            buffers = {guest: parse_info(text) for guest, text in infos.items()}
            if all(buffers.values()):
                return buffers
            if time.monotonic() > deadline:
                raise RunError("cosim", f"{what} was not set up in time",
                               "see the guests' consoles")
            self._run.pause(0.3)

    def _tool(self):
        tool = windows.Windows(self._run, self._devices)
        tool.load(self._run.guests)
        length = min(TOOL_BYTES, 1 << self._options.data_order)
        for sender, receiver in self._directions():
            self._run.progress.step(f"ntb_tool: {sender.name} to {receiver.name}")
            for window, seconds, problem in tool.check(sender, receiver, length,
                                                       TOOL_WINDOWS, read_back=False):
                what = f"ntb_tool, window {window}"
                direction = f"{sender.number} -> {receiver.number}"
                self.rows.append(Row(what, direction, length, seconds,
                                     "wrong content" if problem else "content equal", problem))
                if problem:
                    self.problems.append(f"{what}, {direction}: {problem}")
        tool.remove(self._run.guests)

    def _plain_copy(self):
        """MB/s of memcpy in each guest, while the other rests."""
        speeds = {}
        for guest in self._run.guests:
            text = self._run.everywhere_ok({guest: "copy_speed 0x100000 0.5"}, 60,
                                           "measuring memcpy")[guest]
            copied, nanoseconds = (int(word) for word in text.split())
            speeds[guest.number] = rate(copied, nanoseconds / 1e9)
        return speeds


def waveform_proof(path, sent, writes=UNMODIFIED_WRITES):
    """Sentences about the unmodified ntb_perf in the waveform, and a list of problems.

    `sent` is a list of Sent: what was written where, and where it should have arrived; each is
    `writes` writes. The unmodified run is what the waveform begins with, so the first are its.
    """
    fates = [(one, window_trace.Fate(one.port, one.bar, one.peer, one.buffer, writes))
             for one in sent]
    with open(path, encoding="ascii", errors="replace") as lines:
        for write in window_trace.window_writes(lines):
            for _, fate in fates:
                fate.add(write)
    sentences, problems = [], []
    for one, fate in fates:
        if fate.entered != writes:
            problems.append(f"the waveform shows {fate.entered} of the {writes} writes of the "
                            f"unmodified ntb_perf into {one.bar} of port {one.port}")
        if fate.entered == 0:
            continue
        went = (f"{fate.left} left towards port {one.peer}, the first to {fate.first_leaving:#x}"
                if fate.left else f"none left towards port {one.peer}")
        sentences.append(f"port {one.port}, from {fate.first_ps} ps: {fate.entered} writes entered "
                         f"through {one.bar}; {went}; {fate.in_buffer} into the buffer at "
                         f"{one.buffer[0]:#x}")
        if fate.in_buffer:
            problems.append(f"the waveform shows {fate.in_buffer} writes of the unmodified "
                            f"ntb_perf in the buffer of port {one.peer}")
    return sentences, problems


def reason(sent):
    """Why nothing arrived, in one line."""
    parts = [f"that of port {one.port} maps window {one.mapped} ({one.bar}) and translates "
             f"window {one.translated}" for one in sent]
    return (f"ntb_perf as shipped translates another window than it maps: {'; '.join(parts)} "
            "(docs/ntb_perf.md)")


def report_lines(result):
    """The table of the report."""
    lines = ["driver               direction  bytes     seconds   MB/s      of memcpy  verified"]
    for row in result.get("perf", []):
        lines.append(f"{row['what']:<19}  {row['direction']:<9}  {row['bytes']:<8}  "
                     f"{row['seconds']:<8.4f}  {row['mb_per_second']:<8.2f}  "
                     f"{row['ratio_to_memcpy']:<9.2%}  {row['verified']}")
    sent = [Sent(**one) for one in result.get("sent_by_unmodified_ntb_perf", [])]
    if sent and all(one.mapped != one.translated for one in sent):
        lines.append(f"reason: {reason(sent)}")
    lines += [f"waveform: {sentence}" for sentence in result.get("waveform_says", [])]
    lines += [f"memcpy in guest {guest}: {speed:.0f} MB/s"
              for guest, speed in result.get("memcpy_mb_per_second", {}).items()]
    return lines
