"""Clips with people whose places are known: drawn, and pasted from the sample picture.

Everything is computed from the repository's own pictures and code, the same at every run. Where
somebody is, is the box around their visible pixels: cut at the picture's edge, and without what is
behind bars or behind somebody else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from clip import story
from clip.figure import Figure
from clip.paint import noise, shadow
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample.jpg"
WIDTH, HEIGHT, FPS = 480, 360, 30
OUTLINE = (
    *((225, 14), (270, 22), (298, 62), (300, 105), (278, 132), (268, 172), (300, 205), (305, 240)),
    *((330, 262), (352, 300), (364, 350), (310, 375), (282, 420), (276, 511), (20, 511), (24, 400)),
    *((44, 300), (68, 246), (112, 218), (114, 186), (150, 154), (188, 150), (172, 118), (154, 92)),
    *((158, 52), (190, 22)),
)
"""Of the person in the sample picture, x and y in its pixels."""
FACE = (172, 60, 282, 192)
"""Their face."""
VISIBLE = 0.5
"""From this opacity on, a pixel shows somebody."""

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]
Path3 = Callable[[float], tuple[float, float, float] | None]
"""Where a pasted person is at a time in seconds: x and y of their middle, and their height, in
pixels; None while they are not there."""


@dataclass(frozen=True)
class Frame:
    """A frame of a clip.

    Attributes:
        pixels: uint8 ``(height, width, 3)``, RGB.
        people: around the visible pixels of each person, left, top, right, bottom.
        faces: of those of their faces.
    """

    pixels: Pixels
    people: tuple[Box, ...]
    faces: tuple[Box, ...]


@dataclass(frozen=True)
class Clip:
    """A clip: its name, frames per second, and its frames."""

    name: str
    fps: int
    frames: Callable[[], Iterator[Frame]]


def box_of(mask: Mask) -> Box | None:
    """Return what is around the pixels of a mask; None if there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


# ---- pasted --------------------------------------------------------------------------------------


@cache
def _person() -> tuple[Image.Image, Image.Image, Image.Image]:
    """Return the person of the sample picture, the mask of them, and that of their face."""
    picture = Image.open(SAMPLE).convert("RGB")
    mask, face = Image.new("L", picture.size), Image.new("L", picture.size)
    ImageDraw.Draw(mask).polygon(OUTLINE, fill=255)
    ImageDraw.Draw(face).ellipse(FACE, fill=255)
    left, top = min(x for x, _ in OUTLINE), min(y for _, y in OUTLINE)
    frame = (left, top, max(x for x, _ in OUTLINE), 512)
    return picture.crop(frame), mask.crop(frame), face.crop(frame)


@cache
def _place(seed: int) -> Pixels:
    """Return a background: soft spots and furniture, other ones for each seed."""
    random = np.random.default_rng(seed)
    image = np.empty((HEIGHT, WIDTH, 3))
    spots = np.tile(noise(30.0, seed), (2, 2))[:HEIGHT, :WIDTH, None]
    image[:] = random.uniform(90, 190, 3) + 14 * spots
    for _ in range(6):
        x, y = random.integers(0, WIDTH - 60), random.integers(0, HEIGHT - 60)
        wide, high = random.integers(30, 140), random.integers(20, 120)
        image[y : y + high, x : x + wide] *= random.uniform(0.55, 1.2, 3)
    return image.clip(0, 255).astype(np.uint8)


def _pasted(
    seed: int, seconds: float, paths: tuple[Path3, ...], bars: tuple[tuple[int, int], ...] = ()
) -> Iterator[Frame]:
    """Yield the frames of people who move on paths, each in front of those before.

    Args:
        bars: left and right edge of each bar in front of all of them.
    """
    person, outline, face = _person()
    background = _place(seed)
    for index in range(round(seconds * FPS)):
        canvas = Image.fromarray(background)
        masks: list[tuple[Mask, Mask]] = []
        for path in paths:
            at = path(index / FPS)
            if at is None:
                continue
            x, y, height = at
            size = max(1, round(person.width * height / person.height)), max(1, round(height))
            corner = round(x - size[0] / 2), round(y - size[1] / 2)
            part = outline.resize(size)
            canvas.paste(person.resize(size), corner, part)
            body, head = _placed(part, corner), _placed(face.resize(size), corner)
            masks = [(was & ~body, look & ~body) for was, look in masks]
            masks.append((body, head & body))
        pixels = np.array(canvas)
        for left, right in bars:
            pixels[:, left:right] = (70, 62, 58)
            for pair in masks:
                for mask in pair:
                    mask[:, left:right] = False
        yield Frame(
            pixels,
            tuple(box for body, _ in masks if (box := box_of(body))),
            tuple(box for _, head in masks if (box := box_of(head))),
        )


