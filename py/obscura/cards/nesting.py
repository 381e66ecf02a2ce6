"""Check of how deeply JSON or TOML is nested, before it is parsed.

Parsers recurse. CPython raises RecursionError when that goes too deep; in a browser the stack is
smaller, and a malicious file would crash Python and with it the page.
"""

from __future__ import annotations

import re

DEEPEST = 32

_MARK = re.compile(r'"(?:[^"\\\n]|\\.)*+"|[][{}]')


def too_deep(text: str) -> bool:
    """Return whether brackets outside double quotes are nested deeper than `DEEPEST`."""
    depth = 0
    for mark in _MARK.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
        if depth > DEEPEST:
            return True
    return False
