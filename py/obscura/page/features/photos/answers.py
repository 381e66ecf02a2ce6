"""Answers: what was found in photos, kept on the device for the next visit. Pure Python.

Browsers keep no access to files over a reload, but the same photo given again is known by its path,
size and date, and needs no second look by the same model. Answers lie in `BUCKETS` texts, each with
`MOST` answers and `MOST_LETTERS` at most, of which the oldest go first; so what is stored is
bounded, and few texts are written at a time.
"""

from __future__ import annotations

import json
from binascii import crc32
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from obscura.detections import Detections

BUCKETS = 128
MOST = 80
"""Answers of a bucket: 10,240 in all."""
MOST_LETTERS = 100_000
"""Of a bucket: 12.8 million in all. An answer of 100 rows has about 4,300."""
PHOTOS = "photos"
"""Keys of the store are (PHOTOS, number of the bucket)."""
SCORE_DIGITS, EDGE_DIGITS = 4, 2

Key = tuple[str | float, ...]


class Store(Protocol):
    """Keeps texts on the device; `browser.records.RecordDatabase` is one."""

    async def read(self, *prefix: str | float) -> list[tuple[Key, str | None]]:
        """Return the records whose keys begin so, in order; None for what is not text."""

    async def write(self, records: Mapping[Key, str | None]) -> None:
        """Write all records or none; None deletes one."""


class Answers:
    """Finds and keeps answers. What was added is written by `flush`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # As they are stored: text takes far less memory than what it says.
        self._buckets: dict[int, str] = {}
        self._changed: set[int] = set()

    async def find(
        self, model: str, photo: tuple[str, int, float]
    ) -> tuple[tuple[int, int], Detections] | None:
        """Return the size of a photo and what a model has found in it; None if that is not known.

        Args:
            model: what tells the model from all others.
            photo: what tells the photo from others, see `Photo.key`.

        Raises:
            What the store raises.
        """
        key = _key(model, photo)
        bucket = await self._bucket(_number(key))
        start, stop = _span(bucket, key)
        return _read(bucket[start + len(key) + 1 : stop]) if stop else None

    async def add(
        self, model: str, photo: tuple[str, int, float], size: tuple[int, int], found: Detections
    ) -> None:
        """Keep an answer. Raises what the store raises."""
        key = _key(model, photo)
        number = _number(key)
        bucket = await self._bucket(number)
        start, stop = _span(bucket, key)
        bucket = f"{bucket[:start]}{bucket[stop:]}{key}\t{_line(size, found)}\n"
        while bucket.count("\n") > MOST or len(bucket) > MOST_LETTERS:
            bucket = bucket[bucket.index("\n") + 1 :]
        self._buckets[number] = bucket
        self._changed.add(number)

    async def flush(self) -> None:
        """Write what is not written yet, all or nothing. Raises what the store raises; the next
        call tries again."""
        if not self._changed:
            return
        written, self._changed = self._changed, set()
        try:
            await self._store.write({(PHOTOS, n): self._buckets[n] for n in written})
        except BaseException:
            self._changed |= written
            raise

    def forget(self) -> None:
        """Forget what is held in memory; the owner clears the store."""
        self._buckets.clear()
        self._changed.clear()

    async def _bucket(self, number: int) -> str:
        if number not in self._buckets:
            texts = [text for _, text in await self._store.read(PHOTOS, number)]
            text = texts[0] if texts else None
            whole = text.removesuffix("\n") + "\n" if text else ""
            # Another call may have read it meanwhile, and added to it.
            self._buckets.setdefault(number, whole)
        return self._buckets[number]


def _key(model: str, photo: tuple[str, int, float]) -> str:
    return json.dumps([model, *photo])


def _number(key: str) -> int:
    return crc32(key.encode()) % BUCKETS


def _span(bucket: str, key: str) -> tuple[int, int]:
    """Return where the line of a key is in a bucket; (0, 0) if there is none. JSON writes no tabs
    or line breaks."""
    mark = f"{key}\t"
    start = 0 if bucket.startswith(mark) else bucket.find(f"\n{mark}") + 1
    if not bucket.startswith(mark, start):
        return 0, 0
    return start, bucket.find("\n", start) + 1 or len(bucket)


def _line(size: tuple[int, int], found: Detections) -> str:
    rows = [
        [class_id, round(score, SCORE_DIGITS), *(round(edge, EDGE_DIGITS) for edge in box)]
        for class_id, score, box in zip(
            found.class_id.tolist(), found.score.tolist(), found.xyxy.tolist(), strict=True
        )
    ]
    return json.dumps([*size, rows], separators=(",", ":"))


def _read(line: str) -> tuple[tuple[int, int], Detections] | None:
    """Return an answer; None for a damaged one, which another look replaces."""
    try:
        width, height, rows = json.loads(line)
        table = np.array(rows, np.float64).reshape(-1, 6)
        found = Detections(
            table[:, 2:].astype(np.float32),
            table[:, 1].astype(np.float32),
            table[:, 0].astype(np.int32),
        )
        size = int(width), int(height)
    except (ValueError, TypeError, OverflowError):
        return None
    finite: Any = np.isfinite(table).all()
    return (size, found) if finite and (table[:, 0] >= 0).all() and min(size) > 0 else None
