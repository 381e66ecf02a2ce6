#!/usr/bin/env python3
"""Make the pictures that the benchmark's camera shows: people, pasted from the sample picture.

python3 build.py run bench/speed/people.py
"""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw
from redaction.scenes import OUTLINE, SAMPLE

SIZES = {2: (640, 480), 100: (1280, 720)}
"""Width and height of the picture, by the number of people."""
BESIDE = 0.9
"""Width of a person, of that of their place, where height leaves it."""
OVERLAP = 1.0
"""Height of a person, in that of their row; the row in front hides the rest."""


def people(count: int, size: tuple[int, int]) -> Image.Image:
    """Return a picture of people in rows, as large as they fit.

    Args:
        size: width and height in pixels.
    """
    width, height = size
    person, outline = _person()
    columns = max(1, min(count, round(math.sqrt(count * width / height))))
    rows = math.ceil(count / columns)
    place = width / columns, height / rows
    most = OVERLAP if rows > 1 else 1
    scale = min(BESIDE * place[0] / person.width, most * place[1] / person.height)
    small = max(1, round(person.width * scale)), max(1, round(person.height * scale))
    person, outline = person.resize(small), outline.resize(small)
    picture = Image.new("RGB", size, (150, 140, 128))
    for number in range(count):
        row, column = divmod(number, columns)
        left = round((column + 0.5) * place[0] - small[0] / 2)
        picture.paste(person, (left, round((row + 1) * place[1]) - small[1]), outline)
    return picture


def _person() -> tuple[Image.Image, Image.Image]:
    """Return the person of the sample picture, and the mask of them."""
    picture = Image.open(SAMPLE).convert("RGB")
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).polygon(OUTLINE, fill=255)
    left, top = (min(values) for values in zip(*OUTLINE, strict=True))
    frame = (left, top, max(x for x, _ in OUTLINE), picture.height)
    return picture.crop(frame), mask.crop(frame)


def main() -> int:
    """Write the pictures."""
    for count, size in SIZES.items():
        path = Path(__file__).with_name(f"people-{count}.jpg")
        people(count, size).save(path, quality=75)
        print(f"{path}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
