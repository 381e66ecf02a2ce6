"""What tests of heads share: cards, heads that see a drawn-up world, and updates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import InputSpec
from obscura.detections import Detections
from obscura.heads import Budget, HeadSpec, HeadStage
from obscura.pipeline import Answer, Request
from obscura.update import FrameInfo, Update

INPUT = InputSpec(8, 8, "stretch")
LABELS = ("person", "dog", "face", "text")
SIZE = (640, 480)


class Form(NamedTuple):
    margin: float = 0.0
    shape: str = "box"
    least: float = 0.0


AS_IT_IS = Form()


@dataclass(frozen=True)
class Card:
    family: str
    name: str = "fake"
    title: str = "Fake"
    labels: tuple[str, ...] = ()
    crop: Form = AS_IT_IS
    input: InputSpec = INPUT
    open: None = None


class CropAnswer(NamedTuple):
    boxes: Any = np.zeros((0, 4), np.float32)
    scores: Any = np.zeros(0, np.float32)
    points: Any = np.zeros((0, 0, 3), np.float32)
    values: dict[str, NDArray[Any]] = {}  # noqa: RUF012  (never changed)


def classified(*probabilities: float) -> CropAnswer:
    return CropAnswer(values={"probabilities": np.array(probabilities, np.float32)})


def aged(age: float, male: float = 0.5) -> CropAnswer:
    return CropAnswer(values={"age": np.array([age]), "male": np.array([male])})


def found(*boxes: Sequence[float], score: float = 0.9, points: int = 0) -> CropAnswer:
    """Boxes in 0..1 of the crop, and as many points in the middle of each."""
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    middle = (xyxy[:, None, :2] + xyxy[:, None, 2:]) / 2
    xys = np.concatenate([middle, np.full((len(xyxy), 1, 1), 0.5)], axis=2)
    return CropAnswer(
        xyxy,
        np.full(len(xyxy), score, np.float32),
        np.repeat(xys, points, axis=1).astype(np.float32),
    )


Look = Callable[[NDArray[np.float32]], CropAnswer]


@dataclass
class Head:
    """A head that answers each crop by a function of its box in the frame."""

    look: Look
    ms: float = 1.0
    requests: list[Request] = field(default_factory=list)

    def run(self, request: Request) -> Answer:
        self.requests.append(request)
        return Answer({"xyxy": request.xyxy}, self.ms * len(request.xyxy))

    def read(self, outputs: dict[str, NDArray[Any]], card: Any, sizes: Any) -> list[CropAnswer]:
        assert np.array_equal(sizes, outputs["xyxy"][:, 2:] - outputs["xyxy"][:, :2])
        return [self.look(box) for box in outputs["xyxy"]]


def stage(
    family: str, head: Head, on: Sequence[str] = ("person",), *, budget: Budget | None = None,
    card: dict[str, Any] | None = None, **options: Any,
) -> HeadStage:  # fmt: skip
    spec = HeadSpec(options.pop("name", "look"), "fake", tuple(on), **options)
    return HeadStage(spec, Card(family, **card or {}), LABELS, budget or Budget(), head.read)


def update(
    boxes: Sequence[Sequence[float]] = (),
    *,
    index: int = 0,
    time_s: float | None = None,
    classes: Sequence[int] | None = None,
    tracks: Sequence[int] | None = None,
    score: Sequence[float] | None = None,
    data: dict[str, Any] | None = None,
) -> Update:
    count = len(boxes)
    detections = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(count, 0.95, np.float32) if score is None else np.array(score, np.float32),
        np.zeros(count, np.int32) if classes is None else np.array(classes, np.int32),
        None if tracks is None else np.array(tracks, np.int64),
        data or {},
    )
    time_s = index / 10 if time_s is None else time_s
    return Update(FrameInfo(index, time_s, *SIZE), detections)


def crowd(count: int) -> list[list[float]]:
    """Boxes beside and above each other, none of which overlap."""
    return [
        [column * 60.0, row * 40.0, column * 60.0 + 30, row * 40.0 + 35]
        for row in range(12)
        for column in range(10)
    ][:count]
