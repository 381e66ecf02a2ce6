#!/usr/bin/env python3
"""Scenes of circles, squares, triangles and stars, drawn as they are needed, with their boxes.

    python3 shapes.py DIR --count 300 --seed 1

writes such scenes as pictures with instances.json, COCO's format of annotations, to measure on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

LABELS = ("circle", "square", "triangle", "star")
SMOOTH = 3  # a scene is drawn this much larger and then reduced, for smooth edges
GREY = (114, 114, 114)  # of a letterbox's bars


class Scene(NamedTuple):
    """A picture and what is in it."""

    image: Image.Image  # RGB
    boxes: NDArray[np.float32]  # (n, 4) xyxy in pixels of the image
    classes: NDArray[np.int64]  # (n,) index into LABELS


def draw(rng: np.random.Generator, width: int, height: int) -> Scene:
    """Draw one to six shapes of any colour, size and turn that keep clear of each other."""
    image = _background(rng, width * SMOOTH, height * SMOOTH)
    pen = ImageDraw.Draw(image)
    boxes: list[NDArray[np.float64]] = []
    classes: list[int] = []
    for _ in range(rng.integers(1, 7)):
        label = int(rng.integers(len(LABELS)))
        radius = rng.uniform(0.08, 0.28) * min(width, height)
        centre = rng.uniform(radius, [width - radius, height - radius])
        outline = centre + radius * _outline(LABELS[label], turn=rng.uniform(0, 2 * np.pi))
        box = np.concatenate([outline.min(axis=0), outline.max(axis=0)])
        if any((box[:2] < other[2:]).all() and (box[2:] > other[:2]).all() for other in boxes):
            continue
        behind = image.getpixel(tuple(int(value * SMOOTH) for value in centre))
        pen.polygon(
            [tuple(point) for point in outline * SMOOTH],
            fill=_contrasting(rng, behind),
            outline=_contrasting(rng, behind),
            width=int(rng.integers(0, 4)) * SMOOTH,
        )
        boxes.append(box)
        classes.append(label)
    return Scene(
        image.reduce(SMOOTH),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(classes, np.int64),
    )


def letterbox(scene: Scene, side: int) -> Scene:
    """Return the scene scaled to fit a square of ``side`` pixels, centred between grey bars."""
    width, height = scene.image.size
    scale = side / max(width, height)
    size = round(width * scale), round(height * scale)
    corner = (side - size[0]) // 2, (side - size[1]) // 2
    square = Image.new("RGB", (side, side), GREY)
    square.paste(scene.image.resize(size, Image.Resampling.BILINEAR), corner)
    return Scene(square, scene.boxes * np.float32(scale) + np.float32(corner * 2), scene.classes)


def stretch(scene: Scene, side: int) -> Scene:
    """Return the scene scaled to a square of ``side`` pixels, each way by itself."""
    scale = np.array(2 * [side / length for length in scene.image.size], np.float32)
    square = scene.image.resize((side, side), Image.Resampling.BILINEAR)
    return Scene(square, scene.boxes * scale, scene.classes)


def _outline(label: str, turn: float) -> NDArray[np.float64]:
    """The corners of a shape of radius 1 about 0, 0, turned by ``turn`` radians: (n, 2)."""
    corners = {"circle": 60, "square": 4, "triangle": 3, "star": 10}[label]
    angle = turn + np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = np.where(np.arange(corners) % 2, 0.45, 1.0) if label == "star" else np.ones(corners)
    return np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)


def _background(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Soft clouds of a few colours, grain, and lines that are no shape."""
    rows, columns = rng.integers(1, 7, 2)
    clouds = Image.fromarray(rng.integers(0, 256, (rows, columns, 3), np.uint8))
    image = clouds.resize((width, height), Image.Resampling.BICUBIC)
    speckle = rng.normal(128, rng.uniform(0, 60), (height // SMOOTH, width // SMOOTH))
    grain = Image.fromarray(speckle.clip(0, 255).astype(np.uint8)).convert("RGB")
    image = Image.blend(image, grain.resize((width, height)), rng.uniform(0, 0.4))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.integers(0, 5)):
        ends = [tuple(end) for end in rng.uniform(0, [width, height], (2, 2))]
        pen.line(ends, fill=_colour(rng), width=int(rng.integers(1, 5)) * SMOOTH)
    return image


def _colour(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(value) for value in rng.integers(0, 256, 3))


def _contrasting(rng: np.random.Generator, behind: tuple[int, ...]) -> tuple[int, ...]:
    """A colour that can be told from the one behind it."""
    while True:
        colour = _colour(rng)
        if np.abs(np.subtract(colour, behind)).sum() > 150:
            return colour


def main() -> None:
    """Write scenes to measure on."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="training draws with seed 0")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(options.seed)
    images, annotations = [], []
    for number in range(options.count):
        scene = draw(rng, *(int(side) for side in rng.integers(320, 641, 2)))
        name = f"{number:04}.jpg"
        scene.image.save(options.folder / name, quality=90)
        width, height = scene.image.size
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for box, label in zip(scene.boxes.tolist(), scene.classes.tolist(), strict=True):
            x1, y1, x2, y2 = box
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": label + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "iscrowd": 0,
                }
            )
    categories = [{"id": index + 1, "name": label} for index, label in enumerate(LABELS)]
    truth = {"images": images, "annotations": annotations, "categories": categories}
    (options.folder / "instances.json").write_text(json.dumps(truth), encoding="utf-8")
    print(f"{options.folder}: {len(images)} scenes, {len(annotations)} shapes")


if __name__ == "__main__":
    main()
