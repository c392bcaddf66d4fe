# SPDX-License-Identifier: Apache-2.0
"""Windows between every two of several guests, verified by content (after `--run pingpong`)."""
import windows

CONTENT_BYTES = 4096


def check(run, devices):
    """Moves a pattern through each window of each ordered pair; (rows, problems)."""
    rows, problems = [], []
    tool = windows.Windows(run, devices)
    run.progress.step("windows: content between every two guests")
    tool.load(run.guests)
    for sender in run.guests:
        for receiver in run.guests:
            if receiver is sender:
                continue
            pair = f"{sender.number} -> {receiver.number}"
            checked = tool.check(sender, receiver, CONTENT_BYTES)
            bad = [f"window {window}, {pair}: {problem}" for window, _, problem in checked
                   if problem]
            problems += bad
            if not checked:
                problems.append(f"{pair}: there is no window")
            rows.append({"pair": pair, "windows": len(checked), "wrong": len(bad)})
    tool.remove(run.guests)
    return rows, problems


def report_lines(rows):
    """The table of the report."""
    return ["windows  count  content"] + [
        f"{row['pair']:<7}  {row['windows']:<5}  "
        + (f"{row['wrong']} WRONG" if row["wrong"] else "equal, both ways through the window")
        for row in rows]
