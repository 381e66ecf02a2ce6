"""Detections go to supervision and come back as they were."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import supervision

from obscura.detections import ATTRIBUTES, Detections
from obscura.export.supervision import from_supervision, to_supervision
from obscura.extras import ToolMissing

LABELS = ("person", "car")


def detections(**more: Any) -> Detections:
    return Detections(
        xyxy=np.array([[0, 0, 10, 40], [5, 5, 9, 9]], np.float32),
        score=np.array([0.9, 0.4], np.float32),
        class_id=np.array([1, 0], np.int32),
        **more,
    )


def described() -> Detections:
    known = np.empty(2, object)
    known[:] = [{"age": 30.0}, {}]
    points = np.arange(18, dtype=np.float32).reshape(2, 3, 3)
    tracks = np.array([7, -1])
    return detections(track_id=tracks, data={"keypoints": points, ATTRIBUTES: known})


@pytest.mark.parametrize("found", [detections(), described(), Detections.empty()])
def test_nothing_is_lost_on_the_way_there_and_back(found: Detections) -> None:
    theirs = to_supervision(found, LABELS)
    back = from_supervision(theirs)

    assert isinstance(theirs, supervision.Detections)
    assert list(theirs.data["class_name"]) == [LABELS[each] for each in found.class_id]
    for name in ("xyxy", "score", "class_id", "track_id"):
        np.testing.assert_array_equal(getattr(back, name), getattr(found, name))
    assert set(back.data) == set(found.data)
    for name, array in found.data.items():
        np.testing.assert_array_equal(back.data[name], array)


def test_supervision_works_on_what_it_is_given() -> None:
    theirs = to_supervision(described(), LABELS)

    assert len(theirs[theirs.confidence > 0.5]) == 1
    assert theirs.with_nms(0.5).tracker_id.tolist() == [7, -1]
    theirs.xyxy[0, 0] = 3.0  # its arrays are its own


def test_rows_without_scores_and_classes_are_certain_and_of_the_first_class() -> None:
    back = from_supervision(supervision.Detections(xyxy=np.array([[1.0, 2.0, 3.0, 4.0]])))

    assert (back.score.tolist(), back.class_id.tolist(), back.track_id) == ([1.0], [0], None)


def test_without_it_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)

    with pytest.raises(ToolMissing, match="pip install 'supervision'"):
        to_supervision(detections(), LABELS)
