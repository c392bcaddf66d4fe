# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as exceptions: each becomes one line on stderr and an exit code.

UserError  the user can mend it before anything ran (exit code 2)
RunError   something ran and did not do what it should (exit code 1)
"""


class GlueError(Exception):
    """WHAT: WHY (REMEDY), always on one line."""

    exit_code = 1

    def __init__(self, what, why, remedy):
        super().__init__(" ".join(f"ntb: {what}: {why} ({remedy})".split()))


class UserError(GlueError):
    """Something on this machine or in the options that the user can mend."""

    exit_code = 2


class RunError(GlueError):
    """A guest, QEMU or the simulator failed while running."""

    exit_code = 1
