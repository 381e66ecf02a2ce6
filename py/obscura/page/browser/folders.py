"""Folders: the files in those that a person drops.

Boundary: what is dropped are entries of the browser's file system, which can be asked for only
while the event is handled, and read at any time later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from pyodide.ffi import create_proxy

from obscura.page.browser import files

SAID_EVERY = 200
"""Files after which it is said how many there are."""


def dropped(transfer: Any) -> list[Any]:
    """Return what was dropped: files, or entries if there are folders among them."""
    asked = [each for each in transfer.items if hasattr(each, "webkitGetAsEntry")]
    entries = [each.webkitGetAsEntry() for each in asked]
    if any(getattr(each, "isDirectory", False) for each in entries):
        return [each for each in entries if hasattr(each, "isDirectory")]
    return list(transfer.files)


def is_folder(given: Any) -> bool:
    """Whether something that was given is a folder, or a file that was picked with its folder."""
    is_directory = getattr(given, "isDirectory", None)
    return is_directory is not None or bool(getattr(given, "webkitRelativePath", ""))


async def read(given: Sequence[Any], say: Callable[[int], None]) -> list[Any]:
    """Return the files among what was given, and in its folders at any depth.

    Args:
        say: called with the number of files that were found so far, from time to time.
    """
    found: list[Any] = []
    waiting = list(reversed(given))
    while waiting:
        entry = waiting.pop()
        if getattr(entry, "isDirectory", None) is None:
            found.append(entry)
        elif entry.isDirectory:
            waiting += reversed(await _children(entry))
        else:
            found.append(await _file(entry))
        if len(found) % SAID_EVERY == 0:
            say(len(found))
            await asyncio.sleep(0)
    return [each for each in found if each is not None]


async def _children(folder: Any) -> list[Any]:
    """Return the entries of a folder; browsers give a hundred at a time. What cannot be read has
    none."""
    found: list[Any] = []
    reader = folder.createReader()
    while True:
        some = await _asked(reader.readEntries)
        if some is None or not len(some):
            return found
        found += list(some)


async def _file(entry: Any) -> Any:
    """Return the file of an entry, with its path; None if it cannot be read."""
    file = await _asked(entry.file)
    if file is not None:
        files.set_path(file, str(entry.fullPath).lstrip("/"))
    return file


async def _asked(ask: Callable[..., Any]) -> Any:
    """Return what a function hands to its first callback; None if it calls the second."""
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    calls = create_proxy(answer.set_result), create_proxy(lambda _error: answer.set_result(None))
    ask(*calls)
    try:
        return await answer
    finally:
        for call in calls:
            call.destroy()
