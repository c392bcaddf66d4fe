# SPDX-License-Identifier: Apache-2.0
"""Runs a command, and once more if it ended by the loss of a command between two ntb_perf.

The drivers race (docs/ntb_perf.md, "A lost command"): ntb_pingpong may leave a message behind, and
the kernel's script then waits for ever, on hardware as here. One such end says nothing about the
simulator, two are a failure. Any other failure is one at once.

Usage: once_more.py COMMAND...
"""
import subprocess
import sys

RACE = "is lost when ntb_pingpong has left a message"


def run(command):
    """(exit code, everything it said), shown as it comes."""
    said = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as process:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            said.append(line)
    return process.returncode, "".join(said)


def main():
    """The exit code of the last run."""
    code, said = run(sys.argv[1:])
    if code != 0 and RACE in said:
        print("ONCE MORE: the drivers lost a command (docs/ntb_perf.md); twice is a failure",
              flush=True)
        code, _ = run(sys.argv[1:])
    return code


if __name__ == "__main__":
    sys.exit(main())
