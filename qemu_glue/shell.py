# SPDX-License-Identifier: Apache-2.0
"""`--run shell`: the terminal on the guests' consoles, one at a time.

Ctrl-] is the escape character: then a digit shows that guest, q ends, Ctrl-] types itself.
Where stdin is no terminal, what it holds is run as a script by the first guest instead.
"""
import os
import select
import sys
import termios
import tty

ESCAPE = 0x1D  # Ctrl-]
HELP = "Ctrl-] 0, 1 ...: console of that guest; Ctrl-] q: end"


class Keys:
    """Splits what is typed into ("type", bytes), ("show", number) and ("quit", None)."""

    def __init__(self):
        self._escaped = False

    def feed(self, data):
        """The actions that these bytes ask for."""
        actions = []
        plain = bytearray()
        for byte in data:
            if not self._escaped:
                if byte == ESCAPE:
                    self._escaped = True
                else:
                    plain.append(byte)
                continue
            self._escaped = False
            if byte == ESCAPE:
                plain.append(byte)
                continue
            if plain:
                actions.append(("type", bytes(plain)))
                plain.clear()
            if byte in b"qQ":
                actions.append(("quit", None))
            elif 0x30 <= byte <= 0x39:
                actions.append(("show", byte - 0x30))
        if plain:
            actions.append(("type", bytes(plain)))
        return actions


def show(guests, number):
    """Shows the console of one guest and no other."""
    for guest in guests:
        guest.console.tee = None
    guests[number].console.tee = lambda data: os.write(sys.stdout.fileno(), data)
    os.write(sys.stdout.fileno(), f"\r\n--- guest {number}; {HELP}\r\n".encode())
    guests[number].type(b"\n")


def interact(run):
    """Until the user ends it, or every guest has powered off."""
    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)
    keys = Keys()
    current = 0
    try:
        tty.setraw(stdin)
        show(run.guests, current)
        while any(guest.child.exit_code() is None for guest in run.guests):
            run.simulator_alive()
            run.control_flow()
            readable, _, _ = select.select([stdin], [], [], 0.25)
            if not readable:
                continue
            data = os.read(stdin, 4096)
            if not data:
                return
            for action, value in keys.feed(data):
                if action == "quit":
                    return
                if action == "show" and value < len(run.guests):
                    current = value
                    show(run.guests, current)
                elif action == "type" and run.guests[current].child.exit_code() is None:
                    run.guests[current].type(value)
    finally:
        for guest in run.guests:
            guest.console.tee = None
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)


def execute(run, options):
    """The run; a list of problems."""
    if sys.stdin.isatty():
        run.progress.done()
        interact(run)
        return []
    script = sys.stdin.read()
    guest = run.guests[0]
    code, output = guest.finish_command(guest.start_command(script), options.timeout,
                                        run.check_alive, "the script on stdin")
    run.progress.done()
    sys.stdout.write(output)
    sys.stdout.flush()
    return [] if code == 0 else [f"{guest.name}: the script ended with exit code {code}"]
