"""Packed values: those that wait in memory for what can be written only once all are known."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

from obscura.export.coco import CocoFile
from obscura.export.csv_table import CsvTable
from obscura.export.lines import Document, Lines, Writer

CHUNK = 1 << 16


class Packed:
    """Values in order, packed to a tenth of their size or less; does what `Spool` does where there
    is no disk."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(1)
        self._data = bytearray()

    def add(self, value: Any) -> None:
        """Add a value of JSON types."""
        self._data += self._packer.compress(json.dumps(value).encode() + b"\n")

    def __iter__(self) -> Iterator[Any]:
        rest = self._packer.copy()
        whole = memoryview(bytes(self._data) + rest.flush())
        unpacker, line = zlib.decompressobj(), b""
        for start in range(0, len(whole), CHUNK):
            *lines, line = (line + unpacker.decompress(whole[start : start + CHUNK])).split(b"\n")
            yield from map(json.loads, lines)

    def close(self) -> None:
        """Forget them."""
        self._data = bytearray()


WRITERS: dict[str, Callable[[IO[str], Sequence[str]], Writer]] = {
    "jsonl": Lines,
    "json": Document,
    "csv": lambda out, labels: CsvTable(out, labels, Packed()),
    "coco": lambda out, labels: CocoFile(out, labels, Packed()),
}
"""What writes each format to one file where there is no disk; `formats.FORMATS` uses one."""
