"""Recordings on the device: files in the private file system of this site; in memory where the
browser has none, as in private windows.

Boundary: `File` objects are the browser's; they are read from the device when they are used, and
are void once the file is deleted.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from js import navigator
from pyodide.ffi import JsException

FOLDER = "obscura-recordings"
TYPES = {"mp4": "video/mp4", "webm": "video/webm"}
LOCK = "obscura-recording:"
"""Where the names of locks begin of files that are being written, also in other tabs; as in
assets/disk.js."""
CLAIM = f"{LOCK}claim:"
"""As `LOCK`, of files that a tab makes a plain file of."""

_memory: dict[str, Any] = {}


def hold(name: str, file: Any) -> None:
    """Have a file in memory, a `MemoryFile` of assets/media/write.js, until it is deleted."""
    _memory[name] = file


async def works() -> bool:
    """Whether the browser has a private file system for this site."""
    try:
        await navigator.storage.getDirectory()
    except Exception:  # noqa: BLE001  (browsers that forbid it throw what they like)
        return False
    return True


def in_memory(name: str) -> bool:
    """Whether a file is in memory."""
    return name in _memory


async def names() -> list[str]:
    """Return the names of the files that nobody writes and no tab has claimed, in order."""
    found = [name for name, file in _memory.items() if file.closed]
    with suppress(Exception):  # browsers that forbid it throw what they like
        listed = await _listed()
        locked = await _locked()  # after that: a file is locked before it is there
        found += [name for name in listed if name not in locked]
    return sorted(found)


async def file(name: str) -> Any:
    """Return a file.

    Raises:
        JavaScript errors: there is none of that name.
    """
    if name in _memory:
        return _memory[name].blob(TYPES.get(name.rpartition(".")[2], ""))
    handle = await (await _folder()).getFileHandle(name)
    return await handle.getFile()


async def delete(name: str) -> None:
    """Delete a file, if there is one."""
    if _memory.pop(name, None) is not None:
        return
    with suppress(Exception):  # as above
        folder = await _folder()
        if folder is not None:
            await folder.removeEntry(name)


async def clear() -> None:
    """Delete all files but those that another tab writes."""
    _memory.clear()
    with suppress(Exception):  # as above
        for name in await _listed():
            await delete(name)


async def _listed() -> list[str]:
    folder = await _folder()
    if folder is None:
        return []
    entries = folder.keys()
    return [str(name) async for name in entries]


async def _folder() -> Any:
    """Return the folder; None if there is none, and none is made."""
    root = await navigator.storage.getDirectory()
    try:
        return await root.getDirectoryHandle(FOLDER)
    except JsException:
        return None


async def _locked() -> set[str]:
    state = await navigator.locks.query()
    held = [str(each.name) for each in state.held]
    return {each.rpartition(":")[2] for each in held if each.startswith(LOCK)}
