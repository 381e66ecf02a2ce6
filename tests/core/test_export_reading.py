"""Records read back: what was written comes again, and files of strangers are refused in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from obscura.detections import ATTRIBUTES, Detections
from obscura.export.reading import RecordsError, from_record, read_lines
from obscura.export.records import to_record
from obscura.update import FrameInfo, Update

LABELS = ("person", "car")
FRAME = FrameInfo(7, 0.28, 640, 480)


def found(**fields: Any) -> Detections:
    return Detections(
        xyxy=[[1.5, 2.25, 30, 40], [5, 5, 9, 9.0625]],
        score=[0.9, 0.4375],
        class_id=[0, 1],
        **fields,
    )


def attributes(*known: dict[str, Any]) -> dict[str, Any]:
    array = np.empty(len(known), object)
    array[:] = known
    return {ATTRIBUTES: array}


@pytest.mark.parametrize(
    "detections",
    [
        Detections.empty(),
        found(),
        found(track_id=[3, -1]),
        found(data={"keypoints": np.array([[[1, 2, 0.5]], [[3, 4, 0.25]]], np.float32)}),
        found(data={"keypoints": np.array([[[1, 2, 0.5]], [[0, 0, 0]]], np.float32)}),
        found(data=attributes({"age": 31.5}, {})),
    ],
    ids=["none", "plain", "tracks", "points", "points of one", "attributes"],
)
def test_a_record_read_back_is_written_the_same(detections: Detections) -> None:
    record = to_record(Update(FRAME, detections), LABELS, source="a.mp4", model="m")

    update = from_record(record)

    assert update.frame == FRAME
    np.testing.assert_array_equal(update.detections.xyxy, detections.xyxy)
    np.testing.assert_array_equal(update.detections.score, detections.score)
    assert update.detections.track_numbers() == detections.track_numbers()
    assert to_record(update, LABELS, source="a.mp4", model="m") == record


def damaged(**fields: Any) -> dict[str, Any]:
    record = to_record(Update(FRAME, found()), LABELS)
    record["detections"][0] |= fields
    return record


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({}, "lacks 'frame'"),
        ({"frame": 0, "time_s": 0, "width": 1, "height": 1}, "lacks 'detections'"),
        ({"frame": 0, "time_s": "soon", "width": 1, "height": 1}, "could not convert"),
        ({"frame": -1, "time_s": 0, "width": 1, "height": 1, "detections": []}, "index from 0"),
        ({"frame": 0, "time_s": 0, "width": 0, "height": 1, "detections": []}, "one pixel"),
        ({"frame": 0, "time_s": 0, "width": 1, "height": 1, "detections": 3}, "cannot be read"),
        (damaged(x1="left"), "cannot be read"),
        (damaged(x1=float("inf")), "not finite"),
        (damaged(score=float("nan")), "not finite"),
        (damaged(class_id=-1), "class_id"),
        (damaged(class_id=2**40), "cannot be read"),
        (damaged(track_id="one"), "cannot be read"),
        (damaged(keypoints=[[1, 2]]), "keypoints"),
        (damaged(attributes=[1]), "attributes"),
    ],
)
def test_a_record_of_strangers_is_refused_in_words(record: dict[str, Any], said: str) -> None:
    with pytest.raises(RecordsError, match=said):
        from_record(record)


def test_lines_are_read_and_empty_ones_left_out() -> None:
    assert list(read_lines(['{"frame": 0}\n', "\n", '{"frame": 1}'])) == [
        {"frame": 0},
        {"frame": 1},
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Line 2 is no JSON"),
        ("[1]", "Line 2 is no record"),
        ("[" * 99999, "Line 2 is no JSON"),
    ],
)
def test_a_damaged_line_is_named(line: str, said: str) -> None:
    with pytest.raises(RecordsError, match=said):
        list(read_lines(["{}", line]))
