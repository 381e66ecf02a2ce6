"""Orientation: photos that browsers leave lying are found, and turned as Pillow turns them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from obscura.page.live.kinds import HEAD_BYTES
from obscura.page.live.orientation import Turn, matrix, overlooked

from .fakes import run

CASES = Path(__file__).parents[1] / "data" / "cases"


def turn_of(data: bytes) -> Turn | None:
    async def read(start: int, stop: int) -> bytes:
        return data[start:stop]

    return run(overlooked(read, data[:HEAD_BYTES]))


def photo(kind: str, orientation: int, long: bool = False, order: str = "<") -> bytes:
    """A photo of 24 x 16 pixels with this orientation, in 16 or in 32 bits."""
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    value = struct.pack(
        order + ("I" if long else "HH"), *((orientation,) if long else (orientation, 0))
    )
    tag = struct.pack(order + "HHI", 0x0112, 4 if long else 3, 1) + value
    block = mark + struct.pack(order + "IH", 8, 1) + tag + bytes(4)
    file = io.BytesIO()
    shades = np.random.default_rng(1).integers(0, 256, (16, 24, 3), np.uint8)
    Image.fromarray(shades).save(file, kind, exif=b"Exif\0\0" + block, quality=90)
    return file.getvalue()


@pytest.mark.parametrize("name", ["exif6.webp", "orient-long.jpg"])
def test_photos_that_browsers_left_lying_are_found(name: str) -> None:
    turn = turn_of((CASES / name).read_bytes())

    assert turn is not None
    assert turn.orientation == 6


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize(
    ("kind", "long"),
    [("JPEG", True), ("WEBP", False), ("WEBP", True), ("PNG", False), ("PNG", True)],
)
def test_a_photo_says_upright_once_its_turn_is_taken_out(
    kind: str, long: bool, orientation: int, order: str
) -> None:
    data = photo(kind, orientation, long, order)

    turn = turn_of(data)

    assert turn is not None
    assert turn.orientation == orientation
    patched = data[: turn.at] + turn.upright + data[turn.at + len(turn.upright) :]
    assert len(patched) == len(data)
    assert Image.open(io.BytesIO(patched)).getexif()[0x0112] == 1
    assert turn_of(patched) is None


@pytest.mark.parametrize(
    "data",
    [
        photo("JPEG", 6),  # which browsers turn
        photo("PNG", 1),
        photo("JPEG", 1, long=True),
        photo("WEBP", 1),
        photo("WEBP", 9),
        (CASES / "gama1.png").read_bytes(),
        b"",
        b"RIFF\0\0\0\0WEBPVP8X",
        b"\xff\xd8\xff",
    ],
)
def test_other_files_are_left_to_the_browser(data: bytes) -> None:
    assert turn_of(data) is None


@given(st.data())
def test_damaged_photos_are_found_or_left_and_nothing_else(data: st.DataObject) -> None:
    whole = photo(data.draw(st.sampled_from(["JPEG", "WEBP", "PNG"])), 6, long=True)
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    at = data.draw(st.integers(0, max(0, len(cut) - 1)))
    spoiled = cut[:at] + data.draw(st.binary(max_size=4)) + cut[at:]

    turn = turn_of(spoiled)

    assert turn is None or 2 <= turn.orientation <= 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_canvas_turns_a_photo_as_pillow_does(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    file = io.BytesIO()
    lying.save(file, "PNG", exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(file)))

    a, b, c, d, e, f = matrix(orientation, 3, 2)
    turned = np.zeros_like(upright)
    for y in range(2):
        for x in range(3):  # the middle of each pixel
            to_x, to_y = a * (x + 0.5) + c * (y + 0.5) + e, b * (x + 0.5) + d * (y + 0.5) + f
            turned[int(to_y), int(to_x)] = np.asarray(lying)[y, x]

    assert (turned == upright).all()
