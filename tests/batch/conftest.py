"""What the tests of runs share: folders of pictures, and commands in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from obscura.cli import main

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., "subprocess.Popen[str]"]
Detect = Callable[..., int]


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[[int], Path]:
    """Make a folder of N small pictures, each with a red box."""

    def make(number: int) -> Path:
        folder = tmp_path / "pictures"
        folder.mkdir()
        picture = Image.new("RGB", (64, 48))
        picture.paste((255, 0, 0), (16, 12, 48, 24))
        for index in range(number):
            picture.save(folder / f"{index:05}.png")
        return folder

    return make


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A video of twelve frames in which a red box walks."""
    import av

    path = tmp_path / "walk.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for index in range(12):
            picture = Image.new("RGB", (640, 480))
            picture.paste((255, 0, 0), (40 + 12 * index, 100, 140 + 12 * index, 200))
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def detect(colour_models: Path) -> Detect:
    """Run ``obscura detect`` in this process; return its exit code."""

    def run(*arguments: str | Path) -> int:
        return main(["detect", "--model", str(colour_models / "colours"), *map(str, arguments)])

    return run


@pytest.fixture
def start(colour_models: Path) -> Start:
    """Start ``obscura detect``, or another command, in a process of its own, with its children in
    its group."""

    def run(
        *arguments: str | Path, command: str = "detect", **options: Any
    ) -> subprocess.Popen[str]:
        model = colour_models / "colours"
        words = [sys.executable, "-m", "obscura", command, "--model", str(model)]
        given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [*words, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "py")},
            start_new_session=True,
            text=True,
            **given | options,
        )

    return run


def sources(out: Path) -> list[str]:
    """Return the name of the picture of each record in a run's folder."""
    lines = [
        text for shard in sorted(out.glob("*.jsonl")) for text in shard.read_text().splitlines()
    ]
    return [Path(json.loads(text)["source"]).name for text in lines]


def names(folder: Path) -> list[str]:
    """Return the names of the pictures of a folder."""
    return sorted(each.name for each in folder.iterdir())
