"""Places: what lies at a path that a person has given.

As pathlib has them, but for paths that the system refuses to look at, because a folder on the way
is locked or a name is too long: nothing is there that could be used. What opens such a path then
says why.
"""

from __future__ import annotations

import os
from pathlib import Path

LONGEST = 200
"""Bytes of a name; file systems take 255, of which numbers and endings need some."""


def exists(path: str | Path) -> bool:
    """Whether there is a file or a folder."""
    try:
        return Path(path).exists()
    except OSError:
        return False


def is_file(path: str | Path) -> bool:
    """Whether there is a file."""
    try:
        return Path(path).is_file()
    except OSError:
        return False


def is_dir(path: str | Path) -> bool:
    """Whether there is a folder."""
    try:
        return Path(path).is_dir()
    except OSError:
        return False


def is_taken(path: str | Path) -> bool:
    """Whether there is a file, or a folder that has something in it."""
    try:
        return exists(path) and not (is_dir(path) and not any(Path(path).iterdir()))
    except OSError:
        return False


def short(stem: str, longest: int = LONGEST) -> str:
    """Return the beginning of a name, to which a number and an ending can still be added.

    Args:
        longest: its bytes.
    """
    data = os.fsencode(stem)
    return stem if len(data) <= longest else data[:longest].decode("utf-8", "ignore")
