"""Names of files, as people sort them. Pure Python."""

from __future__ import annotations

import re

NUMBER = re.compile(r"\d+")


def natural(name: str) -> str:
    """Return a key that sorts names as people do: 2 before 10, capitals beside small letters.

    >>> sorted(["b10.jpg", "B2.jpg", "a.jpg"], key=natural)
    ['a.jpg', 'B2.jpg', 'b10.jpg']
    """
    return NUMBER.sub(_number, name.casefold())


def _number(found: re.Match[str]) -> str:
    """Return a number so that it sorts before text, shorter ones first; of the same number, the one
    with more zeros before it."""
    digits = str(int(found[0]))
    zeros = len(found[0]) - len(digits)
    return f"\0{chr(len(digits))}{digits}{chr(max(0xFF - zeros, 0))}"
