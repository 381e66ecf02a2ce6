"""How a photo is to be turned to be upright, where browsers overlook that it is. Pure Python.

Cameras write the orientation into a photo's EXIF block. Browsers turn JPEG, but neither WebP, nor
JPEG whose number is written in 32 bits instead of 16, as some programs do; and not all turn PNG.
The library turns all of these.

Sources: Exif 2.32 (tag 0x0112), TIFF 6.0 (the block's form), the specifications of the WebP
container and of PNG (third edition).
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Awaitable, Callable
from typing import NamedTuple

Read = Callable[[int, int], Awaitable[bytes]]
"""`(start, stop)`: returns these bytes of a file."""

JPEG_HEAD = 1 << 17
"""The part of a JPEG in which its EXIF block is looked for: its first 64 kB segments."""
MOST_EXIF = 1 << 16
MOST_CHUNKS = 32
"""Chunks of a WebP or PNG that are looked at; a still picture has fewer, but for its pixels."""
PNG = b"\x89PNG\r\n\x1a\n"
_TAG = 0x0112
_SHORT, _LONG = 3, 4
_TYPES = {_SHORT: "H", _LONG: "I", 8: "h", 9: "i"}


class Turn(NamedTuple):
    """A turn that the browser overlooks."""

    orientation: int
    """2 to 8, as EXIF counts."""
    at: int
    """Where in the file this is said."""
    upright: bytes
    """As many bytes that say "upright" there, for a browser that would turn the photo, too."""


async def overlooked(read: Read, head: bytes) -> Turn | None:
    """Return how a photo must be turned after the browser has decoded it; None if it need not.

    Args:
        read: reads the file.
        head: its first bytes, 32 at least.
    """
    if head.startswith(b"\xff\xd8\xff"):
        found = _in_jpeg(await read(0, JPEG_HEAD))
        types = set(_TYPES) - {_SHORT}
    elif head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and len(head) > 20 and head[20] & 8:
        found = await _in_webp(read)
        types = set(_TYPES)
    elif head.startswith(PNG):
        found = await _in_png(read)
        types = set(_TYPES)
    else:
        return None
    if found is None:
        return None
    turn = _turn(*found, types)
    return _with_checksum(*found, turn) if turn and head.startswith(PNG) else turn


def matrix(orientation: int, width: float, height: float) -> tuple[float, ...]:
    """Return the six numbers of the canvas's transform that makes a picture upright.

    Args:
        orientation: 1 to 8, as EXIF counts.
        width, height: of the picture as it lies.
    """
    return {
        2: (-1, 0, 0, 1, width, 0),
        3: (-1, 0, 0, -1, width, height),
        4: (1, 0, 0, -1, 0, height),
        5: (0, 1, 1, 0, 0, 0),
        6: (0, 1, -1, 0, height, 0),
        7: (0, -1, -1, 0, height, width),
        8: (0, -1, 1, 0, 0, width),
    }.get(orientation, (1, 0, 0, 1, 0, 0))


def _in_jpeg(data: bytes) -> tuple[int, bytes] | None:
    """Return where in a JPEG the EXIF block begins, and the block."""
    at = 2
    while data[at : at + 1] == b"\xff" and len(data) >= at + 4:
        marker = data[at + 1]
        if marker in (0xD9, 0xDA):  # the pixels follow
            return None
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker == 0xE1 and data.startswith(b"Exif\0\0", at + 4):
            return at + 10, data[at + 10 : at + 2 + length]
        at += 2 + length
    return None


async def _in_webp(read: Read) -> tuple[int, bytes] | None:
    """Return where in a WebP the EXIF block begins, and the block; it stands after the pixels."""
    at = 12
    for _ in range(MOST_CHUNKS):
        head = await read(at, at + 8)
        if len(head) < 8:
            return None
        (length,) = struct.unpack_from("<I", head, 4)
        if head[:4] == b"EXIF":
            block = await read(at + 8, at + 8 + min(length, MOST_EXIF))
            skipped = 6 if block.startswith(b"Exif\0\0") else 0  # some programs write this, too
            return at + 8 + skipped, block[skipped:]
        at += 8 + length + length % 2
    return None


async def _in_png(read: Read) -> tuple[int, bytes] | None:
    """Return where in a PNG the EXIF block begins, and the block; it stands before the pixels."""
    at = len(PNG)
    for _ in range(MOST_CHUNKS):
        head = await read(at, at + 8)
        if len(head) < 8 or head[4:] == b"IDAT":
            return None
        length, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            return at + 8, await read(at + 8, at + 8 + min(length, MOST_EXIF))
        at += 12 + length
    return None


def _with_checksum(start: int, block: bytes, turn: Turn) -> Turn:
    """Return the turn of a PNG whose `upright` goes on to the end of the chunk's checksum."""
    at = turn.at - start
    upright = block[:at] + turn.upright + block[at + len(turn.upright) :]
    checksum = struct.pack(">I", crc32(b"eXIf" + upright))
    return turn._replace(upright=upright[at:] + checksum)


def _turn(start: int, block: bytes, types: set[int]) -> Turn | None:
    """Return what the first directory of an EXIF block says, if it is written in these types."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    try:
        if order is None:
            return None
        (directory,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, directory)
        for at in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(order + "HHI", block, at)
            if tag == _TAG:
                if kind not in types or values != 1:
                    return None
                (value,) = struct.unpack_from(order + _TYPES[kind], block, at + 8)
                upright = struct.pack(order + "HHIHH", _TAG, _SHORT, 1, 1, 0)
                return Turn(value, start + at, upright) if 2 <= value <= 8 else None
    except struct.error:  # it is cut short
        pass
    return None
