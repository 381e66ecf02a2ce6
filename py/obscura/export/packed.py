"""Packed values: those that wait in memory for what can be written only once all are known."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

from obscura.export.coco import CocoFile
from obscura.export.csv_table import CsvTable
from obscura.export.lines import Document, Lines, Writer
from obscura.export.yolo import IMAGES, Stems, member

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


class CocoZip:
    """Writes ``images/PICTURE`` for each picture, and ``annotations.json`` of the same names, into
    a zip archive."""

    def __init__(self, out: IO[bytes], labels: Sequence[str]) -> None:
        """
        Args:
            out: is written to from its beginning to its end; it needs no `seek`.
        """
        self._zip, self._labels, self._stems = zipfile.ZipFile(out, "w"), labels, Stems()
        self._records = Packed()  # an archive takes one member at a time

    def write(self, record: dict[str, Any], picture: bytes | None = None, ending: str = "") -> None:
        """Write a picture, and keep its boxes for the end.

        Args:
            picture: the contents of its file; None leaves it out.
            ending: of that file, with its dot.
        """
        name = f"{self._stems.of(record)}{ending}"
        self._records.add([name, record])
        if picture is not None:
            self._zip.writestr(member(f"{IMAGES}/{name}"), picture)

    def close(self) -> None:
        """Write the boxes, and the archive's list of members."""
        with (
            self._zip.open(member("annotations.json", zipfile.ZIP_DEFLATED), "w") as file,
            io.TextIOWrapper(file, "utf-8", "backslashreplace", newline="") as text,
        ):
            writer = CocoFile(text, self._labels, Packed(), lambda record: str(record["source"]))
            for name, record in self._records:
                writer.write({**record, "source": name})
            writer.close()
        self._records.close()
        self._zip.close()

    def discard(self) -> None:
        """Give up: what was written is no archive."""
        with suppress(Exception):  # the reason why it is given up, once more
            self._zip.close()
