#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in for `ntbsim serve` in tests: makes the sockets, says so, waits for SIGTERM. So it
does for `ivshmem-server`; `trace merge` writes the names of its files into one; `topology show`
has two ports, of whatever topology but moon.

FAKE_NTBSIM in the environment: "" well-behaved; "refuse" an error line and exit code 2; "silent"
never serves; "die" ends after it has served; "stuck" ignores SIGTERM; "novcd" writes no waveform;
"full" has no room for it.
"""
import os
import signal
import socket
import sys
import time


def main():
    """The command line: as `ntbsim serve`, checked only where a test looks at it."""
    behaviour = os.environ.get("FAKE_NTBSIM", "")
    arguments = sys.argv[1:]
    if arguments[:2] == ["trace", "merge"]:
        with open(arguments[-1], "w", encoding="utf-8") as file:
            file.write(" ".join(arguments[2:-2]))
        return 0
    if arguments[:3] == ["topology", "show", "--"]:
        if arguments[3] == "moon":
            print("ntbsim: moon: cannot be read (give a topology file)", file=sys.stderr)
            return 2
        print("x: 89HPES24NT6AG2, timing default\n  port 0: nt, partition 0 (active), x4 gen2\n"
              "  port 2: nt, partition 1 (active), x4 gen2")
        return 0
    if arguments[:2] == ["ivshmem-server", "--socket"]:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print(f"ntbsim: ivshmem server on {arguments[2]}: 4194304 bytes, 2 vectors", flush=True)
        time.sleep(600)
    if not arguments or arguments[0] != "serve":
        print("ntbsim: fake: this is no command (say serve)", file=sys.stderr)
        return 2
    if behaviour == "refuse":
        print("ntbsim: topology: cannot be read (give another)", file=sys.stderr)
        return 2
    # Before it says that it serves: the test may end it at once.
    if behaviour == "stuck":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1 if behaviour == "full" else 0))
    sockets = []
    vcd = None
    for name, value in zip(arguments, arguments[1:]):
        if name == "--port" and behaviour != "silent":
            number, path = value.split("=", 1)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            sockets.append((listener, path))
            print(f"ntbsim: serving port {number} on {path}", flush=True)
        if name == "--vcd":
            vcd = value
    if behaviour == "die":
        return 3
    if vcd and behaviour != "novcd":
        with open(vcd, "w", encoding="ascii") as file:
            file.write("$timescale 1 ps $end\n")
    if vcd and behaviour == "full":
        print(f"ntbsim: waveform {vcd} stopped at simulated time 5 ns: No space left on device "
              "(make room)", file=sys.stderr, flush=True)
    while True:
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
