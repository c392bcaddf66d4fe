# SPDX-License-Identifier: Apache-2.0
"""Memory windows between guests, checked by content with the in-tree client driver ntb_tool.

For one direction: the receiver allocates a buffer for each window, the sender points its windows
at them and writes a random pattern of its own into each; only when all are written the receiver
reads its buffers. A window that leads elsewhere, or two that lead to one place, are so found.

Writes are posted: they are on their way when the sender's CPU has done them. A read through the
same window waits for them, as PCIe's ordering has it, and only then the receiver looks.

ntb_tool starts with its link down. Its windows are freed before it may be removed: kernel 6.1
oopses otherwise.
"""
import re

from errors import RunError

TOOL = "/sys/kernel/debug/ntb_tool"
COMMAND_SECONDS = 120
LOAD = "insmod /modules/ntb_tool.ko"
REMOVE = "rmmod ntb_tool"

PORTS = "for p in {tool}/{device}/peer*; do echo ${{p##*/peer}} $(cat $p/port); done"
COUNT = "ls -d {tool}/{device}/peer{peer}/mw_trans* | wc -l"
# The driver rounds a size up to what a window needs, so the size is read back.
ALLOCATE = """cd {tool}/{device}/peer{peer} || exit
for w in {windows}; do
    echo {size} >mw_trans$w || exit
    echo $w $(sed -n 's/^DMA Address[[:space:]]*\\(0x[0-9a-f]*\\).*/\\1/p' mw_trans$w) \
        $(sed -n 's/^Window Size[[:space:]]*\\(0x[0-9a-f]*\\).*/\\1/p' mw_trans$w)
done"""
SET = "echo {address}:{size} >{tool}/{device}/peer{peer}/peer_mw_trans{window} || exit\n"
WRITE = """cd {tool}/{device}/peer{peer} || exit
for w in {windows}; do
    head -c {length} /dev/urandom >/tmp/pattern.$w || exit
    start=$(cut -d ' ' -f 1 /proc/uptime)
    dd if=/tmp/pattern.$w of=peer_mw$w bs={length} conv=notrunc 2>/dev/null || exit
    dd if=peer_mw$w of=/dev/null bs=4 count=1 2>/dev/null || exit
    end=$(cut -d ' ' -f 1 /proc/uptime)
    echo $w $(sha256sum </tmp/pattern.$w) $start $end
done"""
READ = """cd {tool}/{device}/peer{peer} || exit
for w in {windows}; do
    echo $w $(dd if=mw$w bs={length} count=1 2>/dev/null | sha256sum)
done"""
# Not a number may be lost on the way: what the receiver wrote is read through the window.
READ_BACK = """cd {tool}/{device}/peer{peer} || exit
for w in {windows}; do
    echo $w $(dd if=peer_mw$w bs={length} count=1 2>/dev/null | sha256sum)
done"""
FREE_SENDER = "for w in {windows}; do " \
    "echo 0:0 >{tool}/{device}/peer{peer}/peer_mw_trans$w || exit; done"
FREE_RECEIVER = "for w in {windows}; do echo 0 >{tool}/{device}/peer{peer}/mw_trans$w " \
    "|| exit; done"


def parse_pairs(text):
    """Lines "A B" as {int(A): int(B)}."""
    return {int(one): int(two) for one, two in re.findall(r"^(\d+) (\d+)$", text, re.M)}


def parse_buffers(text):
    """Lines "WINDOW ADDRESS SIZE" as {window: (address, size)}."""
    found = re.findall(r"^(\d+) (0x[0-9a-f]+) (0x[0-9a-f]+)$", text, re.M)
    return {int(window): (int(address, 16), int(size, 16)) for window, address, size in found}


def parse_hashes(text):
    """Lines "WINDOW HASH ..." as {window: hash}."""
    return {int(window): value
            for window, value in re.findall(r"^(\d+) ([0-9a-f]{64})\b", text, re.M)}


def parse_times(text):
    """Lines "WINDOW HASH - START END" as {window: seconds}."""
    return {int(window): float(end) - float(start) for window, start, end in re.findall(
        r"^(\d+) [0-9a-f]{64} +-? *(\d+\.\d+) (\d+\.\d+)$", text, re.M)}


