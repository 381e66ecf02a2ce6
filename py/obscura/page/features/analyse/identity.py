"""Identity: what tells a file from all others, without reading all of a large one, and what is
looked for in it from all else. Pure Python."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from zlib import crc32

from obscura.cards.card import ModelCard

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


def subject(card: ModelCard, iou: float | None, heads: Iterable[str]) -> str:
    """Return what results depend on, besides the file. A model of a person's own may be exchanged
    for another of the same name.

    Args:
        iou: the setting; None for that of the card.
        heads: names of the second networks that look closer.
    """
    labels = crc32("\n".join(card.labels).encode())
    known = [card.name, card.file.sha256, f"{labels:08x}", f"{card.iou if iou is None else iou:g}"]
    return "|".join([*known, *sorted(heads)])
