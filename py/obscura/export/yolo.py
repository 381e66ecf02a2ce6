"""YOLO: what was found as text files, one for each picture, as most trainers read them.

A line is the class_id, then centre, width and height of the box relative to the picture
(docs.ultralytics.com/datasets/detect). ``data.yaml`` names the classes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from obscura import places
from obscura.export.errors import OutputError, WouldReplace

LABELS, NAMES = "labels", "data.yaml"
LONGEST = 220
"""Bytes of a picture's name, without its ending; those of `obscura label` are no longer."""


class YoloFolder:
    """Writes ``labels/PICTURE.txt`` for each picture, and ``data.yaml``."""

    def __init__(self, out: Path, labels: Sequence[str]) -> None:
        """
        Raises:
            WouldReplace: the folder has labels. OutputError: it cannot be made or written in.
        """
        self._out = out
        self._last: dict[str, int] = {}
        for name in (LABELS, NAMES):
            if places.exists(out / name):  # perhaps corrected by hand
                raise WouldReplace("There are labels in the folder", out)
        names = "\n".join(f"  {number}: {json.dumps(label)}" for number, label in enumerate(labels))
        self._write(NAMES, f"path: .\ntrain: images\nval: images\nnames:\n{names}\n")

    def write(self, record: dict[str, Any]) -> None:
        """Write the boxes of a picture.

        Raises:
            OutputError: they cannot be written.
        """
        stem = places.short(PurePath(record["source"]).stem, LONGEST)
        stem += f"-{record['frame']}" if record["frame"] else ""
        name, number = stem, self._last.get(places.folded(stem), 0) + 1
        if number > 1:  # pictures of one name in several folders
            while places.folded(name := f"{stem}-{number}") in self._last:
                number += 1
        self._last[places.folded(stem)] = number
        self._last.setdefault(places.folded(name), 1)
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
