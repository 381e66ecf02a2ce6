"""The page and the library in CPython give the same answer for the same decoded picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from obscura import Detector

from .conftest import OpenRoom
from .pictures import ROOT, encode, sample
from .room import Room

THRESHOLD = 0.3
"""Low enough for several boxes, some of them poor, on most pictures."""
SCORE_WITHIN = 1e-3
PIXELS_WITHIN = 1.0

COCO = ROOT.parent / "shared" / "data" / "coco128" / "images"


def crowd() -> Image.Image:
    """The same person many times, large and small, turned and not."""
    picture = Image.new("RGB", (801, 533), (30, 90, 60))
    person = sample().crop((0, 0, 380, 512))
    for x, y, height in ((0, 0, 400), (310, 20, 500), (650, 300, 200), (660, 10, 250)):
        picture.paste(person.resize((height * 380 // 512, height)), (x, y))
    return picture


def drawing() -> Image.Image:
    """Hard edges and flat colours, which scalers treat most differently."""
    picture = Image.new("RGB", (400, 300), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((40, 60, 200, 220), fill="orange", outline="black", width=3)
    pen.rectangle((230, 40, 380, 280), fill="navy")
    for x in range(0, 400, 4):
        pen.line((x, 250, x, 299), fill="red")
    return picture


def see_through() -> Image.Image:
    """The person cut out: all around her is transparent and, where it is, white."""
    picture = sample().convert("RGBA")
    alpha = Image.new("L", picture.size, 0)
    ImageDraw.Draw(alpha).ellipse((10, 0, 380, 560), fill=255)
    picture.paste((255, 255, 255, 0), mask=alpha.point(lambda value: 255 - value))
    return picture


PICTURES = {
    "the bundled picture": sample,
    "a crop of odd size": lambda: sample().crop((101, 3, 434, 220)),
    "a tall crop": lambda: sample().crop((60, 0, 260, 512)),
    "a wide strip": lambda: sample().crop((0, 40, 512, 200)),
    "smaller than the model": lambda: sample().resize((97, 71)),
    "larger than the model": lambda: sample().resize((1500, 1126), Image.Resampling.BICUBIC),
    "on its side": lambda: sample().transpose(Image.Transpose.ROTATE_90),
    "a crowd": crowd,
    "a drawing": drawing,
    "grey": lambda: sample().convert("L"),
    "a palette": lambda: sample().quantize(64),
    "partly transparent": see_through,
    "one pixel": lambda: Image.new("RGB", (1, 1), "blue"),
}


@cache
def picture(name: str) -> bytes:
    """A case's PNG: what both sides decode, and decode alike."""
    if name.startswith("coco "):
        with Image.open(COCO / name.removeprefix("coco ")) as image:
            # Without its colour profile, which is part of decoding: browsers apply it, Pillow not.
            return encode(Image.fromarray(np.asarray(image.convert("RGB"))))
    return encode(PICTURES[name]())


def coco_pictures() -> list[Any]:
    """A few real street and kitchen scenes, where they are at hand."""
    found = sorted(COCO.glob("*.jpg"))[:24:4] if COCO.is_dir() else []
    if found:
        return [f"coco {path.name}" for path in found]
    reason = "COCO128 is not here: page and library were not compared on real scenes"
    return [pytest.param("coco", marks=pytest.mark.skip(reason=reason))]


@pytest.fixture(scope="module", params=["cocossd", "centernet-416"])
def both(request: pytest.FixtureRequest, shared_room: OpenRoom) -> Iterator[tuple[Room, Detector]]:
    """The page and the library, with the same model and the same threshold."""
    room = shared_room().open(f"?model={request.param}&threshold={THRESHOLD}")
    room.until_state("ready")
    with Detector(request.param, threshold=THRESHOLD) as detector:
        yield room, detector
    room.page.close()


@pytest.mark.parametrize("name", [*PICTURES, *coco_pictures()])
def test_the_page_finds_what_the_library_finds(both: tuple[Room, Detector], name: str) -> None:
    room, detector = both
    data = picture(name)

    shown = room.read(data, f"{name}.png")["detections"]
    with Image.open(io.BytesIO(data)) as image:
        expected = detector.detect(image).to_records(detector.labels)

    assert_same(clear(shown), clear(expected))


def clear(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that are not so near the threshold that a rounding error decides on them."""
    return [row for row in rows if row["score"] >= THRESHOLD + SCORE_WITHIN]


def assert_same(shown: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Every row has its match; the order of equal scores is free."""
    left = list(shown)
    for row in expected:
        match = next((other for other in left if same(row, other)), None)
        assert match is not None, f"the page lacks {row}: it has {shown}"
        left.remove(match)
    assert not left, f"the page alone has {left}"


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether two rows are one detection."""
    return (
        a["label"] == b["label"]
        and abs(a["score"] - b["score"]) <= SCORE_WITHIN
        and all(
            abs(one - other) <= PIXELS_WITHIN for one, other in zip(a["box"], b["box"], strict=True)
        )
    )


def test_the_pictures_have_something_to_compare() -> None:
    with Detector("cocossd", threshold=THRESHOLD) as detector:
        found = detector.detect(crowd())

    assert len(found) >= 3
