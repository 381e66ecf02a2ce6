"""Shelf: the results that are kept on this device, and a store in memory. Pure Python."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from obscura.page.live.results import HEAD, Key, Store


@dataclass(frozen=True)
class Kept:
    """Results that are kept.

    Attributes:
        key: as of `Results`.
        name: of the camera or video.
        frames: how many there are.
        began_s: when they began, in epoch seconds; 0 where that is unknown.
        complete: whether all frames of the source are there.
    """

    key: str
    name: str
    frames: int
    began_s: float
    complete: bool


async def kept(store: Store) -> list[Kept]:
    """Return what is kept, the latest first. Raises what the store raises."""
    found = []
    for (_, key), text in await store.read(HEAD):
        try:
            table = json.loads(text or "")
            began_s = float(table["source"].get("began_s", 0.0))
            frames, complete = int(table["frames"]), table["complete"] is True
            each = Kept(str(key), str(table["name"]), frames, began_s, complete)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # of a later version; it stays
        found.append(each)
    return sorted(found, key=lambda each: each.began_s, reverse=True)


class MemoryStore:
    """Implements `Store` in memory, packed: what is opened from a file is on the device already."""

    def __init__(self) -> None:
        self._texts: dict[Key, bytes] = {}

    async def read(self, *prefix: str | float) -> list[tuple[Key, str | None]]:
        """See `Store`."""
        return [
            (key, zlib.decompress(self._texts[key]).decode())
            for key in sorted(self._texts)
            if key[: len(prefix)] == prefix
        ]

    async def write(self, records: Mapping[Key, str | None]) -> None:
        """See `Store`."""
        for key, text in records.items():
            if text is None:
                self._texts.pop(key, None)
            else:
                self._texts[key] = zlib.compress(text.encode(), 1)
