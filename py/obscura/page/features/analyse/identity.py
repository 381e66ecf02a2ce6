"""Identity: what tells a file from all others, without reading all of a large one. Pure Python."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

END_BYTES = 1_000_000
"""How much of a file's beginning and end is compared."""


async def identity(
    file: Any, read_part: Callable[[Any, int, int], Awaitable[bytes]]
) -> dict[str, Any]:
    """Return ``name``, ``bytes`` and ``sha256`` of a file: of all of it, or of its first and last
    `END_BYTES` one after the other.

    Args:
        file: has `name` and `size`.
        read_part: returns bytes of it, as `browser.files.read_part`.

    Raises:
        What `read_part` raises for a file that is gone.
    """
    size = int(file.size)
    parts = await read_part(file, 0, min(size, END_BYTES))
    if size > END_BYTES:
        parts += await read_part(file, max(END_BYTES, size - END_BYTES), size)
    digest = hashlib.sha256(parts).hexdigest()
    return {"name": str(file.name), "bytes": size, "sha256": digest}
