"""Recordings on the device: files in the private file system of this site.

Boundary: `File` objects are the browser's; they are read from the device when they are used, and
are void once the file is deleted.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from js import navigator
from pyodide.ffi import JsException

FOLDER = "obscura-recordings"
LOCK = "obscura-recording:"
"""Where the names of locks begin of files that are being written, also in other tabs; as in
assets/disk.js."""


async def names() -> list[str]:
    """Return the names of the files that nobody is writing, in order; none where the browser has no
    such file system."""
    found: list[str] = []
    with suppress(Exception):  # browsers that forbid it throw what they like
        folder = await _folder()
        if folder is None:
            return []
        locked = await _locked()
        entries = folder.keys()
        found += [str(name) async for name in entries if str(name) not in locked]
    return sorted(found)


async def file(name: str) -> Any:
    """Return a file.

    Raises:
        JavaScript errors: there is none of that name.
    """
    handle = await (await _folder()).getFileHandle(name)
    return await handle.getFile()


async def delete(name: str) -> None:
    """Delete a file, if there is one."""
    with suppress(JsException):
        folder = await _folder()
        if folder is not None:
            await folder.removeEntry(name)


async def _folder() -> Any:
    """Return the folder; None if there is none, and none is made."""
    root = await navigator.storage.getDirectory()
    try:
        return await root.getDirectoryHandle(FOLDER)
    except JsException:
        return None


async def _locked() -> set[str]:
    state = await navigator.locks.query()
    return {
        str(each.name).removeprefix(LOCK) for each in state.held if str(each.name).startswith(LOCK)
    }
