"""COCO: what was found as a file of annotations (cocodataset.org/#format-data).

``images``, ``annotations`` and ``categories``; boxes are x, y, width and height in pixels, and each
annotation has a ``score`` besides, as results have. Ids of categories begin at 1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any

from obscura.export.lines import Waiting
from obscura.export.records import DIGITS


class CocoFile:
    """Writes the pictures at once; their annotations wait until the end."""

    def __init__(
        self,
        out: IO[str],
        labels: Sequence[str],
        annotations: Waiting,
        name: Callable[[dict[str, Any]], str] | None = None,
    ) -> None:
        """
        Args:
            annotations: where they wait for the end.
            name: returns the name of a record's picture; None for `name_of`.
        """
        self._out, self._labels, self._annotations = out, labels, annotations
        self._name = name or name_of
        self._images = self._boxes = 0

    def write(self, record: dict[str, Any]) -> None:
        """Write a picture."""
        self._out.write(",\n" if self._images else '{"images": [\n')
        self._images += 1
        image = {
            "id": self._images,
            "file_name": self._name(record),
            "width": record["width"],
            "height": record["height"],
        }
        self._out.write(json.dumps(image))
        for row in record["detections"]:
            self._boxes += 1
            self._annotations.add(_annotation(row, self._boxes, self._images))

    def close(self) -> None:
        """Write the annotations and the categories."""
        self._out.write("\n" if self._images else '{"images": [')
        self._out.write('], "annotations": [')
        self._list(self._annotations)
        categories = ({"id": number, "name": label} for number, label in enumerate(self._labels, 1))
        self._out.write('], "categories": [')
        self._list(categories)
        self._out.write("]}\n")
        self._annotations.close()

    def _list(self, values: Iterable[Any]) -> None:
        end = ""
        for index, value in enumerate(values):
            self._out.write((",\n" if index else "\n") + json.dumps(value, ensure_ascii=True))
            end = "\n"
        self._out.write(end)


def name_of(record: dict[str, Any]) -> str:
    """Return the name of a picture; a frame of a video has its number behind the video's."""
    source: str = record["source"]
    return f"{source}#{record['frame']}" if record["frame"] else source


def _annotation(row: dict[str, Any], number: int, image: int) -> dict[str, Any]:
    x1, y1, x2, y2 = (row[name] for name in ("x1", "y1", "x2", "y2"))
    width, height = round(x2 - x1, DIGITS), round(y2 - y1, DIGITS)
    return {
        "id": number,
        "image_id": image,
        "category_id": row["class_id"] + 1,
        "bbox": [x1, y1, width, height],
        "area": round(width * height, DIGITS),
        "iscrowd": 0,
        "score": row["score"],
    }
