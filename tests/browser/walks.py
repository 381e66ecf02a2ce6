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
def walk(seconds: float = 12.0) -> bytes:
    """A WebM in which the person goes from the left edge to the right one."""
    person = sample().resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.bit_rate, stream.time_base = 1_500_000, Fraction(1, RATE)
        last = round(seconds * RATE) - 1
        for index in range(last + 1):
            wall = Image.new("RGB", SIZE, (96, 96, 96))
            wall.paste(person, (round((SIZE[0] - SIDE) * index / last), SIZE[1] - SIDE))
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
