"""Videos of the person of the bundled picture, walking; and lines to count at."""

from __future__ import annotations

import functools
import io
import json
from fractions import Fraction
from typing import Any

import av
import numpy as np
from PIL import Image
from playwright.sync_api import FilePayload

from .pictures import sample
from .room import Room

SIZE = (640, 360)
RATE = 10
SIDE = 300

DOOR = {"name": "Door", "start": [0.5, 1.0], "end": [0.5, 0.0], "anchor": "centre"}
"""Across the middle, from the bottom to the top: who goes to the right comes in."""


@functools.cache
def walk(
    seconds: float = 12.0,
    *,
    size: tuple[int, int] = SIZE,
    side: int = SIDE,
    way: tuple[int, int] = (0, SIZE[0] - SIDE),
    rate: int = RATE,
) -> bytes:
    """A WebM in which the person goes to the right, at an even pace whatever else the machine does.

    Args:
        seconds: how long it lasts.
        size: width and height in pixels.
        side: width and height of the person's picture.
        way: where that picture's left edge is in the first frame, and in the last.
        rate: frames per second.
    """
    person = sample().resize((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.bit_rate, stream.time_base = 1_500_000, Fraction(1, rate)
        last = round(seconds * rate) - 1
        for index in range(last + 1):
            wall = Image.new("RGB", size, (96, 96, 96))
            left = round(way[0] + (way[1] - way[0]) * index / last)
            wall.paste(person, (left, size[1] - side))
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.asarray(wall), format="rgb24"))
            )
        container.mux(stream.encode())
    return file.getvalue()


def shapes_file(*lines: dict[str, Any], zones: list[dict[str, Any]] | None = None) -> bytes:
    """A file of lines and zones."""
    return json.dumps({"format": 1, "lines": lines, "zones": zones or []}).encode()


def import_shapes(room: Room, content: bytes, name: str = "door.json") -> None:
    """Import a file by the button's picker."""
    file: FilePayload = {"name": name, "mimeType": "application/json", "buffer": content}
    room.at("count-file").set_input_files(files=[file])


def has(room: Room, lines: int, zones: int) -> dict[str, Any]:
    """Wait until there are this many lines and zones."""
    wanted = (
        f"Object.keys(now.counts?.lines ?? {{}}).length === {lines}"
        f" && Object.keys(now.counts?.zones ?? {{}}).length === {zones}"
    )
    return room.until(wanted)


def stored(room: Room) -> dict[str, dict[str, Any]]:
    """Return the lines and zones that are kept, by camera or video."""
    settings = room.page.evaluate("() => localStorage.getItem('obscura.settings') ?? '{}'")
    drawn = json.loads(settings).get("drawn", {})
    return {source: json.loads(text) for source, text in drawn.items()}
