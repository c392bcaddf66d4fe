# SPDX-License-Identifier: Apache-2.0
"""Rows of the table: what was measured beside its floor, the bound, and whether it is met."""
import json

UNITS = (("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9))


class BenchError(Exception):
    """A benchmark could not run: WHY (REMEDY), as one line."""

    def __init__(self, why, remedy):
        super().__init__(f"ntb: bench: {why} ({remedy})")

    @classmethod
    def from_launcher(cls, error):
        """The launcher's errors are whole lines already."""
        wrapped = cls("", "")
        wrapped.args = (str(error),)
        return wrapped


def duration(nanoseconds):
    """A time with three significant digits and its unit."""
    for unit, size in UNITS:
        if nanoseconds < 1000 * size or unit == "s":
            return f"{nanoseconds / size:.3g} {unit}"
    raise AssertionError("unreachable")


def rate(per_second):
    """A rate with three significant digits."""
    for suffix, size in (("M/s", 1e6), ("k/s", 1e3)):
        if per_second >= size:
            return f"{per_second / size:.3g} {suffix}"
    return f"{per_second:.3g} /s"


class Row:
    """One line of the table. `met` is None for what is shown for information only."""

    def __init__(self, what, figure, **more):
        self.what = what
        self.figure = figure            # text
        self.floor = more.get("floor", "")      # text: the floor's own figure and what it is
        self.ratio = more.get("ratio")          # number, or None
        self.bound = more.get("bound", "")      # text
        self.met = more.get("met")
        self.note = more.get("note", "")
        self.value = more.get("value")          # the figure as a number, SI unit named by `unit`
        self.unit = more.get("unit", "")

    def verdict(self):
        """The last column."""
        return {True: "met", False: "missed", None: "-"}[self.met]

    def as_dict(self):
        """For --json."""
        return {"what": self.what, "figure": self.figure, "value": self.value, "unit": self.unit,
                "floor": self.floor, "ratio": self.ratio, "bound": self.bound, "met": self.met,
                "note": self.note}


def ratio_row(what, figure_ns, floor_ns, ratio, bound, floor_name, note=""):
    """Time against the floor's time: at most `bound` times (None: for information)."""
    return Row(what, duration(figure_ns), value=figure_ns, unit="ns",
               floor=f"{duration(floor_ns)} {floor_name}", ratio=ratio,
               bound="" if bound is None else f"<= {bound:g} x",
               met=None if bound is None else ratio <= bound, note=note)


def ratio_text(ratio):
    """Two decimals; of what would be nothing then, one significant digit."""
    if ratio is None:
        return ""
    return f"{ratio:.2f}" if ratio >= 0.01 else f"{ratio:.1g}"


def exit_code(rows):
    """0 if every bound is met, else 1."""
    return 1 if any(row.met is False for row in rows) else 0


def table(rows):
    """The table as lines."""
    head = ("what", "figure", "floor", "ratio", "bound", "met")
    cells = [head] + [(row.what, row.figure, row.floor, ratio_text(row.ratio), row.bound,
                       row.verdict()) for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
             for line in cells]
    lines.insert(1, "-" * max(len(line) for line in lines))
    notes = [f"  {row.what}: {row.note}" for row in rows if row.note]
    return lines + (["", "notes"] + notes if notes else [])


def as_json(rows, machine):
    """The whole report as JSON."""
    return json.dumps({"machine": machine, "rows": [row.as_dict() for row in rows],
                       "missed": [row.what for row in rows if row.met is False],
                       "ok": exit_code(rows) == 0}, indent=2, ensure_ascii=False)
