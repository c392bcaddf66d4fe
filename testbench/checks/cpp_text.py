# SPDX-License-Identifier: Apache-2.0
"""C++ source without its comments and literals, so that checks look at code only."""

import re

_COMMENT_OR_LITERAL = re.compile(
    r"""//[^\n]*"""
    r"""|/\*.*?\*/"""
    r"""|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)\""""
    r"""|"(?:\\.|[^"\\\n])*\""""
    r"""|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL | re.VERBOSE)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def includes(text):
    """(line number, '<' or '"', path) of every #include that is not in a comment."""
    without_comments = re.sub(
        r"//[^\n]*|/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.DOTALL)
    for match in _INCLUDE.finditer(without_comments):
        yield without_comments.count("\n", 0, match.start()) + 1, match[1], match[2]


def code_lines(text):
    """(line number, code) with comments and the insides of literals blanked, includes left out."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    stripped = _COMMENT_OR_LITERAL.sub(blank, text)
    for number, line in enumerate(stripped.split("\n"), 1):
        if not line.lstrip().startswith("#"):
            yield number, line
