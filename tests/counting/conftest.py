"""What the tests of `obscura count` share: an object that walks, in a table and in frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from obscura.cli import main

Scene = Callable[..., NDArray[np.uint8]]
Count = Callable[..., int]

WIDTH, HEIGHT, FRAMES = 640, 480, 21
SHAPES = """{"format": 1,
 "lines": [{"name": "door", "start": [0.5, 1], "end": [0.5, 0]}],
 "zones": [{"name": "right", "corners": [[0.5, 0], [1, 0], [1, 1], [0.5, 1]], "enter_s": 0,
            "leave_s": 0}]}"""
INFO = """[Sequence]
name=walk
imDir=img1
frameRate=10
seqLength=21
imWidth=640
imHeight=480
"""


def left_edge(index: int) -> int:
    """Where a box of 100 pixels is that goes from left to right."""
    return 40 + 24 * index


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    path = tmp_path / "shapes.json"
    path.write_text(SHAPES, encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A sequence without pictures, in which one object walks from left to right."""
    for name in ("det", "gt"):
        (tmp_path / "walk" / name).mkdir(parents=True)
        rows = [
            f"{i + 1},{7 if name == 'gt' else -1},{left_edge(i)},200,100,120,0.9,-1,-1,-1"
            for i in range(FRAMES)
        ]
        if name == "gt":  # a row that MOTChallenge does not evaluate, standing in the zone
            rows += [f"{i + 1},8,500,10,50,50,0,-1,-1,-1" for i in range(FRAMES)]
        (tmp_path / "walk" / name / f"{name}.txt").write_text("\n".join(rows))
    (tmp_path / "walk" / "seqinfo.ini").write_text(INFO)
    return tmp_path / "walk"


@pytest.fixture
def frames(tmp_path: Path, scene: Scene) -> Path:
    """A folder of frames with a red rectangle that walks from left to right."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for i in range(FRAMES):
        box = (left_edge(i), 200, left_edge(i) + 100, 320)
        Image.fromarray(scene(WIDTH, HEIGHT, red=box)).save(folder / f"frame{i}.png")
    (folder / "notes.txt").write_text("no frame")
    return folder


@pytest.fixture
def count(colour_models: Path, shapes: Path) -> Count:
    def run(source: str | Path, *arguments: str | Path) -> int:
        model = str(colour_models / "colours")
        rest = [str(each) for each in arguments]
        return main(["count", str(source), "--shapes", str(shapes), "--model", model, *rest])

    return run
