"""What the tests of `obscura redact` share: a person who walks, and videos of them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura.cli import main

Scene = Callable[..., NDArray[np.uint8]]
Redact = Callable[..., int]
Pixels = NDArray[np.uint8]

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT, FRAMES = 320, 240, 20


@pytest.fixture
def redact(colour_models: Path) -> Redact:
    def run(source: Path, out: Path, *arguments: str) -> int:
        model = str(colour_models / "colours")
        what = () if "--what" in arguments else ("--what", "red")
        return main(["redact", str(source), "--out", str(out), "--model", model, *what, *arguments])

    return run


def walking(scene: Scene, index: int, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """A red rectangle walks from left to right; a blue one stands. Nobody at either end."""
    left = 15 * index - 45
    boxes = {"blue": (200, 180, 240, 230)}
    if left + 45 > 0 and left < width:
        boxes["red"] = (max(0, left), 60, max(0, left + 45), 150)
    return scene(width, height, **boxes)[..., :3]


def video(path: Path, frames: list[Pixels], *, times: list[int] | None = None, **of: Any) -> Path:
    """Write a video, 10 frames a second or at these hundredths; ``sound``, ``turn``, ``cover``."""
    av = pytest.importorskip("av")
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "a secret"
        stream = container.add_stream(of.get("codec", "libx264"), rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, of.get("format", "yuv444p")
        stream.codec_context.time_base = Fraction(1, 100)
        stream.set_display_rotation(of.get("turn", 0))
        sound = container.add_stream(of["sound"], rate=8000) if "sound" in of else None
        for i, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.time_base, frame.pts = Fraction(1, 100), times[i] if times else 10 * i
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            tone = (8000 * np.sin(np.arange(8000 * len(frames) // 10))).astype(np.int16)
            samples = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
            samples.rate = 8000
            container.mux(sound.encode(samples))
            container.mux(sound.encode(None))
    return path


def read(path: Path) -> tuple[list[Pixels], list[float]]:
    """Return the frames of a video, upright, and their times."""
    import av

    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [frame.to_ndarray(format="rgb24") for frame in frames], [float(f.time) for f in frames]


def reds(pixels: Pixels) -> int:
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    return int(((red > 120) & (green < 90) & (blue < 90)).sum())


def blues(pixels: Pixels) -> int:
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    return int(((blue > 120) & (green < 90) & (red < 90)).sum())
