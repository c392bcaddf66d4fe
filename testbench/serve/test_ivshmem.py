# SPDX-License-Identifier: Apache-2.0
"""`ntbsim ivshmem-server` as a command: its options, its errors, its end. What it says to clients
is tested in tlm_bridge/ivshmem/tests."""
import array
import os
import pathlib
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import unittest

from client import eventually


def hear(client, count):
    """The next `count` messages: [(number, descriptor or None)]."""
    messages = []
    while len(messages) < count:
        data, control, _, _ = client.recvmsg(8, socket.CMSG_SPACE(4))
        if not data:
            raise ConnectionError("the server has closed")
        fds = array.array("i")
        for _, _, content in control:
            fds.frombytes(content)
        messages.append((struct.unpack("<q", data)[0], fds[0] if fds else None))
    return messages


class IvshmemServer(unittest.TestCase):
    """The command."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ntb-ivshmem-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "socket"
        self.log = self.folder / "log"

    def start(self, *words, path_option="--socket"):
        """The running server, when it says so."""
        with open(self.log, "wb") as log:
            server = subprocess.Popen([os.environ["NTBSIM"], "ivshmem-server", path_option,
                                       str(self.path), *words], stdin=subprocess.DEVNULL,
                                      stdout=log, stderr=log)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.assertTrue(eventually(lambda: "ivshmem server on" in self.said(), 60), self.said())
        return server

    def said(self):
        """What it has printed."""
        return self.log.read_text(encoding="utf-8")

    def client(self):
        """A new client's socket."""
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(30)
        client.connect(str(self.path))
        return client

    def refused(self, why, *words):
        """With these options it ends with one line that says why, and what to do."""
        run = subprocess.run([os.environ["NTBSIM"], "ivshmem-server", *words],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=30, check=False)
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertRegex(run.stderr, r"\Antbsim: [^\n]+: [^\n]+ \([^\n]+\)\n\Z")
        self.assertIn(why, run.stderr)

    def test_an_ivshmem_client_is_given_id_memory_and_vectors(self):
        self.start("--size", "64KiB", "--vectors", "3")
        self.assertIn(f"ivshmem server on {self.path}: 65536 bytes, 3 vectors", self.said())
        messages = hear(self.client(), 6)
        for _, descriptor in messages:
            if descriptor is not None:
                self.addCleanup(os.close, descriptor)
        self.assertEqual([number for number, _ in messages], [0, 0, -1, 0, 0, 0])
        self.assertEqual(os.fstat(messages[2][1]).st_size, 65536)

    def test_the_options_of_qemus_ivshmem_server_are_understood(self):
        self.start("-vF", "-n", "2", "-l", "1M", path_option="-S")
        self.assertIn(": 1048576 bytes, 2 vectors", self.said())
        client = self.client()
        for _, descriptor in hear(client, 5)[2:]:
            os.close(descriptor)
        client.close()
        self.assertTrue(eventually(lambda: "client 0 left" in self.said()), self.said())
        self.assertIn("client 0 joined", self.said())

    def test_a_name_for_the_ivshmem_memory_has_no_effect_and_that_is_said(self):
        self.start("-m", ".")
        self.assertIn("the memory has no name: . has no effect", self.said())

    def test_the_ivshmem_server_does_not_go_into_the_background(self):
        self.refused("stays in the foreground", "-p", str(self.folder / "pid"))

    def test_ivshmem_options_that_cannot_be_are_refused(self):
        self.refused("1 to 64", "-S", str(self.path), "-n", "0")
        self.refused("1 to 64", "-S", str(self.path), "--vectors", "65")
        self.refused("bytes can be shared", "-S", str(self.path), "--size", "0")
        self.refused("not exist", "-S", str(self.folder / "no" / "s"))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_the_socket_of_an_ivshmem_server_is_for_its_owner_only(self):
        self.start()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_a_signal_ends_the_ivshmem_server_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            server = self.start()
            server.send_signal(number)
            self.assertEqual(server.wait(30), 0)
            self.assertFalse(self.path.exists())

    def test_an_ivshmem_server_that_was_killed_leaves_no_socket_in_the_way(self):
        server = self.start()
        server.kill()
        server.wait()
        self.assertTrue(self.path.exists())
        self.start()
        self.assertEqual(hear(self.client(), 1), [(0, None)])


if __name__ == "__main__":
    unittest.main()
