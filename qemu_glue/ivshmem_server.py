# SPDX-License-Identifier: Apache-2.0
"""`ntbsim ivshmem-server` as a child: its command line, its readiness, its end."""
import re
import time

from children import wait_for
from ntbsim_child import START_SECONDS, NtbsimChild


class IvshmemServer(NtbsimChild):
    """A running server; `with` stops it. Interrupts and memory of its clients outlive it."""

    def __init__(self, ntbsim, path, log_path, vectors=2, extra=()):
        self.path = path
        super().__init__("ivshmem server", [str(ntbsim), "ivshmem-server", "--socket", str(path),
                                            "--vectors", str(vectors), "--verbose", *extra],
                         log_path)

    def wait_until_serving(self):
        """Waits until clients can connect."""
        wait_for(self.output, rf"^ntbsim: ivshmem server on {re.escape(str(self.path))}: ",
                 time.monotonic() + START_SECONDS, self.check_alive, "the start of the server")
