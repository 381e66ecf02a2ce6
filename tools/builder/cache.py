"""Cache of build results, each under a hash of everything that it was made from."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from builder.errors import BuildError


def digest(parts: Iterable[bytes]) -> str:
    """Return a SHA-256 hex digest of ``parts`` that also depends on where each part ends."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()


def cached(folder: Path, kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """Return ``folder/kind-key``; if it does not exist, ``make`` fills it first.

    It appears complete or not at all. Older entries of the same kind are deleted.
    """
    entry = folder / f"{kind}-{key[:16]}"
    if entry.is_dir():
        return entry
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{entry.name}.{os.getpid()}"
    partial.mkdir()
    try:
        make(partial)
        for old in folder.glob(f"{kind}-*"):
            shutil.rmtree(old, ignore_errors=True)
        with suppress(OSError):  # another build has made it meanwhile
            partial.rename(entry)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if not entry.is_dir():
        raise BuildError(f"{entry} could not be written: make build/ writable and free some space.")
    return entry
