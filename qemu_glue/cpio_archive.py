# SPDX-License-Identifier: Apache-2.0
"""Writes a cpio archive in the "newc" format that the Linux kernel unpacks as its initramfs.

Format: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel. Entries are
written with owner root and date 0, in the order given: the same content makes the same bytes.
"""
import stat

_MAGIC = b"070701"
_TRAILER = "TRAILER!!!"


class CpioArchive:
    """Collects entries; `data()` is the archive. Names are relative ("bin/sh")."""

    def __init__(self):
        self._parts = []
        self._names = set()
        self._inode = 0

    def directory(self, name, mode=0o755):
        """A directory, and those above it that are not there yet."""
        if name in self._names or name in ("", "."):
            return
        self._parents(name)
        self._entry(name, stat.S_IFDIR | mode, b"")

    def file(self, name, content, mode=0o644):
        """A regular file."""
        self._parents(name)
        self._entry(name, stat.S_IFREG | mode, content)

    def symlink(self, name, target):
        """A symbolic link."""
        self._parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, name, major, minor, mode=0o600):
        """A character device."""
        self._parents(name)
        self._entry(name, stat.S_IFCHR | mode, b"", major, minor)

    def data(self):
        """The whole archive."""
        trailer = _record(0, _TRAILER, 0, b"", 0, 0)
        return b"".join(self._parts) + trailer

    def _parents(self, name):
        parent = name.rpartition("/")[0]
        if parent:
            self.directory(parent)

    def _entry(self, name, mode, content, major=0, minor=0):
        if name in self._names:
            raise ValueError(f"{name} is in the archive already")
        self._names.add(name)
        self._inode += 1
        self._parts.append(_record(self._inode, name, mode, content, major, minor))


def _padded(data):
    return data + bytes(-len(data) % 4)


def _record(inode, name, mode, content, major, minor):
    encoded = name.encode() + b"\0"
    # inode, mode, uid, gid, links, date, size, device (2), special device (2), name size, check
    fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, major, minor, len(encoded), 0)
    header = _MAGIC + b"".join(b"%08x" % field for field in fields)
    return _padded(header + encoded) + _padded(content)
