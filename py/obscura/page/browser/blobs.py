"""Blobs that are written like files, and files that are read in parts."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

from js import Blob, Uint8Array
from pyodide.ffi import to_js

from obscura.page.browser import files
from obscura.page.browser.dom import js_object

PART = 1 << 20
"""Bytes that are collected before the browser takes them, which may put them on disk."""
READ = 4 << 20


class BlobFile(io.RawIOBase):
    """A file to write to, which becomes a `Blob`. Boundary: each byte is copied once, but for what
    `holds` was called with."""

    def __init__(self) -> None:
        super().__init__()
        self._data, self._parts = bytearray(), to_js([])
        self._held: tuple[bytes, Any] | None = None

    def writable(self) -> bool:
        """Whether it can be written to: always."""
        return True

    def holds(self, data: bytes, blob: Any) -> None:
        """Append this blob once these very bytes, which are its contents, are written: a file on
        disk is not copied to memory."""
        self._held = data, blob

    def write(self, data: Any) -> int:
        """Append bytes."""
        if self._held is not None and data is self._held[0]:
            self._hand_over()
            self._parts.push(self._held[1])
            self._held = None
            return len(data)
        self._data += data
        if len(self._data) >= PART:
            self._hand_over()
        return len(data)

    def blob(self, kind: str) -> Any:
        """Return what was written as a `Blob` of a media type."""
        self._hand_over()
        return Blob.new(self._parts, js_object(type=kind))

    def _hand_over(self) -> None:
        copy = Uint8Array.new(len(self._data))
        copy.assign(bytes(self._data))
        self._parts.push(Blob.new(to_js([copy])))
        self._data.clear()


async def parts(blob: Any) -> AsyncIterator[bytes]:
    """Yield the contents of a blob in parts. Raises what the browser throws when it cannot be read
    any more."""
    size = int(blob.size)
    for start in range(0, size, READ):
        yield await files.read_part(blob, start, min(start + READ, size))
