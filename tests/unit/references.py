"""Recorded references and faces, and the cards by which our families read them.

They are made by tools/record_references.py from the original projects' own code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura import families
from obscura.card import ModelCard
from obscura.detections import Detections
from obscura.graph.inspect import Graph, inspect

DATA = Path(__file__).resolve().parents[1] / "data"


class Reference(NamedTuple):
    """One run of a network, and the project's own answer to it, in pixels of the input."""

    width: int
    height: int
    classes: int
    outputs: dict[str, NDArray[Any]]
    threshold: float
    iou: float
    answer: Detections


def reference(name: str) -> Reference:
    """Load tests/data/references/NAME.npz."""
    with np.load(DATA / "references" / f"{name}.npz") as file:
        outputs = {
            key.removeprefix("output:"): file[key]
            for key in file.files
            if key.startswith("output:")
        }
        width, height, classes = (int(file[key]) for key in ("width", "height", "classes"))
        answer = Detections(file["boxes"], file["scores"], file["class_id"].astype(np.int32))
        threshold, iou = float(file["threshold"]), float(file["iou"])
    return Reference(width, height, classes, outputs, threshold, iou, answer.sorted())


def face(name: str) -> Graph:
    """Inspect tests/data/graphs/NAME.onnx."""
    data = (DATA / "graphs" / f"{name}.onnx").read_bytes()
    return inspect(lambda start, stop: data[start:stop], len(data))


def card(
    family: str, size: tuple[int, int], classes: int, *, top: int = 5000, **options: Any
) -> ModelCard:
    """Return the card of an open model that letterboxes nothing."""
    return ModelCard.from_dict(
        {
            "name": "brought", "title": "Brought", "summary": "brought", "family": family,
            "labels": [f"class {i}" for i in range(classes)], "license": "NOASSERTION",
            "file": {"name": "model.onnx", "bytes": 1, "sha256": "0" * 64},
            "source": {},
            "input": {"width": size[0], "height": size[1], "resize": "stretch"},
            "open": {"input": "images", "options": options},
            "output": {"top": top, "threshold": 0.4, "iou": 0.5},
        }
    )  # fmt: skip


def answer(given: Reference, family: str, **options: Any) -> Detections:
    """Read a reference's outputs as we do, to detections in pixels of the input."""
    size = given.width, given.height
    ours = card(family, size, given.classes, **options)
    rows = families.read(given.outputs, ours)
    return families.decode(rows, ours, size, threshold=given.threshold, iou=given.iou)
