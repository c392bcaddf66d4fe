# SPDX-License-Identifier: Apache-2.0
"""One guest: QEMU's command line, its console, and the agent inside that runs commands.

Console and agent are the first and second serial port, each one end of a socket pair, so no path
can be in the way. Threading: as in children.py; all methods belong to the main thread.
"""
import base64
import json
import os
import socket
import subprocess
import time

import accelerator
from children import Child, LineStream, ending, wait_for
from errors import RunError
from qmp import Qmp
from stub_plugin import qemu_words

MEMORY = "256M"
# A read waits behind every write that was posted before it; QEMU would give up after 5 s.
ANSWER_MS = 60000


def qemu_command(prepared, number, socket_path, console_fd, agent_fd, kernel_options=(),
                 reboot=False, devices=(), qmp_fd=None, dma_socket=None, root_port=()):
    """The words of QEMU's command line for one guest with the NT function behind a root port, and
    with the DMA function of the same port as function 1 if it has a socket. `root_port`: further
    properties of that root port."""
    device = {"driver": "vfio-user-pci", "id": "ntb", "bus": "ntb-root-port",
              "socket": {"type": "unix", "path": str(socket_path)},
              "x-msg-timeout": ANSWER_MS}
    if dma_socket is not None:
        device.update(addr="00.0", multifunction=True)
    kernel_line = ["console=ttyS0", "panic=-1", f"ntb.guest={number}", *kernel_options]
    if prepared.accelerator == "tcg":
        # One copy through a window that is trapped takes an emulated processor longer than 20 s on
        # a busy machine, and Linux reports what does not give it up for that long: 120 s here.
        kernel_line += ["rcupdate.rcu_cpu_stall_timeout=120", "watchdog_thresh=60"]
    command = list(prepared.qemu) + accelerator.OPTIONS[prepared.accelerator] + [
        "-name", f"guest{number}",
        # The simulator reaches guest memory only where it is shared.
        "-machine", "q35,memory-backend=mem", "-m", MEMORY,
        "-object", f"memory-backend-memfd,id=mem,size={MEMORY},share=on",
        "-nodefaults", "-no-user-config", "-display", "none",
        "-chardev", f"socket,id=console,fd={console_fd}", "-serial", "chardev:console",
        "-chardev", f"socket,id=agent,fd={agent_fd}", "-serial", "chardev:agent",
        "-kernel", str(prepared.kernel.image), "-initrd", str(prepared.initramfs),
        "-append", " ".join(kernel_line)]
    if not reboot:
        command.append("-no-reboot")
    if socket_path is not None:
        # On the root bus QEMU would make the device a root complex integrated endpoint.
        port = ("pcie-root-port,id=ntb-root-port,bus=pcie.0,chassis=1,slot=1", *root_port)
        command += ["-device", ",".join(port),
                    "-device", json.dumps(device)]
        command += qemu_words(prepared.stub, "ntb", socket_path)
    if dma_socket is not None:
        device.update(id="ntb-dma", addr="00.1",
                      socket={"type": "unix", "path": str(dma_socket)})
        command += ["-device", json.dumps(device)]
    if qmp_fd is not None:
        command += ["-chardev", f"socket,id=qmp,fd={qmp_fd}", "-mon", "chardev=qmp,mode=control"]
    return command + list(devices)


class Guest:
    """A running guest; `with` stops it.

    `fds` are file descriptors that the words in `devices` name. With `qmp`, `self.qmp` reaches
    QEMU itself.
    """

    def __init__(self, number, port, prepared, socket_path, out, fds=(), qmp=False,
                 log_name=None, **options):
        self.number = number
        self.port = port
        self.name = f"guest {number}"
        self.socket_path = socket_path
        log_name = log_name or f"guest{number}"
        self.console_log = out / f"{log_name}.console.log"
        self._qemu_log = out / f"{log_name}.qemu.log"
        self._next_id = 0
        self._console, console_end = socket.socketpair()
        self._agent, agent_end = socket.socketpair()
        self._qmp, qmp_end = socket.socketpair()
        self.qmp = Qmp(self._qmp, self.name) if qmp else None
        with console_end, agent_end, qmp_end, open(self._qemu_log, "wb") as log:
            command = qemu_command(prepared, number, socket_path, console_end.fileno(),
                                   agent_end.fileno(),
                                   qmp_fd=qmp_end.fileno() if qmp else None, **options)
            self.child = Child(f"QEMU of {self.name}", command,
                               pass_fds=(console_end.fileno(), agent_end.fileno(),
                                         qmp_end.fileno(), *fds),
                               stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.console = LineStream(self._console.fileno(), self.console_log)
        self.agent = LineStream(self._agent.fileno(), out / f"{log_name}.agent.log")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stop()
        for stream, end in ((self.console, self._console), (self.agent, self._agent)):
            stream.join()
            end.close()
        self._qmp.close()

    def check_alive(self):
        """RunError if QEMU has ended."""
        code = self.child.exit_code()
        if code is None:
            return
        try:
            lines = self._qemu_log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        reason = next((line for line in reversed(lines)
                       if line.strip() and "warning:" not in line
                       and not line.startswith("ntb-stub: ")), "")
        panic = self.console.find(r"Kernel panic.*")
        if panic:
            reason = panic.group(0)
        raise RunError(self.name, f"QEMU {ending(code)}"
                       + (f": {reason}" if reason else ""),
                       f"see {self._qemu_log} and {self.console_log}")

    def stub_lines(self):
        """What the stub inside QEMU has said."""
        try:
            lines = self._qemu_log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        return [line for line in lines if line.startswith("ntb-stub: ")]

    def type(self, data):
        """Sends bytes to the console, as if typed."""
        self._console.sendall(data)

    def start_command(self, command):
        """Starts a shell command in the guest; the token is for finish_command()."""
        self._next_id += 1
        token = (f"{self._next_id}", len(self.agent.lines()))
        encoded = base64.b64encode(command.encode()).decode()
        try:
            self._agent.sendall(f"run {token[0]} {encoded}\n".encode())
        except OSError as error:
            self.check_alive()
            raise RunError(self.name, f"cannot be reached: {os.strerror(error.errno)}",
                           f"see {self.console_log}") from error
        return token

    def finish_command(self, token, seconds, check_alive, what="a command"):
        """(exit code, output) of a command that was started."""
        identifier, start = token
        match = wait_for(self.agent, rf"^{identifier}\.rc (\d+)$", time.monotonic() + seconds,
                         check_alive, f"{self.name}: the end of {what}", start)
        return int(match.group(1)), self.output_so_far(token)

    def output_so_far(self, token):
        """What a command that was started has printed."""
        prefix = f"{token[0]}|"
        return "".join(line[len(prefix):] + "\n" for line in self.agent.lines(token[1])
                       if line.startswith(prefix))
