"""Parts of pictures: what is between the beginning of a file and its end, counted but not decoded.

A file of few pixels may hold millions of parts, each of which costs memory, and one of a single
colour half a million scans, each of which goes over all of its pixels: half an hour for a worker.
"""

from __future__ import annotations

import re

MOST_PARTS = 20_000
"""Segments of a JPEG, chunks of a PNG, blocks before a GIF's first frame. 4,000 chunks of 8 kB, as
they usually are, make 32 MB."""
MOST_SCANS = 100
"""Of a JPEG. Encoders make ten."""

_JPEG, _PNG, _GIF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8"
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")  # neither filled up nor within a scan
_END, _SCAN = 0xD9, 0xDA
_BARE = (0x01, 0xD8, _END)  # markers without a length


def too_many_parts(body: bytes) -> bool:
    """Return whether a file has more parts than pictures have."""
    if body.startswith(_JPEG):
        return _too_many_segments(body)
    if body.startswith(_PNG):
        return _too_many_chunks(body)
    return body.startswith(_GIF) and _too_many_blocks(body)


def _too_many_segments(body: bytes) -> bool:
    parts = scans = place = 0
    while found := _MARKER.search(body, place):
        kind, place = found[1][0], found.end()
        if kind == _END and scans:
            break  # before a scan Pillow reads on
        parts += 1
        scans += kind == _SCAN
        if parts > MOST_PARTS or scans > MOST_SCANS:
            return True
        if kind not in _BARE:
            place += int.from_bytes(body[place : place + 2])
    return False


def _too_many_chunks(body: bytes) -> bool:
    parts, place = 0, len(_PNG)
    while place < len(body):
        parts += 1
        if parts > MOST_PARTS:
            return True
        place += 12 + int.from_bytes(body[place : place + 4])
    return False


def _too_many_blocks(body: bytes) -> bool:
    parts, place = 0, 13
    if len(body) > place and body[10] & 0x80:  # a table of colours
        place += 3 << ((body[10] & 7) + 1)
    within = False  # an extension, which is blocks up to an empty one
    while place < len(body):
        size = body[place]
        if not within and size == ord(","):
            break
        parts += 1
        if parts > MOST_PARTS:
            return True
        if within:
            place += 1 + size
            within = size > 0
        else:
            within = size == ord("!")
            place += 2 if within else 1  # others are passed over
    return False
