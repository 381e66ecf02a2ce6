"""Test-time flip: boxes are mirrored back, and an object that was found twice appears once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura import Detections, Detector
from obscura.flip import joined, mirrored


def seen(*rows: tuple[float, tuple[int, int, int, int]], class_id: int = 0) -> Detections:
    scores, boxes = zip(*rows, strict=True)
    return Detections(
        np.array(boxes, np.float32),
        np.array(scores, np.float32),
        np.full(len(rows), class_id, np.int32),
    )


def test_mirroring_swaps_left_and_right_within_the_picture() -> None:
    found = seen((0.9, (10, 5, 40, 20)))

    assert mirrored(found, 100).xyxy.tolist() == [[60, 5, 90, 20]]
    assert mirrored(mirrored(found, 100), 100).xyxy.tolist() == found.xyxy.tolist()


def test_of_two_boxes_of_one_object_the_better_one_is_kept() -> None:
    first = seen((0.6, (0, 0, 100, 100)), (0.3, (200, 0, 220, 20)))
    second = seen((0.8, (0, 0, 100, 96)), (0.7, (500, 0, 520, 20)))

    both = joined((first, second), 0.6)

    assert np.allclose(both.score, [0.8, 0.7, 0.3])
    assert both.xyxy[0].tolist() == [0, 0, 100, 96]
    assert len(joined((first, seen((0.8, (0, 0, 100, 100)), class_id=1)), 0.6)) == 3
    assert len(joined((Detections.empty(), Detections.empty()), 0.6)) == 0


def test_track_ids_and_data_are_kept() -> None:
    found = seen((0.6, (0, 0, 10, 10)), (0.9, (0, 0, 10, 9)), (0.3, (50, 0, 60, 10))).replace(
        track_id=np.array([4, 5, 6]), data={"name": np.array(["a", "b", "c"])}
    )

    mirror = mirrored(found, 100)
    merged = joined((found[:1], found[1:]), 0.6)

    for kept, rows in ((mirror, [0, 1, 2]), (merged, [1, 2])):
        assert kept.track_id is not None
        assert kept.track_id.tolist() == [[4, 5, 6][row] for row in rows]
        assert kept.data["name"].tolist() == [["a", "b", "c"][row] for row in rows]


@pytest.mark.usefixtures("colour_models")
def test_a_detector_with_flip_finds_the_same_objects_once(
    scene: Callable[..., NDArray[np.uint8]],
) -> None:
    picture = scene(200, 120, red=(20, 10, 70, 60), blue=(110, 30, 190, 110))

    with Detector("colours") as once, Detector("colours", flip=True) as twice:
        plain, both = once.detect(picture), twice.detect(picture)

    assert len(plain) == 2
    assert both.class_id.tolist() == plain.class_id.tolist()
    assert np.abs(both.xyxy - plain.xyxy).max() < 4  # a pixel of the model's input
