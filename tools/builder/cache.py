"""Cache of build results, each under a hash of everything that it was made from."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from builder.errors import BuildError

UNUSED_S = 3600
"""Entries that no build has asked for in this time are deleted: none takes so long."""


def digest(parts: Iterable[bytes]) -> str:
    """Return a SHA-256 hex digest of ``parts`` that also depends on where each part ends."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()


def cached(folder: Path, kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """Return ``folder/kind-key``; if it does not exist, ``make`` fills it first.

    It appears complete or not at all. Then entries of the same kind that have not been asked for in
    the last hour are deleted; others may be in use by a build beside this one.
    """
    entry = folder / f"{kind}-{key[:16]}"
    if entry.is_dir():
        with suppress(OSError):  # in a folder that others own
            os.utime(entry)
        return entry
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{entry.name}.{os.getpid()}"
    partial.mkdir()
    try:
        make(partial)
        with suppress(OSError):  # another build has made it meanwhile
            partial.rename(entry)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if not entry.is_dir():
        raise BuildError(f"{entry} could not be written: make build/ writable and free some space.")
    _tidy(folder, kind)
    return entry


def _tidy(folder: Path, kind: str) -> None:
    for old in folder.glob(f"{kind}-*"):
        with suppress(OSError):  # another build deletes it, too
            if old.stat().st_mtime < time.time() - UNUSED_S:
                shutil.rmtree(old, ignore_errors=True)
