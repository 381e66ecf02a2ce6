"""Networks and picked files as the browser has them: `ArrayBuffer`, `Blob` and `File`.

Boundary: the bytes stay in JavaScript. Python sees the windows that it asks for, each a copy, and
whatever runs a network copies the buffer before it transfers it.
"""

from __future__ import annotations

import hashlib
from typing import Any

from js import ArrayBuffer, Uint8Array, crypto


class BufferNetwork:
    """A network in an `ArrayBuffer`. Implements `Network` of `page.state.protocols`."""

    def __init__(self, buffer: Any) -> None:
        self.handle = buffer

    @property
    def size(self) -> int:
        """Number of bytes."""
        return int(self.handle.byteLength)

    def window(self, start: int, stop: int) -> bytes:
        """Copy a part of it."""
        return bytes(Uint8Array.new(self.handle, start, stop - start).to_bytes())

    async def sha256(self) -> str:
        """Return the hex digest: computed by the browser in secure contexts, else by Python."""
        subtle = getattr(crypto, "subtle", None)
        if subtle is None:
            return hashlib.sha256(Uint8Array.new(self.handle).to_bytes()).hexdigest()
        digest = await subtle.digest("SHA-256", self.handle)
        return bytes(Uint8Array.new(digest).to_bytes()).hex()


def empty_network() -> BufferNetwork:
    """Return a network without bytes."""
    return BufferNetwork(ArrayBuffer.new(0))


class BlobNetwork:
    """A network in a `Blob`, which the browser may hold on disk. Implements `StoredNetwork`."""

    def __init__(self, blob: Any) -> None:
        self.handle = blob

    async def read(self) -> BufferNetwork:
        """Bring it into memory."""
        return BufferNetwork(await self.handle.arrayBuffer())


class BrowserFile(BlobNetwork):
    """A `File` that the user picked. Implements `PickedFile` of `page.state.protocols`."""

    @property
    def name(self) -> str:
        """Its name, with the ending."""
        return str(self.handle.name)

    @property
    def size(self) -> int:
        """Number of bytes."""
        return int(self.handle.size)
