# SPDX-License-Identifier: Apache-2.0
"""An Ethernet cable between two guests: a socket pair, so no port of the host is used.

It is there for ssh only (the kernel's selftest commands its second host through it); what the
tests are about goes through the NTB.
"""
import contextlib
import socket

import userland


def device_words(number, fd):
    """QEMU's words for the network card of guest `number` on one end of a socket pair."""
    return ["-netdev", f"stream,id=net,server=off,addr.type=fd,addr.str={fd}",
            # No boot ROM: the private copy of QEMU need not have it, and nothing boots from it.
            "-device", f"e1000,netdev=net,romfile=,mac=52:54:00:6e:74:{number:02x}"]


@contextlib.contextmanager
def cable():
    """The two ends; open until the guests have them."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        yield ends
    finally:
        for end in ends:
            end.close()


def bring_up(number):
    """The shell commands by which guest `number` (0 or 1) gets its network and its ssh server."""
    own, other = userland.ADDRESSES[number], userland.ADDRESSES[1 - number]
    return f"""set -e
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
modprobe e1000
ip address add 127.0.0.1/8 dev lo
ip link set lo up
ip address add {own}/24 dev eth0
ip link set eth0 up
printf '127.0.0.1 localhost\\n{other} {userland.PEER_NAME}\\n' >/etc/hosts
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
/usr/sbin/sshd
"""
