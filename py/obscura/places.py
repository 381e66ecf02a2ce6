"""Places: what lies at a path that a person has given.

As pathlib has them, but for paths that the system refuses to look at, because a folder on the way
is locked or a name is too long: nothing is there that could be used. Whoever opens such a path then
says why.
"""

from __future__ import annotations

from pathlib import Path


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
