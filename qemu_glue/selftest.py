# SPDX-License-Identifier: Apache-2.0
"""`--run selftest`: the kernel's own NTB selftest, ntb_test.sh, byte for byte as shipped.

It runs in guest 0 and drives guest 1 over ssh. Before and after it, and apart from it, patterns
go through every window in both directions and are compared by content.
"""
import hashlib
import re

import checks
import network
import test_results
import userland
import windows
from errors import RunError
from paths import shown
from pingpong import FIND_DEVICE, READ_LOG
from test_results import Result

COMMAND_SECONDS = 120
SCRIPT_IN_GUEST = "/root/ntb_test.sh"
DATA_ORDER = 20
CONTENT_BYTES = 65536
OUTPUT_FILE = "ntb_test.output.txt"

_PART = re.compile(r"^Running (?P<what>.+?)(?: on: *(?P<local>\S+) */ *(?P<remote>\S+))?$")
_VERDICTS = {"Passed": "passed", "Unsupported": "skipped"}


def command_line(local, remote, order=DATA_ORDER):
    """The shell command that starts the script."""
    return (f"export PATH=/usr/sbin:/usr/bin:/sbin:/bin; cd /root; {SCRIPT_IN_GUEST} "
            f"-r {userland.PEER_NAME} -p {order} {local} {remote}")


def parse(output, exit_code):
    """The parts of the script's output as results, in order.

    A part is passed only if the script says so: the one that it ended in is not.
    """
    results = []
    part = None
    lines = []

    def close(status):
        nonlocal part
        if part is not None:
            count = sum(1 for result in results if result.name.split(", ")[0] == part)
            name = part if count == 0 else f"{part}, again ({count + 1})"
            results.append(Result(name, status, "\n".join(lines)))
        part = None
        lines.clear()

    for line in output.splitlines():
        match = _PART.match(line)
        if match or line.startswith("Starting "):
            close("failed")
            part = match.group("what") if match else None
        elif part is not None and line.strip() in _VERDICTS:
            close(_VERDICTS[line.strip()])
        elif part is None and line.strip().startswith("Not doing "):
            results.append(Result("MSI interrupt tests", "skipped", line.strip()))
        elif line.strip():
            lines.append(line.strip())
    close("failed")
    ended = Result("the script ended well", "passed" if exit_code == 0 else "failed",
                   f"exit code {exit_code}" + "".join(f"\n{line}" for line in lines))
    return results + [ended]


def expected_parts(window_count):
    """How often the script must have passed what, both directions counted."""
    parts = {"port tests": 1, "link tests": 2, "db tests": 2, "msg tests": 2, "ping pong tests": 1,
             "local perf test without DMA": 1, "remote perf test without DMA": 1}
    parts.update({f"mw{index} tests": 2 for index in range(window_count)})
    return parts


def missing_parts(results, window_count):
    """What the script should have passed and has not."""
    passed = [result.name.split(", ")[0] for result in results if result.status == "passed"]
    return [f"{name}: passed {passed.count(name)} times instead of {wanted}"
            for name, wanted in expected_parts(window_count).items()
            if passed.count(name) != wanted]


def hanging(output, path):
    """The error of a script that did not end in time; `output` is what it had printed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    remedy = f"see {path} and the guests' consoles"
    if lines and "perf test" in lines[-1]:
        remedy = ("a command between two ntb_perf is lost when ntb_pingpong has left a message; "
                  f"run it again, or see docs/ntb_perf.md, {path}")
    return RunError("ntb_test.sh", "did not end in time, after "
                    + (f"'{lines[-1]}'" if lines else "no output"), remedy)


def content_results(rows, sender, receiver, when):
    """Results of windows.Windows.check()."""
    return [Result(f"{when}: content of window {window}, {sender.name} to {receiver.name}",
                   "failed" if problem else "passed", problem or "", seconds)
            for window, seconds, problem in rows]


class Selftest:
    """The steps of the run."""

    def __init__(self, run, options):
        self._run = run
        self._options = options
        self._results = []
        self._devices = {}

    def execute(self, result):
        """All steps; a list of problems."""
        run = self._run
        run.progress.step("network: starting ssh between the guests")
        run.everywhere_ok({guest: network.bring_up(guest.number) for guest in run.guests},
                          COMMAND_SECONDS, "starting the network")
        found = run.everywhere_ok({guest: FIND_DEVICE for guest in run.guests}, COMMAND_SECONDS,
                                  "finding the device")
        self._devices = {guest: output.split()[0] for guest, output in found.items()}
        self._check_bytes(result)
        window_count = self._content("before")
        output = self._script()
        self._content("after")
        problems = missing_parts(self._results, window_count)
        problems += [f"{one.name}: {(one.detail.splitlines() or ['failed'])[-1]}"
                     for one in self._results if one.status == "failed"]
        for guest, log in run.everywhere_ok({guest: READ_LOG for guest in run.guests},
                                            COMMAND_SECONDS, "reading the log").items():
            problems += [f"{guest.name}: {problem}" for problem in
                         checks.kernel_problems(guest.console.lines(), log.splitlines())]
        out = self._options.out
        (out / OUTPUT_FILE).write_text(output, encoding="utf-8")
        result["reports"] = [str(path) for path in
                             test_results.write(out, "ntb_test", "ntb selftest", self._results)]
        result["tests"] = [one._asdict() for one in self._results]
        return problems

    def _check_bytes(self, result):
        """What runs is the file of the source package, byte for byte."""
        guest = self._run.guests[0]
        shipped = hashlib.sha256(
            userland.selftest_script(self._run.prepared.kernel).read_bytes()).hexdigest()
        output = self._run.everywhere_ok({guest: f"sha256sum {SCRIPT_IN_GUEST}"}, COMMAND_SECONDS,
                                         "reading the script")[guest]
        same = output.split()[0] == shipped
        self._results.append(Result("ntb_test.sh is the one that the kernel ships",
                                    "passed" if same else "failed", f"sha256 {shipped}"))
        result["script_sha256"] = shipped

    def _content(self, when):
        """Patterns through all windows in both directions; the number of windows."""
        run = self._run
        self._run.progress.step(f"content of the windows, {when} the selftest")
        tool = windows.Windows(run, self._devices)
        tool.load(run.guests)
        first, second = run.guests
        count = tool.count(first, second)
        for sender, receiver in ((first, second), (second, first)):
            rows = tool.check(sender, receiver, CONTENT_BYTES, read_back=False)
            self._results += content_results(rows, sender, receiver, when)
        tool.remove(run.guests)
        return count

    def _script(self):
        run = self._run
        first, second = run.guests
        command = command_line(self._devices[first], self._devices[second],
                               self._options.data_order)
        run.progress.step(f"ntb_test.sh -p {self._options.data_order}: running in {first.name}")
        token = first.start_command(command)
        try:
            code, output = first.finish_command(token, self._options.selftest_seconds,
                                                run.check_alive, "ntb_test.sh")
        except RunError as error:
            output = first.output_so_far(token)
            (self._options.out / OUTPUT_FILE).write_text(output, encoding="utf-8")
            run.check_alive()  # who has ended says why better
            raise hanging(output, shown(self._options.out / OUTPUT_FILE)) from error
        for line in output.splitlines():
            run.progress.line(f"ntb_test.sh| {line}")
        self._results += parse(output, code)
        return output
