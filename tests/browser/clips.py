"""Video files whose frames have their number drawn as bits, so that each can be told from all
others; the person of the bundled picture is in some of them."""

from __future__ import annotations

import functools
import struct
from collections.abc import Collection, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from PIL import Image

from .pictures import sample

BITS = 10
"""Squares along the upper edge, the lowest bit first: white for 1, black for 0."""
RATE = 10
OPTIONS = {
    "": {},
    "live": {"live": "1"},
    "fast": {"movflags": "faststart"},
    "pieces": {"movflags": "frag_keyframe+empty_moov+default_base_moof"},
}
"""Of a container: "live" has no duration, "fast" its table at the beginning, "pieces" one table for
each few frames, as files that are recorded have."""
SIZE = (320, 240)

SPY = f"""
globalThis.given = []; // the numbers of the frames that engines were given
{{
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  const numberOf = ({{ frame, pixels, width, height }}) => {{
    const picture = frame ?? new ImageData(new Uint8ClampedArray(pixels.slice(0)), width, height);
    canvas.width = frame?.displayWidth ?? width;
    canvas.height = frame?.displayHeight ?? height;
    if (frame) context.drawImage(picture, 0, 0);
    else context.putImageData(picture, 0, 0);
    const side = (globalThis.edge === "right" ? canvas.height : canvas.width) / {BITS};
    let number = 0;
    for (let bit = 0; bit < {BITS}; bit++) {{
      const along = (bit + 0.5) * side;
      const at = globalThis.edge === "right" ? [canvas.width - side / 2, along] : [along, side / 2];
      const [red] = context.getImageData(...at, 1, 1).data;
      if (red > 127) number |= 1 << bit;
    }}
    return number;
  }};
  globalThis.Worker = class extends Worker {{
    postMessage(message, ...rest) {{
      const {{ call, frame, pixels }} = message;
      if (call === "run" && (frame || pixels)) given.push(numberOf(message));
      super.postMessage(message, ...rest);
    }}
  }};
}}
"""
"""A script for `new_room(init=...)`. Where a video is turned clockwise by a quarter, a test sets
`globalThis.edge` to "right"."""


@functools.cache
def clip(
    frames: int = 30,
    *,
    people: Collection[int] | None = None,
    size: tuple[int, int] = SIZE,
    container: str = "mp4",
    codec: str = "libvpx-vp9",
    times: Sequence[float] | None = None,
    turned: int = 0,
    sound_s: float = 0.0,
) -> bytes:
    """Return a video of numbered frames.

    Args:
        people: the numbers of the frames in which the person is; all if None.
        size: width and height in pixels, as they are stored.
        times: of the frames in seconds; else there are `RATE` a second.
        container: "mp4" or "webm", and one of `OPTIONS`.
        turned: by how many degrees clockwise players are to turn it.
        sound_s: for how many seconds it has sound.
    """
    container, _, how = container.partition("-")
    # A file, because the table can be moved to the beginning only there.
    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip"
        with av.open(str(path), "w", format=container, options=OPTIONS[how]) as out:
            stream: Any = out.add_stream(codec, rate=RATE)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.bit_rate = 1_000_000
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
            stream.codec_context.gop_size = 8
            sound: Any = (
                out.add_stream("libopus", rate=48_000, layout="stereo") if sound_s else None
            )
            for index in range(frames):
                shown = people is None or index in people
                picture = av.VideoFrame.from_ndarray(drawn(index, size, shown), format="rgb24")
                time_s = index / RATE if times is None else times[index]
                picture.pts, picture.time_base = round(time_s * 1000), Fraction(1, 1000)
                out.mux(stream.encode(picture))
            out.mux(stream.encode())
            if sound is not None:
                silence(out, sound, sound_s)
        data = path.read_bytes()
    return data if turned == 0 else turned_by(data, turned, size)


def turned_by(data: bytes, degrees: int, size: tuple[int, int]) -> bytes:
    """Return an MP4 that players turn clockwise: its track's header (``tkhd``, version 0) has
    another matrix, 40 bytes after its name."""
    a, b, c, d, x, y = {
        90: (0, 1, -1, 0, size[1], 0),
        180: (-1, 0, 0, -1, *size),
        270: (0, -1, 1, 0, 0, size[0]),
    }[degrees]
    whole = 1 << 16
    matrix = struct.pack(
        ">9i", a * whole, b * whole, 0, c * whole, d * whole, 0, x * whole, y * whole, 1 << 30
    )
    at = data.index(b"tkhd") + 4 + 40
    return data[:at] + matrix + data[at + len(matrix) :]


def drawn(index: int, size: tuple[int, int], person: bool) -> np.ndarray[Any, Any]:
    """Return the pixels of a frame, ``(height, width, 3)``."""
    width, height = size
    wall = Image.new("RGB", size, (96, 96, 96))
    square = width // BITS
    if person:
        side = height - square
        wall.paste(sample().resize((side, side)), ((width - side) // 2, square))
    pixels = np.array(wall)
    for bit in range(BITS):
        value = 255 if index >> bit & 1 else 0
        pixels[:square, bit * square : (bit + 1) * square] = value
    return pixels


def silence(out: Any, stream: Any, seconds: float) -> None:
    """Write sound."""
    for start in range(0, round(seconds * 48_000), 960):
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 960 * 2), np.float32), format="flt", layout="stereo"
        )
        frame.sample_rate, frame.pts = 48_000, start
        out.mux(stream.encode(frame))
    out.mux(stream.encode())
