"""What the tests of commands share: a detector of colours, and videos of walking rectangles."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import obscura
from obscura.cli import main

Scene = Callable[..., NDArray[np.uint8]]
Detect = Callable[..., int]

RED = (160, 120, 480, 240)
FPS = 10


def walking(index: int) -> tuple[int, int, int, int]:
    """Where a box of 100 pixels is in a frame, which goes from left to right."""
    return 40 + 12 * index, 100, 140 + 12 * index, 200


@pytest.fixture
def folder(tmp_path: Path, scene: Scene) -> Path:
    """Two pictures of different size, and a file that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(scene(640, 480, red=RED)).save(folder / "a.png")
    Image.fromarray(scene(64, 64)).save(folder / "b.PNG")
    (folder / "notes.txt").write_text("not a picture, and not asked for")
    return folder


@pytest.fixture
def clip(tmp_path: Path, scene: Scene) -> Path:
    """A video of twelve frames in which a red box walks."""
    import av

    path = tmp_path / "walk.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for index in range(12):
            pixels = scene(640, 480, red=walking(index))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def detect(colour_models: Path) -> Detect:
    def run(*arguments: str | Path) -> int:
        model = str(colour_models / "colours")
        return main(["detect", "--model", model, *map(str, arguments)])

    return run


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(obscura.__file__).parents[1]), **more}
