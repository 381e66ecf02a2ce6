"""Parts: files that are small in pixels, and large in what a decoder has to go through."""

from __future__ import annotations

import io
import struct
import zlib

import httpx
import pytest
from PIL import Image

from obscura.serving.parts import MOST_PARTS, MOST_SCANS, too_many_parts

from .conftest import error

MANY = MOST_PARTS + 1
EMPTY_SCAN = bytes.fromhex(
    "ffc40014 10 01000000000000000000000000000000 e0"  # a table with one code, for a run of nothing
    "ffda0008 01 0100 013f00 7fff00"
)


def encoded(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").save(file, kind, **options)
    return file.getvalue()


JPEG, PNG, GIF = encoded("JPEG", progressive=True), encoded("PNG"), encoded("GIF")
EXTENSIONS = 13 + 3 * 256
"""Where those of this GIF are, behind its colours."""


def scans(count: int) -> bytes:
    """Return a JPEG with further scans that change nothing."""
    return JPEG[:-2] + EMPTY_SCAN * count + JPEG[-2:]


def segments(count: int) -> bytes:
    """Return a JPEG with empty segments of applications."""
    return JPEG[:2] + b"\xff\xe0\x00\x02" * count + JPEG[2:]


def chunks(count: int) -> bytes:
    """Return a PNG with empty chunks of its own kind."""
    chunk = struct.pack(">I4sI", 0, b"prVt", zlib.crc32(b"prVt"))
    return PNG[:33] + chunk * count + PNG[33:]


def comments(count: int) -> bytes:
    """Return a GIF with a comment in so many blocks."""
    return GIF[:EXTENSIONS] + b"!\xfe" + b"\x01A" * count + b"\0" + GIF[EXTENSIONS:]


def empty(count: int) -> bytes:
    """Return a GIF with so many comments, all empty, and what is no block between them."""
    return GIF[:EXTENSIONS] + b"\0!\xfe\0" * count + GIF[EXTENSIONS:]


BOMBS = [
    scans(MOST_SCANS),
    segments(MANY),
    JPEG[:2] + b"\xff\xd9" + segments(MANY)[2:],  # an end that Pillow passes over
    chunks(MANY),
    comments(MANY),
    empty(MANY),
]
IDS = ["scans", "segments", "end", "chunks", "comment", "comments"]


@pytest.mark.parametrize("body", BOMBS, ids=IDS)
def test_a_picture_of_far_too_many_parts_is_refused(client: httpx.Client, body: bytes) -> None:
    assert error(client.post("/v1/detect", content=body)) == (422, "picture")
    assert too_many_parts(body)


@pytest.mark.parametrize(
    "body",
    [
        *(JPEG, PNG, GIF, encoded("WebP"), encoded("BMP"), encoded("JPEG")),
        *(scans(20), segments(1000), chunks(5000), comments(5000), empty(1000)),
        JPEG + b"\xff\xda" * 1000,  # phones put films behind a photo
        *(JPEG[:3], PNG[:8], PNG[:20], GIF[:5], GIF[:13], GIF[:14]),
    ],
    ids=lambda body: f"{body[:4]!r}-{len(body)}",
)
def test_what_encoders_make_and_files_cut_short_are_left_to_the_decoder(body: bytes) -> None:
    assert not too_many_parts(body)


@pytest.mark.parametrize("body", [scans(20), segments(100), chunks(100), comments(100), empty(100)])
def test_these_files_are_pictures_but_for_the_number_of_parts(
    client: httpx.Client, body: bytes
) -> None:
    assert client.post("/v1/detect", content=body).status_code == 200


def test_parts_are_counted_no_further_than_they_may_be() -> None:
    """Runs of one byte are where a search may take the square of their length."""
    for byte in (b"\xff", b"\0", b"!", b"\x01"):
        for beginning in (JPEG[:3], PNG[:8], GIF[:10] + b"\0\0\0"):
            too_many_parts(beginning + byte * (2 << 20))
