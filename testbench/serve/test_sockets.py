# SPDX-License-Identifier: Apache-2.0
"""The socket paths of `ntbsim serve`: what is refused, what is replaced, what is left behind."""
import os
import pathlib
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from client import NTSDATA, Client, Serve


class Paths(unittest.TestCase):
    """What a path may be."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ntb-serve-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def refused(self, path, why, *arguments, port="0"):
        """`serve` with this path ends with one line that says why, and what to do."""
        run = subprocess.run([os.environ["NTBSIM"], "serve", "--port", f"{port}={path}",
                              *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=30, check=False)
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertEqual(run.stdout, "")
        self.assertRegex(run.stderr, r"\Antbsim: [^\n]+: [^\n]+ \([^\n]+\)\n\Z")
        self.assertIn(str(path), run.stderr)
        self.assertIn(why, run.stderr)

    def test_a_path_in_a_directory_that_is_not_there_is_refused(self):
        self.refused(self.folder / "no" / "s", "does not exist")

    def test_a_path_where_a_file_is_is_refused_and_the_file_stays(self):
        path = self.folder / "file"
        path.write_text("precious", encoding="ascii")
        self.refused(path, "not a socket")
        self.assertEqual(path.read_text(encoding="ascii"), "precious")

    def test_a_path_where_a_directory_is_is_refused(self):
        path = self.folder / "directory"
        path.mkdir()
        self.refused(path, "not a socket")

    def test_a_path_that_is_a_link_to_a_socket_is_refused(self):
        target, path = self.folder / "target", self.folder / "link"
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(target))
        path.symlink_to(target)
        self.refused(path, "not a socket")
        self.assertTrue(path.is_symlink())

    def test_a_path_on_which_another_process_listens_is_refused(self):
        path = self.folder / "s"
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            other.listen()
            self.refused(path, "another process listens there")
            self.assertTrue(path.is_socket())

    def test_a_path_with_a_socket_of_another_kind_is_refused(self):
        path = self.folder / "s"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.bind(str(path))
            self.refused(path, "somebody else's socket")
            self.assertTrue(path.is_socket())

    def test_a_path_that_is_too_long_is_refused(self):
        self.refused(self.folder / ("x" * 120), "107")

    def test_a_directory_that_cannot_be_written_is_refused(self):
        self.refused("/proc/s", "ntbsim: socket /proc/s: ")

    def test_a_port_without_an_nt_function_is_refused(self):
        self.refused(self.folder / "s", "has no NT function", port="1")

    def test_a_failure_at_the_second_port_removes_the_socket_of_the_first(self):
        first = self.folder / "first"
        self.refused(self.folder / "no" / "s", "does not exist", "--port", f"2={first}")
        self.assertFalse(first.exists())

    def test_a_stale_socket_is_replaced(self):
        with Serve() as old:
            old.process.kill()
            old.process.wait()
            stale = old.sockets[0]
            self.assertTrue(stale.is_socket())
            path = self.folder / "s"
            os.rename(stale, path)
            process = subprocess.Popen([os.environ["NTBSIM"], "serve", "--port", f"0={path}"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
            try:
                self.assertIn(b"serving port 0", process.stdout.readline())
                Client(path).close()
            finally:
                process.terminate()
                process.wait(20)
                process.stdout.close()
            self.assertFalse(path.exists())

    def test_sockets_are_for_their_owner_only(self):
        with Serve() as serve:
            for path in serve.sockets.values():
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)


class Ending(unittest.TestCase):
    """What is left when it ends."""

    def ends_in_order(self, number):
        """With clients connected, this signal ends it with code 0 and no socket left."""
        with Serve() as serve, serve.client(0) as client:
            client.enable().write(NTSDATA, 1, posted=True)
            self.assertEqual(serve.stop(number), 0, serve.log())
            self.assertTrue(client.closed_by_server())
            self.assertEqual([path for path in serve.sockets.values() if path.exists()], [])

    def test_sigterm_removes_the_sockets_and_ends_with_code_0(self):
        self.ends_in_order(signal.SIGTERM)

    def test_sigint_removes_the_sockets_and_ends_with_code_0(self):
        self.ends_in_order(signal.SIGINT)

    def test_sighup_removes_the_sockets_and_ends_with_code_0(self):
        self.ends_in_order(signal.SIGHUP)

    def test_a_socket_that_somebody_has_put_in_its_place_stays(self):
        with Serve() as serve, socket.socket(socket.AF_UNIX) as other:
            serve.sockets[0].unlink()
            other.bind(str(serve.sockets[0]))
            self.assertEqual(serve.stop(signal.SIGTERM), 0)
            self.assertTrue(serve.sockets[0].is_socket())

    def test_a_closed_log_does_not_end_it(self):
        reading, writing = os.pipe()
        path = self.enterContext(tempfile.TemporaryDirectory()) + "/s"
        process = subprocess.Popen([os.environ["NTBSIM"], "serve", "--port", f"0={path}"],
                                   stdin=subprocess.DEVNULL, stdout=writing, stderr=writing)
        try:
            os.close(writing)
            self.assertIn(b"serving", os.read(reading, 100))
            os.close(reading)
            for _ in range(3):
                with Client(path) as client:  # its coming and going is logged
                    client.command(13)
            self.assertIsNone(process.poll())
        finally:
            process.terminate()
            self.assertEqual(process.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
