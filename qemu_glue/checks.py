# SPDX-License-Identifier: Apache-2.0
"""What a guest reports, judged: each function returns a list of problems, empty if all is well."""
import re

# The kernel's own words for trouble. A driver that complains is a finding, not noise.
KERNEL_TROUBLE = re.compile(
    r"\bBUG:|\bOops\b|\bWARNING:|Call Trace:|Kernel panic|nobody cared|soft lockup|rcu_\w+ self-"
    r"|\bAER: .*error|PCIe Bus Error|ntb-guest: FAILED")
# Errors and worse (levels 0 to 3) of the drivers in question; warnings (4) of the NTB drivers.
LOGGED_ERROR = re.compile(r"^<[0-3]>.*\b(?:ntb|IDT|pcieport|AER|0000:01:)|^<4>.*\bntb_\w+ \w+:")

REQUIRED_CAPABILITIES = ("Power Management", "MSI:", "Express ", "Advanced Error Reporting")
UNDECODED = re.compile(r"<access denied>|[Uu]nknown|<\?>|Capabilities: \[[0-9a-f]+(?: v\d+)?\] #"
                       r"|Extended Capability ID|<chain |!!!")


def kernel_problems(console, log):
    """Lines in which the kernel complains: of the console, and of `dmesg -r`."""
    found = [line.strip() for line in console if KERNEL_TROUBLE.search(line)]
    found += [line.strip() for line in log if LOGGED_ERROR.search(line)]
    return [f"the kernel says: {line}" for line in found]


def lspci_problems(text):
    """Problems of `lspci -vvv -k` of the NT function."""
    problems = []
    if "Capabilities:" not in text:
        return ["lspci shows no capability"]
    for line in text.splitlines():
        if UNDECODED.search(line):
            problems.append(f"lspci does not decode: {line.strip()}")
    for name in REQUIRED_CAPABILITIES:
        if not re.search(rf"Capabilities: \[[^]]+\] .*{re.escape(name)}", text):
            problems.append(f"lspci shows no capability '{name.strip(' :')}'")
    if "Kernel driver in use: ntb_hw_idt" not in text:
        problems.append("lspci shows no driver in use")
    return problems


def _section(text, title):
    """The indented lines that follow a title line."""
    lines = []
    inside = False
    for line in text.splitlines():
        if line.startswith(title):
            inside = True
        elif inside and line.startswith("\t"):
            lines.append(line)
        elif inside:
            break
    return lines


def link_is_up(info):
    """True if the driver's info file shows a link to some peer."""
    match = re.search(r"NTB link status\s*- 0x([0-9a-f]+)", info)
    return match is not None and int(match.group(1), 16) != 0


def _identity_problems(info, port, peers):
    if not re.search(rf"^Local Port {port.number}, Partition {port.partition}$", info, re.M):
        yield f"info does not show local port {port.number}, partition {port.partition}"
    shown = re.findall(r"Port (\d+), Partition (\d+)", "\n".join(_section(info, "Peers:")))
    expected = {(str(peer.number), str(peer.partition)) for peer in peers}
    if set(shown) != expected:
        yield f"info shows the peers {sorted(shown)} instead of {sorted(expected)}"


def _link_problems(info, port, peers):
    if not link_is_up(info):
        yield "info shows the NTB link down"
    if not re.search(r"NTB link status.*PCIe Gen [123] x[1-9]\d* lanes", info):
        yield "info shows no PCIe generation and width"
    entries = "\n".join(_section(info, "NTB Mapping Table:"))
    for partition in {port.partition} | {peer.partition for peer in peers}:
        if not re.search(rf"Partition {partition}, Requester ID 0x[0-9a-f]{{4}}\b", entries):
            yield f"info shows no mapping table entry of partition {partition}"


def _window_problems(info, peers):
    if not any("BAR" in line for line in _section(info, "Outbound Memory Windows:")):
        yield "info shows no outbound memory window"
    for peer in peers:
        title = re.search(rf"^Inbound Memory Windows for peer \d+ \(Port {peer.number}\):$", info,
                          re.M)
        if not title or not any("BAR" in line for line in _section(info, title.group(0))):
            yield f"info shows no inbound memory window for port {peer.number}"


def _state_problems(info):
    for title in ("Global Doorbell state", "Local  Doorbell state", "Local  Doorbell mask",
                  "Message event valid", "Message event status", "Message event mask"):
        if not re.search(rf"^\s*{title}\s*- 0x[0-9a-f]{{8}}$", info, re.M):
            yield f"info shows no {' '.join(title.split()).lower()}"
    messages = _section(info, " Message data:") or _section(info, "Message data:")
    if len(messages) != 4:
        yield f"info shows {len(messages)} message registers instead of 4"
    match = re.search(r"Switch temperature\s*- (-?\d+)\.(\d+)C", info)
    if not match:
        yield "info shows no temperature"
    elif not -40 <= int(match.group(1)) <= 125:
        yield f"info shows a temperature of {match.group(1)} degrees"


def info_problems(info, port, peers):
    """Problems of the driver's debugfs info file of the guest at `port` (with its peers)."""
    return (list(_identity_problems(info, port, peers)) + list(_link_problems(info, port, peers))
            + list(_window_problems(info, peers)) + list(_state_problems(info)))
