"""Labelled pictures of one's own, in COCO's format: what `obscura label --format coco` writes, or a
labelling tool after it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from shapes import Scene, letterbox

FILES = ("annotations.json", "instances.json")


def read(
    folders: Sequence[Path], side: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64], tuple[str, ...]]:
    """Read folders: in each a file of annotations, and the pictures beside it or in ``images``.

    Args:
        folders: the folders. Classes are the same if they have the same name.
        side: pixels of the network's input, both ways; pictures are scaled and padded to it.

    Returns:
        Images ``(N, side, side, 3)``, RGB; boxes ``(N, most, 4)``, xyxy in pixels of these; classes
        ``(N, most)``, -1 where there is no box; and the names of the classes that occur.
    """
    labels: dict[str, int] = {}
    scenes = [scene for folder in folders for scene in _scenes(folder, side, labels)]
    most = max((len(scene.boxes) for scene in scenes), default=0)
    images = np.empty((len(scenes), side, side, 3), np.uint8)
    boxes = np.zeros((len(scenes), most, 4), np.float32)
    classes = np.full((len(scenes), most), -1, np.int64)
    for number, scene in enumerate(scenes):
        images[number] = scene.image
        boxes[number, : len(scene.boxes)] = scene.boxes
        classes[number, : len(scene.classes)] = scene.classes
    return images, boxes, classes, tuple(labels)


def _scenes(folder: Path, side: int, labels: dict[str, int]) -> Iterator[Scene]:
    """Yield the pictures of a folder; add the names of its classes to ``labels``."""
    path = next(folder / name for name in FILES if (folder / name).is_file())
    truth = json.loads(path.read_text(encoding="utf-8"))
    rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in truth["annotations"]:
        rows[row["image_id"]].append(row)
    used = {row["category_id"] for row in truth["annotations"]}
    index = {
        each["id"]: labels.setdefault(each["name"], len(labels))
        for each in truth["categories"]
        if each["id"] in used
    }
    for entry in truth["images"]:
        mine = rows[entry["id"]]
        xywh = np.array([row["bbox"] for row in mine], np.float32).reshape(-1, 4)
        xyxy = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
        kinds = np.array([index[row["category_id"]] for row in mine], np.int64)
        with Image.open(_picture(folder, entry["file_name"])) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        yield letterbox(Scene(upright, xyxy, kinds), side)


def _picture(folder: Path, name: str) -> Path:
    beside = folder / name
    return beside if beside.is_file() else folder / "images" / name
