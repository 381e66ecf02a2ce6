"""YOLO: what was found as text files, one for each picture, as most trainers read them.

A line is the class_id, then centre, width and height of the box relative to the picture
(docs.ultralytics.com/datasets/detect). ``data.yaml`` names the classes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from obscura.export.errors import OutputError

LABELS = "labels"


class YoloFolder:
    """Writes ``labels/PICTURE.txt`` for each picture, and ``data.yaml``."""

    def __init__(self, out: Path, labels: Sequence[str]) -> None:
        """
        Raises:
            OutputError: the folder cannot be made or written in.
        """
        self._out = out
        self._taken: set[str] = set()
        names = "\n".join(f"  {number}: {json.dumps(label)}" for number, label in enumerate(labels))
        self._write("data.yaml", f"path: .\ntrain: images\nval: images\nnames:\n{names}\n")

    def write(self, record: dict[str, Any]) -> None:
        """Write the boxes of a picture.

        Raises:
            OutputError: they cannot be written.
        """
        stem = PurePath(record["source"]).stem + (f"-{record['frame']}" if record["frame"] else "")
        name, number = stem, 1
        while name.casefold() in self._taken:  # pictures of one name in several folders
            number += 1
            name = f"{stem}-{number}"
        self._taken.add(name.casefold())
        lines = [_line(row, record["width"], record["height"]) for row in record["detections"]]
        self._write(f"{LABELS}/{name}.txt", "".join(lines))

    def close(self) -> None:
        """Nothing belongs at the end."""

    def _write(self, name: str, text: str) -> None:
        path = self._out / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutputError(f"The file cannot be written: {error.strerror}", path) from error


def _line(row: dict[str, Any], width: int, height: int) -> str:
    x1, y1, x2, y2 = (row[name] for name in ("x1", "y1", "x2", "y2"))
    box = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
    return " ".join([str(row["class_id"]), *(f"{value:.6f}" for value in box)]) + "\n"
