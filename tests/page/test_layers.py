"""The box layer: what it draws, in which order, and which box a person has selected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obscura.detections import Detections
from obscura.drawing import colour, ink
from obscura.page.stage.layers import (
    CASING,
    CHIP,
    OPACITY,
    SMALL_CHIP,
    TINY_SIDE,
    BoxLayer,
    smallest_at,
)
from obscura.page.stage.placement import place
from obscura.update import FrameInfo, Update

FIXED = settings(deadline=None, derandomize=True, database=None, max_examples=100)

LABELS = ("cat", "dog", "owl")
SOURCE = (400, 300)
PLACE = place((800, 600), SOURCE)
SMALL, LARGE = [100, 100, 140, 130], [50, 60, 300, 280]


class Canvas:
    """A 2D context that notes what is drawn, with the colours and widths in force."""

    def __init__(self) -> None:
        self.strokeStyle = self.fillStyle = self.font = ""
        self.lineWidth = self.globalAlpha = 1.0
        self.drawn: list[tuple[Any, ...]] = []
        self.measured: list[str] = []
        self.opacities: list[tuple[str, float]] = []
        self._path: list[tuple[Any, ...]] = []

    def beginPath(self) -> None:  # noqa: N802
        self._path = []

    def rect(self, *box: float) -> None:
        self._path.append(("box", *box))

    def roundRect(self, *box: float) -> None:  # noqa: N802
        self._path.append(("chip", *box[:4]))

    def moveTo(self, x: float, y: float) -> None:  # noqa: N802
        self._path.append(("from", x, y))

    def lineTo(self, x: float, y: float) -> None:  # noqa: N802
        self._path.append(("to", x, y))

    def stroke(self) -> None:
        self.drawn.append(("stroke", self.strokeStyle, self.lineWidth, tuple(self._path)))

    def fill(self) -> None:
        self.drawn.append(("fill", self.fillStyle, tuple(self._path)))

    def strokeRect(self, *box: float) -> None:  # noqa: N802
        self.drawn.append(("outline", self.strokeStyle, self.lineWidth, box))

    def fillText(self, words: str, x: float, y: float) -> None:  # noqa: N802
        self.drawn.append(("text", self.fillStyle, words, x, y))
        self.opacities.append((words, self.globalAlpha))

    def measureText(self, words: str) -> Canvas:  # noqa: N802
        self.measured.append(words)
        self.width = 8.0 * len(words)
        return self

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        """Return what was drawn of one kind, in order."""
        return [each[1:] for each in self.drawn if each[0] == kind]


class Layer:
    """A layer on a canvas that is empty before each drawing."""

    def __init__(self) -> None:
        self.canvas = Canvas()
        self.boxes = BoxLayer(self.canvas)
        self.boxes.labels = LABELS

    def draw(self, *rows: tuple[list[float], float, int]) -> Canvas:
        """Draw boxes with their scores and classes, best first."""
        detections = Detections.empty()
        if rows:
            xyxy, score, class_id = zip(*rows, strict=True)
            detections = Detections(
                np.array(xyxy, np.float32),
                np.array(score, np.float32),
                np.array(class_id, np.int32),
            )
        self.canvas.drawn.clear()
        self.boxes.draw(self.canvas, Update(FrameInfo(0, 0.0, *SOURCE), detections), PLACE)
        return self.canvas


@pytest.fixture
def layer() -> Layer:
    """An empty layer."""
    return Layer()


def sides(box: list[float]) -> tuple[float, ...]:
    """Return a box of the source as left, top, width and height in the view, twice as large."""
    x1, y1, x2, y2 = box
    return 2 * x1, 2 * y1, 2 * (x2 - x1), 2 * (y2 - y1)


def test_for_no_rows_nothing_is_drawn(layer: Layer) -> None:
    assert layer.draw().drawn == []


def test_a_box_is_outlined_in_its_colour_over_a_dark_casing(layer: Layer) -> None:
    canvas = layer.draw((LARGE, 0.9, 1))

    assert canvas.drawn[0] == ("stroke", CASING, 4, (("box", *sides(LARGE)),))
    assert canvas.drawn[1] == ("outline", colour(1), 2, sides(LARGE))


def test_a_chip_names_the_class_and_the_score_in_ink_that_can_be_read(layer: Layer) -> None:
    canvas = layer.draw((LARGE, 0.876, 2))

    (fill,) = canvas.of("fill")
    (words,) = canvas.of("text")
    assert fill[0] == colour(2)
    assert words[:2] == (ink(colour(2)), "owl 88 %")
    ((_, _, _, width, height),) = fill[1]
    assert height == CHIP.height
    assert width > 8 * len("owl 88 %")


def test_all_casings_lie_under_all_outlines_and_those_under_all_chips(layer: Layer) -> None:
    canvas = layer.draw((LARGE, 0.9, 0), (SMALL, 0.7, 1))

    kinds = [each[0] for each in canvas.drawn]
    assert kinds == ["stroke", "outline", "outline", "fill", "text", "fill", "text"]
    assert len(canvas.of("stroke")[0][2]) == 2, "one path for all casings"


def test_the_best_box_and_its_chip_lie_on_top(layer: Layer) -> None:
    canvas = layer.draw((LARGE, 0.9, 0), (SMALL, 0.7, 1))

    assert [style for style, *_ in canvas.of("outline")] == [colour(1), colour(0)]
    assert [words for _, words, *_ in canvas.of("text")] == ["dog 70 %", "cat 90 %"]


def test_a_chip_that_was_moved_aside_is_led_back_to_its_box(layer: Layer) -> None:
    canvas = layer.draw(*((SMALL, 0.9 - row / 100, 0) for row in range(6)))

    lines = [path for _, _, path in canvas.of("stroke")[1:]]
    assert lines, "six chips have no place at one small box"
    for (_, _, _), (kind, x, y) in lines:
        assert (kind, x, y) == ("to", *sides(SMALL)[:2])


def test_each_word_is_measured_once(layer: Layer) -> None:
    for _ in range(3):
        layer.draw((LARGE, 0.9, 0), (SMALL, 0.9, 0))

    assert sorted(layer.canvas.measured) == [" 90 %", "cat"]


def test_labels_of_boxes_that_moved_keep_their_places_beside_them(layer: Layer) -> None:
    before = layer.draw((LARGE, 0.9, 0), (SMALL, 0.7, 1)).of("text")
    layer.canvas.measured.clear()

    layer.boxes.moved = True
    large, small = ([side + 10 for side in box] for box in (LARGE, SMALL))
    canvas = layer.draw((large, 0.9, 0), (small, 0.7, 1))

    assert canvas.of("text") == [(ink, words, x + 20, y + 20) for ink, words, x, y in before]
    assert canvas.of("outline")[1][2] == sides(large)
    assert layer.canvas.measured == []


def test_a_track_says_for_how_long_it_has_been_in_view(layer: Layer) -> None:
    detections = Detections(
        np.array([LARGE, SMALL, SMALL], np.float32),
        np.array([0.9, 0.7, 0.6], np.float32),
        np.array([0, 1, 2], np.int32),
        np.array([3, 4, -1]),
        {"seen_s": np.array([12.4, 0.3, 0.0])},
    )

    layer.boxes.draw(layer.canvas, Update(FrameInfo(0, 0.0, *SOURCE), detections), PLACE)

    words = [words for _, words, *_ in layer.canvas.of("text")]
    assert words == ["owl 60 %", "dog 4 70 %", "cat 3 · 12 s 90 %"]


def test_a_box_that_fades_is_drawn_over_the_others_as_opaque_as_it_is(layer: Layer) -> None:
    detections = Detections(
        np.array([LARGE, SMALL, SMALL], np.float32),
        np.array([0.9, 0.7, 0.6], np.float32),
        np.array([0, 1, 2], np.int32),
        data={OPACITY: np.array([0.5, 1, 0])},
    )
    layer.boxes.draw(layer.canvas, Update(FrameInfo(0, 0.0, *SOURCE), detections), PLACE)

    assert layer.canvas.opacities == [("dog 70 %", 1), ("cat 90 %", 0.5)]
    assert layer.canvas.globalAlpha == 1


def test_where_other_rows_are_drawn_labels_are_placed_anew(layer: Layer) -> None:
    layer.draw((LARGE, 0.9, 0))
    layer.boxes.moved = True

    canvas = layer.draw((LARGE, 0.9, 0), (SMALL, 0.7, 1))

    assert [words for _, words, *_ in canvas.of("text")] == ["dog 70 %", "cat 90 %"]


def test_a_small_box_has_a_small_chip(layer: Layer) -> None:
    canvas = layer.draw(([100, 100, 120, 140], 0.9, 0))

    ((_, (chip,)),) = canvas.of("fill")
    assert chip[-1] == SMALL_CHIP.height


def test_a_tiny_box_is_a_dot_with_a_line_to_a_chip_that_does_not_touch_it(layer: Layer) -> None:
    tiny = [100, 100, 104, 104]
    canvas = layer.draw((tiny, 0.9, 0))

    left, top, width, height = sides(tiny)
    assert max(width, height) < TINY_SIDE
    ((_, _, dot),) = canvas.of("outline")
    assert dot == (left + width / 2 - 1, top + height / 2 - 1, 2, 2)
    ((_, ((_, x, y, chip_width, chip_height),)),) = canvas.of("fill")
    assert y + chip_height < top or y > top + height or x > left + width or x + chip_width < left
    (_, _, line) = canvas.of("stroke")[-1]
    assert line[-1] == ("to", left + width / 2, top + height / 2)


def test_percentages_can_be_switched_off(layer: Layer) -> None:
    layer.boxes.percentages = False

    canvas = layer.draw((LARGE, 0.9, 0))

    assert [words for _, words, *_ in canvas.of("text")] == ["cat"]


def test_labels_can_be_switched_off_and_a_selected_box_still_says_all(layer: Layer) -> None:
    layer.boxes.names = False
    assert layer.draw((LARGE, 0.9, 0)).of("text") == []

    layer.boxes.selected = 0

    (words,) = layer.draw((LARGE, 0.9, 0)).of("text")
    assert words[1] == "cat 90 % · 250 × 220 px"  # noqa: RUF001


def test_text_and_lines_grow_with_the_unit(layer: Layer) -> None:
    layer.boxes.reset(2.0)

    canvas = layer.draw((LARGE, 0.9, 0))

    assert canvas.font.startswith("600 26px ")
    assert canvas.of("outline")[0][1] == 4
    ((_, (chip,)),) = canvas.of("fill")
    assert chip[-1] == 2 * CHIP.height


def test_a_label_of_a_cropped_picture_stays_in_view(layer: Layer) -> None:
    """A picture that fills the view is larger than it: the label goes where it can be read."""
    filling = place((200, 400), SOURCE, fill=True)
    detections = Detections([[0, 100, 390, 280]], [0.9], [0])

    layer.boxes.clear = (0, 50, 200, 340)
    layer.boxes.draw(layer.canvas, Update(FrameInfo(0, 0.0, *SOURCE), detections), filling)

    ((_, ((_, x, y, width, height),)),) = layer.canvas.of("fill")
    assert 0 <= x <= x + width <= 200
    assert 50 <= y <= y + height <= 340


# ---- selection -----------------------------------------------------------------------------------


def test_a_selected_box_is_outlined_twice_and_says_its_size(layer: Layer) -> None:
    layer.boxes.selected = 1

    canvas = layer.draw((LARGE, 0.9, 0), (SMALL, 0.7, 1))

    assert canvas.of("outline")[-2:] == [(CASING, 6, sides(SMALL)), (colour(1), 4, sides(SMALL))]
    assert [words for _, words, *_ in canvas.of("text")] == ["dog 70 % · 40 × 30 px", "cat 90 %"]  # noqa: RUF001


def test_a_point_selects_the_smallest_box_there_whatever_its_row_is(layer: Layer) -> None:
    layer.boxes.point = (240, 240)

    layer.draw((LARGE, 0.9, 0), (SMALL, 0.7, 1))
    assert layer.boxes.selected == 1
    layer.draw((SMALL, 0.9, 1), (LARGE, 0.7, 0))

    assert layer.boxes.selected == 0


def test_a_point_beside_all_boxes_selects_none(layer: Layer) -> None:
    layer.boxes.selected = 0
    layer.boxes.point = (1, 1)

    layer.draw((LARGE, 0.9, 0))

    assert layer.boxes.selected is None


@pytest.mark.parametrize("rows", [0, 1])
def test_a_selected_row_that_is_gone_is_not_selected_any_more(layer: Layer, rows: int) -> None:
    layer.boxes.selected = 1

    layer.draw(*[(LARGE, 0.9, 0)] * rows)

    assert layer.boxes.selected is None


@FIXED
@given(
    boxes=st.lists(st.tuples(*[st.integers(0, 20)] * 4), max_size=6),
    x=st.integers(0, 20),
    y=st.integers(0, 20),
)
def test_the_smallest_box_around_a_point_is_the_one_a_search_finds(
    boxes: list[tuple[int, int, int, int]], x: int, y: int
) -> None:
    ordered = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in boxes]
    around = [
        ((x2 - x1) * (y2 - y1), row)
        for row, (x1, y1, x2, y2) in enumerate(ordered)
        if x1 <= x <= x2 and y1 <= y <= y2
    ]

    row = smallest_at(np.array(ordered, np.float32).reshape(-1, 4), x, y)

    assert row == (min(around)[1] if around else None)
