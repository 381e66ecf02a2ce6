"""YOLO: what was found as text files, one for each picture, as most trainers read them.

A line is the class_id, then centre, width and height of the box relative to the picture
(docs.ultralytics.com/datasets/detect). ``data.yaml`` names the classes.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import IO, Any

from obscura import places

LABELS, IMAGES, NAMES = "labels", "images", "data.yaml"
LONGEST = 220
"""Bytes of a picture's name, without its ending; those of `obscura label` are no longer."""


class Stems:
    """Names of files without endings, each given once, as file systems tell names apart."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def of(self, record: dict[str, Any]) -> str:
        """Return the name for the picture of a record."""
        stem = places.short(PurePath(record["source"]).stem, LONGEST)
        stem += f"-{record['frame']}" if record["frame"] else ""
        name, number = stem, self._last.get(places.folded(stem), 0) + 1
        if number > 1:  # pictures of one name in several folders
            while places.folded(name := f"{stem}-{number}") in self._last:
                number += 1
        self._last[places.folded(stem)] = number
        self._last.setdefault(places.folded(name), 1)
        return name


class YoloZip:
    """Writes ``labels/PICTURE.txt`` for each picture, and ``data.yaml``, into a zip archive; the
    pictures, too, where they are given."""

    def __init__(self, out: IO[bytes], labels: Sequence[str]) -> None:
        """
        Args:
            out: is written to from its beginning to its end; it needs no `seek`.
        """
        self._zip, self._stems = zipfile.ZipFile(out, "w"), Stems()
        self._add(NAMES, names_text(labels).encode())

    def write(self, record: dict[str, Any], picture: bytes | None = None, ending: str = "") -> None:
        """Write the boxes of a picture.

        Args:
            picture: the contents of its file; None leaves it out.
            ending: of that file, with its dot.
        """
        name = self._stems.of(record)
        self._add(f"{LABELS}/{name}.txt", boxes_text(record).encode())
        if picture is not None:
            self._add(f"{IMAGES}/{name}{ending}", picture, zipfile.ZIP_STORED)

    def close(self) -> None:
        """Write the archive's list of members."""
        self._zip.close()

    def discard(self) -> None:
        """Give up: what was written is no archive."""
        with suppress(Exception):  # the reason why it is given up, once more
            self._zip.close()

    def _add(self, name: str, data: bytes, method: int = zipfile.ZIP_DEFLATED) -> None:
        self._zip.writestr(member(name), data, method)


def member(name: str, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    """Return a member of an archive without a date, so that the same contents are the same file."""
    info = zipfile.ZipInfo(name)
    info.compress_type = method
    info.external_attr = 0o644 << 16
    return info


def names_text(labels: Sequence[str]) -> str:
    """Return the text of ``data.yaml``."""
    names = "\n".join(f"  {number}: {json.dumps(label)}" for number, label in enumerate(labels))
    return f"path: .\ntrain: images\nval: images\nnames:\n{names}\n"


def boxes_text(record: dict[str, Any]) -> str:
    """Return the text of a picture's file of boxes."""
    size = record["width"], record["height"]
    return "".join(_line(row, *size) for row in record["detections"])


def _line(row: dict[str, Any], width: int, height: int) -> str:
    x1, y1, x2, y2 = (row[name] for name in ("x1", "y1", "x2", "y2"))
    box = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
    return " ".join([str(row["class_id"]), *(f"{value:.6f}" for value in box)]) + "\n"
