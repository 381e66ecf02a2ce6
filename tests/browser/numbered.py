"""A clip whose frames carry their number, and a green rectangle in a place of its own for each; and
what a recording of it shows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from obscura.drawing import colour

from .networks import COLOURS

SIZE = (640, 480)
TICKS = Fraction(1, 1000)
STEP, PLACES = 40, 13
TOP, WIDTH, HEIGHT = 160, 120, 160
BITS, BIT = 8, 40
"""Squares along the lower edge: white for 1, the lowest bit first."""
GREEN = 1
"""Class of green things, see `networks`."""


class Shown(NamedTuple):
    """A frame of a recording."""

    number: int
    time_s: float
    box: tuple[int, int] | None
    """Left and right edge of the box that was drawn; None if there is none."""
    green: int
    """How many pixels are of the rectangle's own colour."""


def place(number: int) -> tuple[int, int]:
    """Return the left and right edge of the rectangle in a frame."""
    left = 10 + STEP * (number % PLACES)
    return left, left + WIDTH


def picture(number: int) -> NDArray[np.uint8]:
    """Return a frame as ``(height, width, 3)`` RGB."""
    made = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    left, right = place(number)
    made[TOP : TOP + HEIGHT, left:right] = (0, 255, 0)
    for bit in range(BITS):
        if number >> bit & 1:
            made[SIZE[1] - BIT :, bit * BIT : (bit + 1) * BIT] = 255
    return made


def clip(
    times_ms: Sequence[int],
    *,
    sound: bool = False,
    sound_ms: int | None = None,
    size: tuple[int, int] = SIZE,
) -> bytes:
    """Return a WebM file with a numbered frame at each of these times.

    Args:
        size: width and height of the frames, which are scaled.
        sound: whether it has a tone.
        sound_ms: how long that lasts; None for until the last frame.
    """
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream: Any = container.add_stream("libvpx", rate=30)
        stream.width, stream.height = size
        stream.pix_fmt, stream.bit_rate, stream.gop_size = "yuv420p", 4_000_000, 10
        stream.time_base = stream.codec_context.time_base = TICKS
        stream.options = {"deadline": "realtime", "cpu-used": "8"}
        heard: Any = container.add_stream("libopus", rate=48_000) if sound else None
        for number, time_ms in enumerate(times_ms):
            scaled = Image.fromarray(picture(number)).resize(size, Image.Resampling.NEAREST)
            frame = av.VideoFrame.from_image(scaled)
            frame.pts, frame.time_base = time_ms, TICKS
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if heard is not None:
            container.mux(
                [each for tone in _tones(sound_ms or times_ms[-1]) for each in heard.encode(tone)]
            )
            container.mux(heard.encode())
    return file.getvalue()


def _tones(until_ms: int) -> list[av.AudioFrame]:
    made = []
    for start in range(0, until_ms * 48, 960):
        phase = np.arange(start, start + 960) * 2 * np.pi * 440 / 48_000
        samples = (np.sin(phase) * 8000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        made.append(frame)
    return made


def shown(data: bytes) -> list[Shown]:
    """Return the frames of a recording of the clip."""
    with av.open(io.BytesIO(data)) as container:
        return [
            read(frame.to_ndarray(format="rgb24"), float(frame.time or 0))
            for frame in container.decode(video=0)
        ]


def sounds(data: bytes) -> list[tuple[float, bytes]]:
    """Return time in seconds and bytes of each packet of a file's sound."""
    with av.open(io.BytesIO(data)) as container:
        if not container.streams.audio:
            return []
        return [
            (float(packet.pts * packet.time_base), bytes(packet))
            for packet in container.demux(audio=0)
            if packet.size
        ]


def duration_s(data: bytes) -> float:
    """Return the duration that a file itself says."""
    with av.open(io.BytesIO(data)) as container:
        assert container.duration is not None, "it does not say how long it lasts"
        return container.duration / 1e6


def pictures_end_s(data: bytes) -> float:
    """Return when the last frame of a file ends, as the file says."""
    with av.open(io.BytesIO(data)) as container:
        stream: Any = container.streams.video[0]
        assert stream.duration is not None, "it does not say when it ends"
        return float(stream.duration * stream.time_base)


def read(image: NDArray[np.uint8], time_s: float) -> Shown:
    """Return what a frame of a recording shows, as ``(height, width, 3)`` RGB."""
    scale = image.shape[1] / SIZE[0]
    small = np.asarray(Image.fromarray(image).resize(SIZE, Image.Resampling.BOX))
    bits = small[-BIT // 2, BIT // 2 : BITS * BIT : BIT].mean(axis=1) > 128
    number = int(sum(1 << bit for bit in range(BITS) if bits[bit]))
    top, bottom = (int(edge * scale) for edge in (TOP + 40, TOP + HEIGHT - 40))
    columns = np.flatnonzero(_of_box(image[top:bottom]).mean(axis=0) > 0.5) / scale
    box = (round(columns[0]), round(columns[-1])) if len(columns) else None
    green = (small[..., 1] > 180) & (small[..., 0] < 80) & (small[..., 2] < 80)
    return Shown(number, time_s, box, int(green.sum()))


def _of_box(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which pixels are of the box's own colour: nearer to it than to all others that such a
    frame may have, which are those of the other classes' boxes, the rectangle and what is around.

    There is no distance that a line always keeps: encoders take the colour of a thin one off by
    more the fewer bits they have, and VP8's second frame has few.
    """
    lines = [ImageColor.getrgb(colour(class_id)) for class_id in range(len(COLOURS))]
    pixels = image.astype(np.int16)
    off = [
        np.abs(pixels - np.array(each, np.int16)).sum(axis=2)
        for each in [*lines, (0, 255, 0), (0, 0, 0)]
    ]
    nearest: NDArray[np.intp] = np.argmin(off, axis=0)
    return nearest == GREEN
