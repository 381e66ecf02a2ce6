"""Models, pictures and answers for tests: an answer says which picture and which model it is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from obscura.cards.card import ModelCard
from obscura.families.decode import Outputs
from obscura.page.live.analysis import Answer
from obscura.update import FrameInfo, Update

LABELS = ("cat", "dog", "owl")
SAMPLE = 0
"""The number of the bundled picture."""
GRID = 1024
"""Numbers are written into boxes in steps of 1/GRID; float32 holds them exactly."""


def make_card(number: int, labels: tuple[str, ...] = LABELS, *, check: bool = True) -> ModelCard:
    """Return a model's card; two calls make two models, even with the same number."""
    table = {
        "name": f"model-{number}",
        "title": f"Model {number}",
        "summary": "a model of the tests",
        "family": "ssd",
        "labels": list(labels),
        "license": "Apache-2.0",
        "file": {"name": "model.onnx", "bytes": 1000 + number, "sha256": "0" * 64},
        "source": {"package": "none", "version": "1"},
        "input": {"width": 64, "height": 64, "resize": "stretch"},
        "output": {"top": 3, "threshold": 0.5, "iou": 0.5},
        "accuracy": {"dataset": "none", "ap": 1.0, "ap50": 1.0},
    }
    if check:
        table["check"] = {
            "picture": "sample.jpg",
            "size": list(size_of(SAMPLE)),
            "detections": [{"class_id": 0, "score": 0.9, "box": [10, 20, 110, 220]}],
        }
    return ModelCard.from_dict(table)


def model_number(card: ModelCard) -> int:
    """Return the number that a card was made with."""
    return int(card.name.rpartition("-")[2])


def size_of(picture: int) -> tuple[int, int]:
    """Return a picture's size in pixels: no two pictures have the same."""
    return 640 + picture, 480


@dataclass(frozen=True)
class Image:
    """Pixels of a picture, as a model reads them."""

    picture: int
    frame: int = 0
    mirrored: bool = False


def outputs_for(picture: int, model: int) -> Outputs:
    """Return what a model answers about a picture: three boxes of the scores 0.9, 0.6 and 0.3, of
    which the first says which picture and which model it is of."""
    left, top = picture / GRID, model / GRID
    boxes = [[left, top, left + 0.25, top + 0.25], [0.5, 0.5, 0.7, 0.7], [0.6, 0.1, 0.9, 0.4]]
    return Outputs(
        np.array(boxes, np.float32),
        np.array([0.9, 0.6, 0.3], np.float32),
        np.array([0, 1, 2], np.int32),
    )


def mirror_image(outputs: Outputs) -> Outputs:
    """Return what a model answers about the mirror image of a picture."""
    left, top, right, bottom = outputs.boxes.T
    return outputs._replace(boxes=np.stack([1 - right, top, 1 - left, bottom], axis=1))


class Subject(NamedTuple):
    """What an update is about."""

    picture: int
    model: int


def subject(update: Update) -> Subject:
    """Read from an update's best box which picture and which model it is of."""
    left, top = update.detections.xyxy[0, :2].tolist()
    width, height = update.frame.width, update.frame.height
    return Subject(round(left / width * GRID), round(top / height * GRID))


def make_answer(card: ModelCard, picture: int = 7, *, epoch: int = 1, frame: int = 0) -> Answer:
    """Return a model's answer about a frame of a picture."""
    outputs = outputs_for(picture, model_number(card))
    return Answer(epoch, card, FrameInfo(frame, frame / 30, *size_of(picture)), outputs)


class Recorder:
    """A sink that keeps what it receives."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.closed = False

    def take(self, update: Update) -> None:
        """Keep an update."""
        self.updates.append(update)

    def close(self) -> None:
        """Keep nothing more."""
        self.closed = True


class CountingStage:
    """A stage that counts how often it is advanced and reset."""

    def __init__(self) -> None:
        self.frames: list[int] = []
        self.resets = 0

    def update(self, update: Update) -> Update:
        """Note the frame's index."""
        self.frames.append(update.frame.index)
        return update

    def reset(self) -> None:
        """Forget the frames."""
        self.frames.clear()
        self.resets += 1
