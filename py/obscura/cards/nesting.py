"""How deeply a text in JSON or TOML is nested, told before it is parsed.

Parsers recurse. CPython raises RecursionError where that goes too far; in a browser the stack is
smaller, and a file made for it ends Python and with it the page.
"""

from __future__ import annotations

import re

DEEPEST = 32

_MARK = re.compile(r'"(?:[^"\\\n]|\\.)*+"|[][{}]')


def too_deep(text: str) -> bool:
    """Tell whether brackets, those in double quotes aside, are nested deeper than `DEEPEST`."""
    depth = 0
    for mark in _MARK.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
        if depth > DEEPEST:
            return True
    return False
