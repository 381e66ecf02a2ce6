"""Clips of every kind of time, made with PyAV: each frame has its number drawn on it as bits."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.drawing import colour
from obscura.sources import Frame

Pixels = NDArray[np.uint8]

WIDTH, HEIGHT = 160, 120
SIDE = 20
"""Of the square that each bit is drawn as, in pixels."""
BITS = 6
EVEN = tuple(range(0, 2400, 200))
"""Times of twelve frames, in units of `Clip.base`."""
UNEVEN = (0, 200, 230, 900, 910, 1000, 1450, 1500, 2100, 2110, 2120, 3000)


@dataclass(frozen=True)
class Clip:
    """How a clip is made.

    Attributes:
        ending: of the file.
        times: of its frames, in units of ``base``.
        turn: degrees by which players turn it, anticlockwise.
        mirrored: whether players swap left and right, before they turn it.
        pixel: width of its pixels by their height.
        between: most frames with bits from later ones (B-frames).
        options: of the file's format.
        edit: what becomes of the bytes.
        shown: numbers of the frames that players show; None for all.
        sound: whether it has a track of sound.
    """

    ending: str = ".mp4"
    times: Sequence[int] = EVEN
    base: Fraction = Fraction(1, 2000)
    turn: int = 0
    mirrored: bool = False
    pixel: Fraction = Fraction(1)
    between: int = 0
    options: dict[str, str] = field(default_factory=dict)
    edit: Callable[[bytes], bytes] = bytes
    shown: Sequence[int] | None = None
    sound: bool = False

    def numbers(self) -> list[int]:
        """Return the numbers of the frames that are shown."""
        return list(range(len(self.times)) if self.shown is None else self.shown)

    def times_s(self) -> list[float]:
        """Return the times of the frames that are shown, from the first of them."""
        times = [self.times[number] for number in self.numbers()]
        return [float((each - times[0]) * self.base) for each in times]


def later(times: Sequence[int], by: int) -> tuple[int, ...]:
    """Return times that begin later."""
    return tuple(each + by for each in times)


def begin_at(media_time: int) -> Callable[[bytes], bytes]:
    """Return what makes the edit list of an MP4 file begin at a time of its track."""

    def edit(data: bytes) -> bytes:
        at = data.index(b"elst") + 4
        assert struct.unpack_from(">BxxxI", data, at) == (0, 1), "one entry in 32 bits"
        made = bytearray(data)
        struct.pack_into(">i", made, at + 12, media_time)
        return bytes(made)

    return edit


def end_at(duration: int) -> Callable[[bytes], bytes]:
    """Return what makes the edit list of an MP4 file end after so many thousandths of a second."""

    def edit(data: bytes) -> bytes:
        at = data.index(b"elst") + 4
        made = bytearray(data)
        struct.pack_into(">I", made, at + 8, duration)
        return bytes(made)

    return edit


CLIPS = {
    "even": Clip(),
    "uneven": Clip(times=UNEVEN),
    "late": Clip(times=later(EVEN, 2800)),
    "late, uneven": Clip(times=later(UNEVEN, 2800)),
    "late, Matroska": Clip(".mkv", times=later(UNEVEN, 2800)),
    "B-frames": Clip(between=3),
    "B-frames, uneven": Clip(times=UNEVEN, between=3),
    "B-frames, no edit list": Clip(between=3, options={"use_editlist": "0"}),
    "QuickTime": Clip(".mov", times=UNEVEN),
    "WebM, uneven": Clip(".webm", times=UNEVEN),
    "WebM, late": Clip(".webm", times=later(UNEVEN, 2800)),
    "WebM without a duration": Clip(".webm", times=UNEVEN, options={"live": "1"}),
    "fragments": Clip(options={"movflags": "frag_keyframe+empty_moov"}),
    "begins within": Clip(edit=begin_at(8000), shown=range(5, 12)),
    "begins between": Clip(edit=begin_at(8800), shown=range(6, 12)),
    "begins within, B-frames": Clip(between=3, edit=begin_at(11200), shown=range(5, 12)),
    "ends within": Clip(edit=end_at(800), shown=range(8)),
    "turned 90": Clip(turn=90),
    "turned 180": Clip(turn=180),
    "turned 270": Clip(turn=270),
    "mirrored": Clip(mirrored=True),
    "mirrored, turned 90": Clip(mirrored=True, turn=90),
    "mirrored, turned 180": Clip(mirrored=True, turn=180),
    "wide pixels": Clip(pixel=Fraction(2)),
    "high pixels": Clip(pixel=Fraction(2, 3)),
    "turned, wide pixels": Clip(pixel=Fraction(2), turn=90),
    "sound": Clip(times=UNEVEN, sound=True),
}
"""By name."""


def picture(number: int) -> Pixels:
    """Return a frame with its number in bits, the lowest on the left, and a red corner below."""
    pixels = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    for bit in range(BITS):
        pixels[:SIDE, bit * SIDE : (bit + 1) * SIDE] = 255 * (number >> bit & 1)
    pixels[-SIDE:, :SIDE] = (220, 20, 20)
    return pixels


def number_in(pixels: Pixels, *, above: int = 0) -> int:
    """Return the number that is drawn on an upright frame of any size."""
    height, width = pixels.shape[:2]
    y = round((above + SIDE / 2) * height / HEIGHT)
    columns = [round((bit + 0.5) * SIDE * width / WIDTH) for bit in range(BITS)]
    return sum(int(pixels[y, x, 1] > 128) << bit for bit, x in enumerate(columns))


def matrix(clip: Clip) -> list[int]:
    """Return what a file says of how its frames are shown, in the numbers of ISO 14496-12."""
    one = 1 << 16
    cosine, sine = {0: (1, 0), 90: (0, -1), 180: (-1, 0), 270: (0, 1)}[clip.turn]
    mirror = -1 if clip.mirrored else 1
    return [
        mirror * cosine * one,
        mirror * sine * one,
        0,
        -sine * one,
        cosine * one,
        0,
        0,
        0,
        1 << 30,
    ]


CLASS, LABELS = 2, ("", "", "thing")


def left_of(number: int) -> int:
    """Return where the box of a frame begins, in pixels."""
    return 10 + 8 * number


def box_of(number: int) -> tuple[float, float, float, float]:
    """Return the box of a frame, which is in another place in each."""
    return left_of(number), HEIGHT / 2, left_of(number) + 40.0, HEIGHT - 10.0


def box_of_its_own(frame: Frame) -> Detections:
    """Return the box of a frame by the number that is drawn on it."""
    return Detections(
        xyxy=np.array([box_of(number_in(frame.pixels))], np.float32),
        score=np.array([0.9], np.float32),
        class_id=np.array([CLASS], np.int32),
    )


def box_at(pixels: Pixels) -> int:
    """Return where the box that is drawn on a frame begins: its left edge, in pixels."""
    wanted = [int(colour(CLASS)[i : i + 2], 16) for i in (1, 3, 5)]
    near = np.abs(pixels[80:100].astype(int) - wanted).sum(-1).mean(0) < 120
    return int(np.flatnonzero(near)[0])


def make(path: Path, clip: Clip) -> Path:
    """Write a clip, and return its path."""
    import av

    coded = "libvpx-vp9" if clip.ending == ".webm" else "libx264"
    with av.open(str(path), "w", options=dict(clip.options)) as container:
        stream: Any = container.add_stream(coded, rate=10, options={"bf": str(clip.between)})
        turned = clip.turn % 180 != 0
        stream.width, stream.height = (HEIGHT, WIDTH) if turned else (WIDTH, HEIGHT)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base, context.thread_count = clip.base, 1
        context.max_b_frames = clip.between
        context.sample_aspect_ratio = 1 / clip.pixel if turned else clip.pixel
        stream.set_display_matrix(matrix(clip))
        sound: Any = container.add_stream("aac", rate=8000) if clip.sound else None
        for number, time in enumerate(clip.times):
            stored = np.rot90(picture(number), -clip.turn // 90)
            stored = np.ascontiguousarray(stored[:, ::-1] if clip.mirrored else stored)
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
            frame.time_base, frame.pts = clip.base, time
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            tone = np.sin(np.arange(8000), dtype=np.float32)[None] / 4
            samples = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            samples.rate = 8000
            container.mux(sound.encode(samples))
            container.mux(sound.encode(None))
    path.write_bytes(clip.edit(path.read_bytes()))
    return path
