"""What is told of what is covered: why everything is, and nothing of covered faces."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from obscura.detections import ATTRIBUTES, Detections
from obscura.page.features.redact.discreet import discreet
from obscura.page.features.redact.readiness import Reason, why_whole
from obscura.update import FrameInfo, Update

LABELS = ("person", "dog", "face", "text")
FRAME = FrameInfo(3, 0.1, 640, 480)


def look(kind: str, *, looked: bool = True, failure: Any = None) -> Any:
    gives = SimpleNamespace(adds=kind)
    return SimpleNamespace(gives=gives, looked=FRAME if looked else None, failure=failure)


@pytest.mark.parametrize(
    ("kinds", "finders", "unavailable", "reason"),
    [
        ([], [], (), Reason("nothing")),
        (["person"], [], (), Reason("")),
        (["face"], [look("face"), look("face")], (), Reason("")),
        (["face"], [look("face"), look("face", looked=False)], (), Reason("loading", ("face",))),
        (["face", "text"], [look("face")], (), Reason("loading", ("text",))),
        (["face", "text"], [look("face")], ("text",), Reason("failed", ("text",))),
        (["face", "text"], [look("face", failure=OSError())], (), Reason("failed", ("face",))),
        (["cat", "face"], [], (), Reason("unknown", ("cat",))),
    ],
)
def test_the_reason_names_what_is_lacking_and_nothing_else(
    kinds: list[str], finders: list[Any], unavailable: tuple[str, ...], reason: Reason
) -> None:
    assert why_whole(kinds, LABELS[:2], finders, FRAME, unavailable) == reason


def found() -> Update:
    points, pose = np.ones((2, 6, 3), np.float32), np.ones((2, 17, 3), np.float32)
    known = np.empty(2, object)
    known[:] = [{"pose": np.ones((17, 3)).tolist(), "age": 30.0}, {}]
    data = {"keypoints": points, "pose": pose, ATTRIBUTES: known}
    rows = Detections(np.array([[0, 0, 9, 9]] * 2), [0.9, 0.8], [0, 2], data=data)
    return Update(FRAME, rows)


@pytest.mark.parametrize("kind", ["face", "person"])
def test_where_the_parts_of_a_covered_face_are_is_not_told(kind: str) -> None:
    told = discreet(found(), LABELS, [kind]).detections

    assert told.data["keypoints"][:, 0, 2].tolist() == [1, 0], "those of the face alone"
    assert told.data["pose"][0, :, 2].tolist() == [0] * 5 + [1] * 12
    person, face = told.data[ATTRIBUTES].tolist()
    assert [point[2] for point in person["pose"]] == [0] * 5 + [1] * 12
    assert person["age"] == 30
    assert face == {}


def test_where_no_face_is_covered_all_is_told() -> None:
    assert discreet(found(), LABELS, ["text"]).detections.data["keypoints"].all()
