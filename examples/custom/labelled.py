"""Labelled pictures of one's own, in COCO's format: what `obscura label --format coco` writes, or a
labelling tool after it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from shapes import Scene, letterbox

FILES = ("annotations.json", "instances.json")


def read(
    folder: Path, side: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64], tuple[str, ...]]:
    """Read a folder: a file of annotations, and the pictures beside it or in ``images``.

    Args:
        folder: the folder.
        side: pixels of the network's input, both ways; pictures are scaled and padded to it.

    Returns:
        Images ``(N, side, side, 3)``, RGB; boxes ``(N, most, 4)``, xyxy in pixels of these; classes
        ``(N, most)``, -1 where there is no box; and the names of the classes that occur.
    """
    path = next(folder / name for name in FILES if (folder / name).is_file())
    truth = json.loads(path.read_text(encoding="utf-8"))
    rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in truth["annotations"]:
        rows[row["image_id"]].append(row)
    used = {row["category_id"] for row in truth["annotations"]}
    named = [each for each in truth["categories"] if each["id"] in used]
    index = {each["id"]: number for number, each in enumerate(named)}

    most = max((len(each) for each in rows.values()), default=0)
    count = len(truth["images"])
    images = np.empty((count, side, side, 3), np.uint8)
    boxes = np.zeros((count, most, 4), np.float32)
    classes = np.full((count, most), -1, np.int64)
    for number, entry in enumerate(truth["images"]):
        mine = rows[entry["id"]]
        xywh = np.array([row["bbox"] for row in mine], np.float32).reshape(-1, 4)
        xyxy = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
        kinds = np.array([index[row["category_id"]] for row in mine], np.int64)
        with Image.open(_picture(folder, entry["file_name"])) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        scene = letterbox(Scene(upright, xyxy, kinds), side)
        images[number] = scene.image
        boxes[number, : len(mine)] = scene.boxes
        classes[number, : len(mine)] = kinds
    return images, boxes, classes, tuple(each["name"] for each in named)


def _picture(folder: Path, name: str) -> Path:
    beside = folder / name
    return beside if beside.is_file() else folder / "images" / name