def _placed(part: Image.Image, corner: tuple[int, int]) -> Mask:
    whole = Image.new("L", (WIDTH, HEIGHT))
    whole.paste(part, corner)
    return np.asarray(whole) >= 255 * VISIBLE


def _line(
    begin: tuple[float, float, float],
    end: tuple[float, float, float],
    from_s: float,
    to_s: float,
    sway: float = 0.0,
) -> Path3:
    """Return a straight path, on which people sway from side to side by so many pixels."""

    def path(time_s: float) -> tuple[float, float, float] | None:
        if not from_s <= time_s <= to_s:
            return None
        share = (time_s - from_s) / (to_s - from_s)
        x, y, height = (a + share * (b - a) for a, b in zip(begin, end, strict=True))
        return x + sway * math.sin(5 * time_s), y + sway / 3 * math.cos(7 * time_s), height

    return path


# ---- drawn ---------------------------------------------------------------------------------------


def _walkers() -> Iterator[Frame]:
    """Yield the frames of the sample clip."""
    empty = story.room()
    for index in range(round(story.SECONDS * story.FPS)):
        image = empty.copy()
        masks: list[tuple[Mask, Mask]] = []
        for walk in story.WALKS:
            pose = walk.pose(index / story.FPS)
            if pose is None:
                continue
            ground = image.copy()
            shadow(ground, pose.foot, pose.height)
            Figure(image, walk.look, pose).paint()
            body: Mask = np.asarray((np.abs(image - ground) > 3).any(axis=2))
            head = body.copy()
            head[max(0, round(pose.foot[1] - 0.855 * pose.height)) :] = False
            masks = [(was & ~body, look & ~body) for was, look in masks]
            masks.append((body, head))
        yield Frame(
            image.clip(0, 255).astype(np.uint8),
            tuple(box for body, _ in masks if (box := box_of(body))),
            tuple(box for _, head in masks if (box := box_of(head))),
        )


CLIPS = (
    Clip("walkers, drawn", story.FPS, _walkers),
    Clip(
        "through the picture",
        FPS,
        lambda: _pasted(
            1,
            6.0,
            (
                _line((-110, 220, 260), (600, 215, 250), 0.3, 3.6, 6),
                _line((600, 230, 240), (-110, 230, 260), 2.8, 5.8, 6),
            ),
        ),
    ),
    Clip(
        "coming nearer",
        FPS,
        lambda: _pasted(2, 4.0, (_line((150, 150, 90), (330, 330, 420), 0.0, 4.0, 5),)),
    ),
    Clip(
        "running",
        FPS,
        lambda: _pasted(
            3,
            4.0,
            (
                _line((-110, 210, 250), (600, 210, 250), 0.4, 1.2),
                _line((600, 210, 240), (-110, 220, 240), 2.2, 3.0),
            ),
        ),
    ),
    Clip(
        "behind bars",
        FPS,
        lambda: _pasted(
            4,
            5.0,
            (_line((-100, 220, 240), (590, 220, 240), 0.2, 4.8, 3),),
            ((60, 84), (140, 164), (230, 310), (380, 404)),
        ),
    ),
    Clip(
        "crossing",
        FPS,
        lambda: _pasted(
            5,
            4.0,
            (
                _line((60, 230, 220), (420, 230, 220), 0.0, 4.0, 4),
                _line((420, 220, 260), (60, 220, 260), 0.0, 4.0, 4),
            ),
        ),
    ),
    Clip(
        "there at once, and gone",
        FPS,
        lambda: _pasted(
            6,
            5.0,
            (
                _line((160, 220, 240), (190, 220, 240), 1.0, 2.0),
                _line((330, 200, 220), (300, 210, 230), 2.5, 4.2),
            ),
        ),
    ),
    Clip(
        "up and down at the edge",
        FPS,
        lambda: _pasted(7, 4.0, (_line((240, 520, 280), (240, 240, 280), 0.3, 3.7, 40),)),
    ),
)
