"""Identity: what tells a file from all others. Pure Python."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

END_BYTES = 1_000_000
"""How much of a file's beginning and end is compared, where not all of it is."""
READ_BYTES = 4 << 20
"""Bytes that are read at once."""

ReadPart = Callable[[Any, int, int], Awaitable[bytes]]
"""Returns bytes of a file from one place to another, as `browser.files.read_part`; raises what the
browser throws for a file that is gone."""


async def identity(file: Any, read_part: ReadPart) -> dict[str, Any]:
    """Return ``name``, ``bytes`` and ``sha256`` of a file: of all of it, or of its first and last
    `END_BYTES` one after the other, so that a large one takes no longer. Raises what `read_part`
    raises.

    Args:
        file: has `name` and `size`.
    """
    size = int(file.size)
    parts = await read_part(file, 0, min(size, END_BYTES))
    if size > END_BYTES:
        parts += await read_part(file, max(END_BYTES, size - END_BYTES), size)
    digest = hashlib.sha256(parts).hexdigest()
    return {"name": str(file.name), "bytes": size, "sha256": digest}


async def sha256(file: Any, read_part: ReadPart, progress: Callable[[float], None]) -> str:
    """Return the SHA-256 of a whole file, hexadecimal; the page gets its turn meanwhile.

    Raises what `read_part` and `progress` raise.

    Args:
        file: has `size`.
        progress: receives the part that is done, 0 to 1.
    """
    size, digest = int(file.size), hashlib.sha256()
    for start in range(0, size, READ_BYTES):
        stop = min(start + READ_BYTES, size)
        digest.update(await read_part(file, start, stop))
        progress(stop / size)
    return digest.hexdigest()
