#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Corrects one word of ntb_perf: the window that it maps becomes the window that it translates.

Mainline since 2020 asks for the address of the outbound window with its own index (perf->gidx)
and sets the translation of the one with the peer's (peer->gidx). See docs/ntb_perf.md.

Example: python3 qemu_glue/ntb_perf_fix.py drivers/ntb/test/ntb_perf.c corrected/ntb_perf.c
Exit codes: 0 written; 2 the source is not one that this correction fits (one line on stderr).
"""
import pathlib
import re
import sys

from errors import GlueError, UserError

# The call that asks where an outbound window lies, up to the index of the window.
_MAPPED = re.compile(r"(\bntb_peer_mw_get_addr\s*\([^,;]+,\s*)perf(\s*->\s*gidx\b)")
_TRANSLATED = re.compile(r"\bntb_peer_mw_set_trans\s*\([^;]*,\s*peer\s*->\s*gidx\b")


def corrected(source):
    """The corrected text; UserError if it does not have the fault, or not in this shape."""
    text, count = _MAPPED.subn(r"\1peer\2", source)
    if count != 1 or not _TRANSLATED.search(source):
        raise UserError("ntb-perf-fix", f"the place to correct is there {count} times instead of "
                        "once", "give --ntb-perf-fix off: this kernel's ntb_perf differs")
    return text


def main(arguments):
    """The command line: SOURCE RESULT."""
    if len(arguments) != 2 or arguments[0].startswith("-"):
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    try:
        source = pathlib.Path(arguments[0]).read_text(encoding="utf-8")
        pathlib.Path(arguments[1]).write_text(corrected(source), encoding="utf-8")
    except GlueError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"ntb: ntb-perf-fix: {error.filename}: {error.strerror} (give SOURCE and RESULT)",
              file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
