# SPDX-License-Identifier: Apache-2.0
"""Where guests and simulator run."""
import os
import subprocess
import unittest

import context  # noqa: F401  pylint: disable=unused-import
import placement


class Placement(unittest.TestCase):
    """placement.py"""

    def test_auto_means_together_where_cores_are_short(self):
        self.assertEqual("together", placement.chosen("auto", 3, 2))
        self.assertEqual("kernel", placement.chosen("auto", 3, 3))

    def test_what_is_asked_for_is_done(self):
        self.assertEqual("kernel", placement.chosen("kernel", 3, 1))
        self.assertEqual("together", placement.chosen("together", 3, 64))

    def test_together_is_one_core_for_all(self):
        sleep = ["sleep", "60"]
        with subprocess.Popen(sleep) as first, subprocess.Popen(sleep) as second:
            core = placement.together([first.pid, second.pid])
            cores = [os.sched_getaffinity(process.pid) for process in (first, second)]
            first.kill()
            second.kill()
        self.assertEqual([{core}, {core}], cores)

    def test_together_makes_them_batch_processes(self):
        with subprocess.Popen(["sleep", "60"]) as process:
            placement.together([process.pid])
            policy = os.sched_getscheduler(process.pid)
            process.kill()
        self.assertEqual(os.SCHED_BATCH, policy)

    def test_a_process_that_has_ended_is_no_error(self):
        with subprocess.Popen(["true"]) as ended:
            ended.wait()
        placement.together([ended.pid])


if __name__ == "__main__":
    unittest.main()
