#!/usr/bin/env python3
"""Compare the average precision of a YOLOX with that of its authors' own evaluation.

python3 build.py run bench/reference.py --network ONNX --images DIR --annotations JSON

Prints a row for each way to read the same outputs: live (as the page), thorough (as `evaluate`),
the parts of which that consists, and the reference: the evaluation of the YOLOX repository, written
out here step by step, with nothing of the library but the resized picture that entered the network.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from obscura import Detections, pictures
from obscura.cards.card import ModelCard, ModelFile
from obscura.engine.native import NativeSession
from obscura.engine.session import RawOutputs
from obscura.evaluation import LOW, read_truth
from obscura.evaluation.report import table
from obscura.evaluation.score import Matches, Scores
from obscura.families import overlap
from obscura.families.decode import decode, read
from obscura.graph.inspect import inspect
from obscura.identify import guess

Size = tuple[int, int]
Reader = Callable[[RawOutputs, Size], Detections]

NMS = 0.65  # of YOLOX's evaluation, beside a score of 0.01


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--network", type=Path, required=True, metavar="ONNX")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR")
    parser.add_argument("--annotations", type=Path, required=True, metavar="JSON")
    options = parser.parse_args(arguments)
    data = options.network.read_bytes()
    card = yolox_card(data)
    truth = read_truth(options.annotations, options.images)
    ways = _ways(card)
    found: dict[str, dict[int, Detections]] = {way: {} for way in ways}
    session = NativeSession(card, data)
    for number, path in truth.pictures.items():
        pixels = pictures.to_rgba(pictures.open_picture(path))
        outputs = session.run(pixels, keep=False)
        for way, reader in ways.items():
            found[way][number] = reader(outputs, (pixels.shape[1], pixels.shape[0]))
    rows = [(way, *_figures(Matches(truth, card.labels, found[way]).scores())) for way in ways]
    print(table(("read", "AP", "AP50", "AP75"), rows, words=1))
    return 0


def _figures(scores: Scores) -> list[str]:
    return ["-" if one is None else f"{one:.2f}" for one in (scores.ap, scores.ap50, scores.ap75)]


def yolox_card(data: bytes) -> ModelCard:
    """Return the card that the page would make of a file, if that is certain and a YOLOX."""
    readings = guess.guess(inspect(lambda start, stop: data[start:stop], len(data)))
    if not guess.certain(readings) or readings[0].family != "yolox":
        sys.exit("bench/reference.py: this is not certainly a YOLOX")
    file = ModelFile("network.onnx", len(data), sha256(data).hexdigest())
    return guess.card_of(readings[0], name="network", title="Network", file=file)


def _ways(card: ModelCard) -> dict[str, Reader]:
    """Return the ways to read outputs, by name."""

    def with_library(top: int, iou: float, *, thorough: bool = False) -> Reader:
        changed = replace(card, top=top)
        return lambda outputs, size: decode(
            read(outputs, changed, thorough=thorough), card, size, threshold=LOW, iou=iou
        )

    own = overlap(card, thorough=True)
    return {
        f"live: {card.top} rows, IoU {card.iou:g}": with_library(card.top, card.iou),
        f"{card.top} rows, IoU {own:g}": with_library(card.top, own),
        f"all rows, IoU {card.iou:g}": with_library(card.top, card.iou, thorough=True),
        f"thorough: all rows, IoU {own:g}": with_library(card.top, own, thorough=True),
        "reference": lambda outputs, size: reference(
            next(iter(outputs.values()))[0], (card.input.width, card.input.height), size
        ),
    }


def reference(rows: NDArray[np.float32], size: Size, source: Size) -> Detections:
    """Return what YOLOX's own evaluation makes of raw rows.

    As the repository describes it: decode every cell; keep the best class of each with a score,
    objectness x class, of at least 0.01; suppress within classes; undo the scaling.

    Args:
        rows: (n, 5 + classes), of all cells of the strides 8, 16 and 32.
        size: width and height of the network's input.
        source: width and height of the picture.
    """
    boxes = []
    start = 0
    for stride in (8, 16, 32):
        for y in range(size[1] // stride):
            for x in range(size[0] // stride):
                cx, cy, w, h = rows[start, :4].astype(np.float64)
                cx, cy = (cx + x) * stride, (cy + y) * stride
                w, h = np.exp(w) * stride / 2, np.exp(h) * stride / 2
                boxes.append((cx - w, cy - h, cx + w, cy + h))
                start += 1
    xyxy = np.array(boxes) / min(size[0] / source[0], size[1] / source[1])
    score = rows[:, 4] * rows[:, 5:].max(axis=1)
    classes = rows[:, 5:].argmax(axis=1)
    kept: list[int] = []
    for i in np.argsort(-score, kind="stable"):
        if score[i] < LOW:
            break
        rivals = [k for k in kept if classes[k] == classes[i]]
        if not any(_iou(xyxy[k], xyxy[i]) > NMS for k in rivals):
            kept.append(int(i))
    return Detections(
        xyxy[kept].astype(np.float32),
        score[kept].astype(np.float32),
        classes[kept].astype(np.int32),
    )


def _iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return float(shared / (areas - shared))


if __name__ == "__main__":
    sys.exit(main())
