"""Skeletons and key points over the picture."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from obscura.detections import Detections
from obscura.page.features.closer.skeleton import LEAST_SCORE, Skeletons
from obscura.page.stage.layers import OPACITY
from obscura.page.stage.placement import place
from obscura.update import FrameInfo, Update


class Context:
    """A 2D context that notes circles and lines, each with the opacity in force."""

    def __init__(self) -> None:
        self.globalAlpha = 1.0
        self.circles: set[tuple[float, float, float]] = set()
        self.lines: set[tuple[float, float]] = set()

    def moveTo(self, x: float, y: float) -> None:  # noqa: N802
        self._from = (x, y)

    def lineTo(self, x: float, y: float) -> None:  # noqa: N802
        self.lines |= {self._from, (x, y)}

    def arc(self, x: float, y: float, *_: float) -> None:
        self.circles.add((round(x, 3), round(y, 3), self.globalAlpha))

    def beginPath(self) -> None:  # noqa: N802
        """Begin."""

    stroke = fill = beginPath


def skeletons(latest: Update | None = None) -> Skeletons:
    stage = SimpleNamespace(name="pose", gives=SimpleNamespace(points=17))
    analysis: Any = SimpleNamespace(update=latest)
    assembly: Any = SimpleNamespace(heads=(stage,))
    return Skeletons(lambda: assembly, analysis)


def posed(scores: list[float], **data: Any) -> Update:
    points = np.zeros((1, 17, 3), np.float32)
    points[0, :, 0] = np.arange(17)
    points[0, : len(scores), 2] = scores
    rows = Detections([[0, 0, 20, 20]], [0.9], [0], data={"pose": points, **data})
    return Update(FrameInfo(0, 0.0, 100, 100), rows)


PLACE = place((200, 200), (100, 100))


def test_joints_below_the_least_score_are_not_drawn_nor_bones_to_them() -> None:
    context = Context()
    skeletons().draw(context, posed([0.9, 0.9, LEAST_SCORE - 0.01, 0.9]), PLACE)

    assert {x for x, *_ in context.circles} == {0, 2, 6}
    assert {x for x, _ in context.lines} == {0, 2, 6}  # 0-1 and 1-3, but neither 0-2 nor 2-4


def test_key_points_of_faces_are_dots_without_bones() -> None:
    points = np.array([[[5, 5, 1], [9, 5, 1], [1, 1, 0]]], np.float32)
    context = Context()
    skeletons().draw(context, posed([], keypoints=points), PLACE)

    assert context.circles == {(10, 10, 1.0), (18, 10, 1.0)}
    assert context.lines == set()


def test_a_skeleton_glides_and_fades_with_its_box() -> None:
    latest = posed([0.9])
    moved = latest.detections.replace(
        xyxy=[[10, 0, 30, 20]], data={**latest.detections.data, OPACITY: np.float32([0.5])}
    )
    context = Context()

    skeletons(latest).draw(context, Update(latest.frame, moved), PLACE)

    assert context.circles == {(20, 0, 0.5)}
    assert context.globalAlpha == 1
