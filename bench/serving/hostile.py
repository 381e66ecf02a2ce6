"""Hostile uploads: pictures cut short or damaged, bombs, other files, false lengths, slowness."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image

from serving.clients import post


class Upload(NamedTuple):
    """A request, and the pause in seconds between its parts."""

    request: bytes
    pause_s: float = 0.0


def uploads(picture: bytes, count: int) -> Iterator[Upload]:
    """Yield hostile uploads, always the same ones.

    Args:
        picture: a good one, JPEG.
    """
    chance = random.Random(20_26)
    good = [picture, *(_encoded(kind) for kind in ("PNG", "WebP", "GIF", "BMP", "AVIF"))]
    kinds = (_cut, _damaged, _random, _bomb, _huge, _other, _lie, _chunks)
    for number in range(count):
        if number % 50 == 49:
            yield Upload(post(picture), pause_s=2.0)  # slower than a body may be
        else:
            yield Upload(kinds[number % len(kinds)](chance, chance.choice(good)))


def _encoded(kind: str) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, kind)
    return file.getvalue()


def _cut(chance: random.Random, good: bytes) -> bytes:
    return post(good[: chance.randrange(len(good))])


def _damaged(chance: random.Random, good: bytes) -> bytes:
    body = bytearray(good)
    for _ in range(20):
        body[chance.randrange(12, len(body))] = chance.randrange(256)
    return post(bytes(body))


def _random(chance: random.Random, good: bytes) -> bytes:
    return post(good[:16] + chance.randbytes(chance.randrange(100_000)))


def _bomb(chance: random.Random, _good: bytes) -> bytes:
    """A small PNG that says it has gigabytes of pixels, or that holds more than it says."""
    side = chance.choice((6_000, 30_000, 65_000))
    rows = zlib.compress(bytes(10 << 20), 9)
    body = b"\x89PNG\r\n\x1a\n"
    for kind, data in (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", rows),
        (b"IEND", b""),
    ):
        body += struct.pack(">I", len(data)) + kind + data
        body += struct.pack(">I", zlib.crc32(kind + data))
    return post(body)


def _huge(_chance: random.Random, _good: bytes) -> bytes:
    return post(bytes(33 << 20))


def _other(chance: random.Random, _good: bytes) -> bytes:
    return post(chance.choice((b"%PDF-1.7", b"PK\x03\x04", b"<svg/>", b"MZ", b"")) + bytes(1000))


def _lie(chance: random.Random, good: bytes) -> bytes:
    """Lengths of a whole other size, or that are no lengths."""
    length = chance.choice(("10", "999999999999", "-1", "1e3", "0x10"))
    return post(good, f"Content-Length: {length}")


def _chunks(chance: random.Random, good: bytes) -> bytes:
    """Chunks whose sizes are wrong or endless."""
    size = chance.choice((b"FFFFFFFFFFFFFFFF", b"-5", b"zz", b"10"))
    return post(size + b"\r\n" + good, "Transfer-Encoding: chunked")