class Windows:
    """The windows between the guests of a run; `devices` maps guests to PCI addresses."""

    def __init__(self, run, devices):
        self._run = run
        self._devices = devices
        self._peers = {}

    def load(self, guests):
        """Loads ntb_tool and switches its link on."""
        self._run.everywhere_ok({guest: LOAD for guest in guests}, COMMAND_SECONDS,
                                "loading ntb_tool")
        self._run.everywhere_ok(
            {guest: f"echo Y >{TOOL}/{self._devices[guest]}/link" for guest in guests},
            COMMAND_SECONDS, "switching the link on")
        ports = self._run.everywhere_ok({guest: self._text(guest, PORTS) for guest in guests},
                                        COMMAND_SECONDS, "reading the peers' ports")
        for guest in guests:
            by_port = {port: peer for peer, port in parse_pairs(ports[guest]).items()}
            for other in guests:
                if other is not guest and other.port.number not in by_port:
                    raise RunError(guest.name, f"ntb_tool shows no peer at port "
                                   f"{other.port.number}", f"see {guest.console_log}")
                self._peers[guest, other] = by_port.get(other.port.number)
        for guest in guests:
            for other in guests:
                if other is not guest:
                    self._one(guest, f"echo Y >{TOOL}/{self._devices[guest]}/"
                              f"peer{self._peers[guest, other]}/link_event",
                              "waiting for the link")

    def remove(self, guests):
        """Removes ntb_tool; all windows must have been freed."""
        self._run.everywhere_ok({guest: REMOVE for guest in guests}, COMMAND_SECONDS,
                                "removing ntb_tool")

    def count(self, sender, receiver):
        """The number of windows."""
        return int(self._one(receiver, self._text(receiver, COUNT, peer=self._peer(
            receiver, sender)), "counting windows"))

    def check(self, sender, receiver, length, windows=None, read_back=True):
        """Moves a pattern through each window; [(window, seconds, problem or None)]."""
        if windows is None:
            windows = range(self.count(sender, receiver))
        names = " ".join(str(window) for window in windows)
        inward = {"peer": self._peer(receiver, sender), "windows": names, "length": length}
        outward = {"peer": self._peer(sender, receiver), "windows": names, "length": length}
        try:
            buffers = parse_buffers(self._one(
                receiver, self._text(receiver, ALLOCATE, size=length, **inward),
                "allocating buffers"))
            before = parse_hashes(self._one(receiver, self._text(receiver, READ, **inward),
                                            "reading buffers"))
            self._one(sender, "".join(
                self._text(sender, SET, window=window, address=hex(address), size=hex(size),
                           **outward)
                for window, (address, size) in buffers.items()), "setting windows")
            written = self._one(sender, self._text(sender, WRITE, **outward), "writing windows")
            after = parse_hashes(self._one(receiver, self._text(receiver, READ, **inward),
                                           "reading buffers"))
            back = None
            if read_back:
                back = parse_hashes(self._one(sender, self._text(sender, READ_BACK, **outward),
                                              "reading through windows"))
        finally:
            self._one(sender, self._text(sender, FREE_SENDER, **outward), "freeing windows")
            self._one(receiver, self._text(receiver, FREE_RECEIVER, **inward), "freeing buffers")
        return judge(windows, parse_hashes(written), before, after, back, parse_times(written))

    # --- One window, by hand --------------------------------------------------------------------

    def peer_file(self, guest, other, name):
        """A file of ntb_tool in a guest that is about another one."""
        return f"{TOOL}/{self._devices[guest]}/peer{self._peer(guest, other)}/{name}"

    def open(self, sender, receiver, window, size=4096):
        """Leads a window of the sender to a buffer of zeros in the receiver."""
        buffers = parse_buffers(self._one(receiver, self._text(
            receiver, ALLOCATE, size=size, peer=self._peer(receiver, sender), windows=window),
            "allocating a buffer"))
        address, length = buffers[window]
        self._one(sender, self._text(sender, SET, peer=self._peer(sender, receiver), window=window,
                                     address=hex(address), size=hex(length)), "setting a window")

    def close(self, sender, receiver, window):
        """The window leads nowhere, the buffer is free."""
        self._one(sender, self._text(sender, FREE_SENDER, windows=window,
                                     peer=self._peer(sender, receiver)), "freeing a window")
        self._one(receiver, self._text(receiver, FREE_RECEIVER, windows=window,
                                       peer=self._peer(receiver, sender)), "freeing a buffer")

    def put(self, sender, receiver, window, word):
        """The shell command that writes a word of 32 bits at the start of the window."""
        data = "".join(f"\\x{byte:02x}" for byte in word.to_bytes(4, "little"))
        return (f"printf '{data}' | dd of={self.peer_file(sender, receiver, f'peer_mw{window}')} "
                "bs=4 count=1 conv=notrunc 2>/dev/null")

    def in_buffer(self, receiver, sender, window):
        """The word at the start of the receiver's buffer."""
        return self._word(receiver, self.peer_file(receiver, sender, f"mw{window}"))

    def through(self, sender, receiver, window):
        """The word at the start of the window, read by the sender."""
        return self._word(sender, self.peer_file(sender, receiver, f"peer_mw{window}"))

    def _word(self, guest, path):
        text = self._one(guest, f"dd if={path} bs=4 count=1 2>/dev/null | "
                         "hexdump -v -e '1/1 \"%02x\"'", "reading a window")
        return int.from_bytes(bytes.fromhex(text.strip()), "little")

    def _peer(self, guest, other):
        return self._peers[guest, other]

    def _text(self, guest, template, **values):
        return template.format(tool=TOOL, device=self._devices[guest], **values)

    def _one(self, guest, command, what):
        return self._run.everywhere_ok({guest: command}, COMMAND_SECONDS, what)[guest]


def judge(windows, written, before, after, back, times):
    """[(window, seconds, problem or None)] from the hashes of each step."""
    rows = []
    for window in windows:
        problem = None
        if window not in written or window not in after:
            problem = "the pattern could not be written or read"
        elif before.get(window) == written[window]:
            problem = "the buffer held the pattern before it was written"
        elif after[window] != written[window]:
            others = [other for other in written if written[other] == after[window]]
            problem = ("the buffer did not change" if after[window] == before.get(window)
                       else f"the buffer holds what was written into window {others[0]}" if others
                       else "the buffer holds something else than what was written")
        elif back is not None and back.get(window) != written[window]:
            problem = "reading through the window gives something else"
        rows.append((window, times.get(window), problem))
    return rows
