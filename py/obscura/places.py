"""Places: what lies at a path that a person has given.

As pathlib has them, but for paths that the system refuses to look at, because a folder on the way
is locked or a name is too long: nothing is there that could be used. What opens such a path then
says why.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

LONGEST = 200
"""Bytes of a name; file systems take 255, of which numbers and endings need some."""


def exists(path: str | Path) -> bool:
    """Whether there is a file or a folder."""
    return _seen(Path(path).exists)


def is_file(path: str | Path) -> bool:
    """Whether there is a file."""
    return _seen(Path(path).is_file)


def is_dir(path: str | Path) -> bool:
    """Whether there is a folder."""
    return _seen(Path(path).is_dir)


def is_link(path: str | Path) -> bool:
    """Whether there is a link, also one that leads nowhere."""
    return _seen(Path(path).is_symlink)


def is_taken(path: str | Path) -> bool:
    """Whether there is a file, or a folder that has something in it."""
    return exists(path) and _seen(lambda: not is_dir(path) or any(Path(path).iterdir()))


def _seen(look: Callable[[], bool]) -> bool:
    """Return what a look at a path returns; False where the system refuses it."""
    try:
        return look()
    except OSError:
        return False


def short(stem: str, longest: int = LONGEST) -> str:
    """Return the beginning of a name, to which a number and an ending can still be added.

    Args:
        longest: its bytes.
    """
    data = os.fsencode(stem)
    return stem if len(data) <= longest else data[:longest].decode("utf-8", "ignore")


def folded(name: str) -> str:
    """Return what two names share that are the same to file systems of macOS or Windows."""
    return unicodedata.normalize("NFC", name.casefold())
