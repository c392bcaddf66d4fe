# SPDX-License-Identifier: Apache-2.0
"""Turns a QEMU command line with the device `idt-ntb-ivshmem` into one for stock QEMU.

The device becomes QEMU's vfio-user-pci at a simulator's socket, on the root bus at slot 00:04.0,
where the original is in its published example; its ivshmem chardev is taken out, the simulator
connects there instead; and the guest's RAM is shared. Everything else stays as it is, but for
drives with if=virtio: QEMU gives out slots to devices in the order in which it makes them,
devices with structured properties (ours) last, so these drives become devices behind ours.

No processes here. Errors: UserError.
"""
import dataclasses
import json
import re

from errors import UserError

DRIVER = "idt-ntb-ivshmem"
SLOT = "4"
RAM_ID = "ntb-ram"
DEFAULT_RAM = "128M"  # QEMU's, for q35
# What the original takes. How many vectors the link uses is the simulator's affair.
PROPERTIES = {"addr", "bus", "chardev", "id", "ioeventfd", "number", "vectors"}
# Backends that are shared unless told otherwise.
SHARED_BY_DEFAULT = ("memory-backend-memfd", "memory-backend-shm")
SHARE = "add share=on to it, or leave the memory to this program"


@dataclasses.dataclass
class Seed:
    """What a command line asks for: the words for QEMU without the device, and the device."""

    words: list
    number: int = 0      # of the NT port, counted from 0
    server: str = ""     # socket of the ivshmem server
    properties: dict = dataclasses.field(default_factory=dict)


def split(text):
    """The parts of an option's value: separated by commas, a doubled comma being one."""
    return [part.replace("\0", ",") for part in text.replace(",,", "\0").split(",")]


def join(parts):
    """The inverse of split()."""
    return ",".join(part.replace(",", ",,") for part in parts)


def properties(text, implied="driver"):
    """Names and values of an option; a first word without a name is that of `implied`."""
    if text.startswith("{"):
        try:
            return {name: value if isinstance(value, str) else json.dumps(value)
                    for name, value in json.loads(text).items()}
        except (ValueError, AttributeError):
            return {}
    result = {}
    for place, part in enumerate(split(text)):
        name, equals, value = part.partition("=")
        if not equals and place == 0:
            result[implied] = name
        else:
            result[name] = value if equals else "on"
    return result


def options(words, *names):
    """(place of the value, value) of each use of an option; two hyphens are as good as one."""
    spellings = {hyphens + name for name in names for hyphens in ("-", "--")}
    return [(place + 1, words[place + 1]) for place in range(len(words) - 1)
            if words[place] in spellings]


def has_device(words):
    """Whether there is anything to do."""
    return any(properties(value).get("driver") == DRIVER
               for _, value in options(words, "device"))


def take_device(words):
    """A Seed: the command line without the device and its chardev."""
    devices = [(place, properties(value)) for place, value in options(words, "device")
               if properties(value).get("driver") == DRIVER]
    if len(devices) != 1:
        raise UserError("command line", f"it has {len(devices)} devices {DRIVER}", "give one")
    place, device = devices[0]
    unknown = sorted(set(device) - PROPERTIES - {"driver"})
    if unknown:
        raise UserError(f"-device {DRIVER}", f"it has no property {unknown[0]}",
                        f"there are: {', '.join(sorted(PROPERTIES))}")
    number = device.get("number", "0")
    if not re.fullmatch(r"\d{1,2}", number):
        raise UserError(f"-device {DRIVER}", f"number={number} is no number",
                        "number=0 is the first NT port")
    chardevs = [(at, properties(value, "backend")) for at, value in options(words, "chardev")]
    mine = [(at, one) for at, one in chardevs if one.get("id") == device.get("chardev")]
    if "chardev" not in device or len(mine) != 1:
        raise UserError(f"-device {DRIVER}", "the chardev that it names is not there"
                        if "chardev" in device else "it names no chardev",
                        "add chardev=ivshmem and -chardev socket,path=SOCKET,id=ivshmem")
    at, chardev = mine[0]
    if chardev.get("backend") != "socket" or not chardev.get("path"):
        raise UserError(f"-chardev {chardev.get('backend')}", "it is no UNIX socket",
                        "give socket,path=SOCKET,id=ivshmem")
    gone = {place - 1, place, at - 1, at}
    return Seed([word for index, word in enumerate(words) if index not in gone],
                int(number), chardev["path"], device)


def backend_is_shared(words, backend):
    """Whether the memory object with this ID is shared; UserError if it is not there."""
    for _, value in options(words, "object"):
        one = properties(value, "qom-type")
        if one.get("id") == backend:
            default = "on" if one.get("qom-type") in SHARED_BY_DEFAULT else "off"
            return one.get("share", default) in ("on", "true", "yes")
    raise UserError(f"memory backend {backend}", "there is no such -object", "add it")


def ram_size(words):
    """The size that -m asks for, with a unit."""
    size = DEFAULT_RAM
    for _, value in options(words, "m"):
        size = properties(value, "size").get("size", size)
    return size if not size.isdigit() else size + "M"


def shared_ram(words):
    """The words to add, so that the guest's RAM is shared with the simulator."""
    named = [properties(value, "type").get("memory-backend")
             for _, value in options(words, "machine", "M")]
    named += [properties(value, "type").get("memdev") for _, value in options(words, "numa")]
    named = [backend for backend in named if backend]
    for backend in named:
        if not backend_is_shared(words, backend):
            raise UserError(f"memory backend {backend}", "the simulator must reach the guest's "
                            "memory, and this is not shared", SHARE)
    if named:
        return []
    if options(words, "mem-path"):
        raise UserError("-mem-path", "the simulator must reach the guest's memory, and this is "
                        "not shared", "give -object memory-backend-file,share=on,... and "
                        "-machine memory-backend=ID instead")
    return ["-object", f"memory-backend-memfd,id={RAM_ID},size={ram_size(words)},share=on",
            "-machine", f"memory-backend={RAM_ID}"]


def virtio_drives(words):
    """(the words with if=virtio made if=none, the devices for these drives)."""
    words = list(words)
    devices = []
    for place, value in options(words, "drive"):
        parts = split(value)
        if "if=virtio" not in parts:
            continue
        drive = properties(value).get("id")
        if drive is None:
            drive = f"ntb-drive{len(devices)}"
            parts.append(f"id={drive}")
        words[place] = join("if=none" if part == "if=virtio" else part for part in parts)
        devices.append({"driver": "virtio-blk-pci", "drive": drive})
    return words, devices


def for_stock_qemu(seed, socket_path):
    """The words for QEMU: with the simulator's device in place of the one that was taken out."""
    words, drives = virtio_drives(seed.words)
    device = {"driver": "vfio-user-pci", "addr": seed.properties.get("addr", SLOT),
              "socket": {"type": "unix", "path": str(socket_path)}}
    device.update((name, seed.properties[name]) for name in ("bus", "id")
                  if name in seed.properties)
    for one in (device, *drives):
        words += ["-device", json.dumps(one)]
    return words + shared_ram(seed.words)
