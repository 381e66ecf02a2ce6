"""Still pictures: what is inside a zone, without tracks."""

from __future__ import annotations

import numpy as np

from obscura.counting import Zone, inside
from obscura.detections import Detections

SIZE = (200, 100)
LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
LOWER = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))


def found(*boxes: tuple[float, float, float, float]) -> Detections:
    rows = len(boxes)
    return Detections(np.array(boxes).reshape(-1, 4), np.full(rows, 0.9), np.zeros(rows, np.int64))


def test_only_what_has_its_anchor_in_the_zone_is_inside() -> None:
    boxes = found((0, 0, 20, 80), (80, 0, 140, 80), (150, 0, 170, 80))

    assert inside(Zone("a", LEFT), boxes, SIZE).tolist() == [True, False, False]


def test_the_anchor_is_that_of_the_zone() -> None:
    boxes = found((0, 0, 20, 80))

    assert inside(Zone("a", LOWER, anchor="foot"), boxes, SIZE).tolist() == [True]
    assert inside(Zone("a", LOWER, anchor="centre"), boxes, SIZE).tolist() == [False]


def test_the_foot_of_who_is_cut_off_by_the_lower_edge_is_inside() -> None:
    assert inside(Zone("a", LOWER), found((0, 20, 20, 100)), SIZE).tolist() == [True]


def test_nothing_found_is_nothing_inside() -> None:
    assert inside(Zone("a", LEFT), found(), SIZE).shape == (0,)
