"""Placement of pictures and crops in a network's input."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura.cards.card import InputSpec
from obscura.engine.placing import drawn_size, place, regions

STRETCH = InputSpec(300, 200, "stretch")
LETTERBOX = InputSpec(64, 64, "letterbox")
CORNER = InputSpec(64, 64, "letterbox-corner")


@pytest.mark.parametrize(
    ("wanted", "size", "placed"),
    [
        (STRETCH, (640, 480), [300, 200, 0, 0, 300, 200, 114]),
        (LETTERBOX, (640, 480), [64, 64, 0, 8, 64, 48, 114]),
        (CORNER, (640, 480), [64, 64, 0, 0, 64, 48, 114]),
        (LETTERBOX, (10_000, 1), [64, 64, 0, 31, 64, 1, 114]),  # never less than one pixel
    ],
)
def test_place(wanted: InputSpec, size: tuple[int, int], placed: list[int]) -> None:
    assert place(wanted, size, 114) == placed


@pytest.mark.parametrize(
    ("wanted", "size", "drawn"),
    [
        (STRETCH, (640, 480), (300, 200)),
        (STRETCH, (100, 480), (100, 200)),  # not enlarged
        (LETTERBOX, (640, 480), (64, 48)),  # in its own shape, without the bars
        (LETTERBOX, (20, 10), (20, 10)),
    ],
)
def test_crops_are_drawn_as_the_input_shows_them_but_never_enlarged(
    wanted: InputSpec, size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    assert drawn_size(wanted, size) == drawn


def boxes(*rows: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("box", "region"),
    [
        ((10, 20, 30, 60), (10, 20, 20, 40)),
        ((10.2, 20.7, 29.1, 59.5), (10, 20, 20, 40)),  # extended to whole pixels
        ((-50, -5, 20, 30), (0, 0, 20, 30)),  # cut at the edges
        ((90, 70, 500, np.inf), (90, 70, 10, 10)),
        ((200, 10, 300, 20), (99, 10, 1, 10)),  # outside: the nearest pixel
        ((-30, 10, -20, 20), (0, 10, 1, 10)),
        ((50, 40, 50, 40), (50, 40, 1, 1)),  # of no size
        ((60, 50, 40, 30), (60, 50, 1, 1)),  # turned inside out
    ],
)
def test_regions(box: tuple[float, float, float, float], region: tuple[int, int, int, int]) -> None:
    assert regions(boxes(box), (100, 80), None) == [region]


def test_boxes_may_be_measured_in_another_size_of_the_same_picture() -> None:
    assert regions(boxes((20, 40, 60, 120)), (100, 80), (200, 320)) == [(10, 10, 20, 20)]


def test_no_boxes_are_no_regions() -> None:
    assert regions(boxes(), (100, 80), None) == []


@pytest.mark.parametrize("wrong", [np.zeros(4), np.zeros((2, 3)), boxes((0, 0, np.nan, 1))])
def test_what_is_not_a_box_is_refused(wrong: NDArray[np.floating]) -> None:
    with pytest.raises(ValueError, match="xyxy"):
        regions(wrong, (100, 80), None)
