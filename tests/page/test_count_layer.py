"""Lines and zones over the picture: where they are drawn, and which way arrows point."""

from __future__ import annotations

import random
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from obscura.counting import Counter, Line, Shapes, Zone
from obscura.detections import Detections
from obscura.page.features.count import words
from obscura.page.features.count.editor import Editor
from obscura.page.features.count.layer import ARROW, INSET, MOST_CAPTION, ShapeLayer
from obscura.page.features.count.ledger import Ledger
from obscura.page.stage.placement import Placement, place
from obscura.update import FrameInfo, Update

SIZE = (800, 600)
VIEW = (800, 600)
PLAIN, MIRROR = place(VIEW, SIZE), place(VIEW, SIZE, mirrored=True)


class Paper:
    """A 2D context that notes lines and captions."""

    def __init__(self, *, on_screen: bool = True) -> None:
        self.canvas = SimpleNamespace(isConnected=on_screen, width=2 * VIEW[0], height=2 * VIEW[1])
        self.paths: list[list[tuple[float, float]]] = []
        self.captions: list[tuple[str, float, float]] = []
        self.boxes: list[tuple[float, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_values: None

    def getTransform(self) -> Any:  # noqa: N802
        return SimpleNamespace(a=2.0)  # of a screen with two pixels per CSS pixel

    def moveTo(self, x: float, y: float) -> None:  # noqa: N802
        self.paths.append([(x, y)])

    def lineTo(self, x: float, y: float) -> None:  # noqa: N802
        self.paths[-1].append((x, y))

    def measureText(self, caption: str) -> Any:  # noqa: N802
        return SimpleNamespace(width=8 * len(caption))

    def roundRect(self, *box: float) -> None:  # noqa: N802
        self.boxes.append(box)

    def fillText(self, caption: str, x: float, y: float) -> None:  # noqa: N802
        self.captions.append((caption, x, y))


def drawn(shapes: Shapes, where: Placement, paper: Paper | None = None) -> tuple[ShapeLayer, Paper]:
    """Return the layer, and what it has drawn."""
    layer = ShapeLayer(Editor(shapes, lambda _shapes: None), Ledger(shapes))
    layer.shown, paper = True, paper or Paper()
    layer.draw(paper, Update(FrameInfo(0, 0.0, *SIZE), Detections.empty()), where)
    return layer, paper


def crossing(line: Line, start: Any, end: Any) -> str:
    """Return how somebody is counted who goes from one point of the source to another."""
    counter = Counter(Shapes((line,)))
    for index, part in enumerate(np.linspace(0, 1, 21)):
        x, y = np.asarray(start) + part * (np.asarray(end) - np.asarray(start))
        row = Detections([[x - 2, y - 4, x + 2, y]], [0.9], [0], [1])
        counter.update(Update(FrameInfo(index, index / 10, *SIZE), row))
    ((_, direction),) = counter.lines[line.name].counts
    return direction


@pytest.mark.parametrize("where", [PLAIN, MIRROR], ids=["plain", "mirrored"])
def test_who_goes_where_the_arrow_points_comes_in(where: Placement) -> None:
    hand = random.Random(5)
    for _ in range(50):
        ends = [(hand.uniform(0.2, 0.8), hand.uniform(0.2, 0.8)) for _ in range(2)]
        line = Line("door", *ends, band=0.1)
        _, paper = drawn(Shapes((line,)), where)
        foot, tip = paper.paths[1]
        assert np.hypot(tip[0] - foot[0], tip[1] - foot[1]) == pytest.approx(ARROW)
        before = (2 * foot[0] - tip[0], 2 * foot[1] - tip[1])

        going = [where.to_source(*point) for point in (before, tip)]
        if np.hypot(*np.subtract(*ends) * SIZE) > 2 * ARROW:  # so that it goes through the segment
            assert crossing(line, *going) == "in"
            assert crossing(line, *reversed(going)) == "out"


def test_in_a_mirror_lines_stay_with_what_is_in_the_picture() -> None:
    line = Line("door", (0.25, 0.5), (0.25, 1.0))
    _, plain = drawn(Shapes((line,)), PLAIN)
    _, mirrored = drawn(Shapes((line,)), MIRROR)

    assert plain.paths[0] == [(200, 300), (200, 600)]
    assert mirrored.paths[0] == [(600, 300), (600, 600)]


@pytest.mark.parametrize("start", [(0.99, 0.0), (0.0, 0.99), (0.99, 0.99), (0.5, 0.0)])
def test_captions_stay_inside_the_view(start: tuple[float, float]) -> None:
    _, paper = drawn(Shapes((Line("a line with a long name", start, (0.5, 1.0)),)), PLAIN)

    ((left, top, width, height, _),) = paper.boxes
    assert left >= 0
    assert top >= 0
    assert left + width <= VIEW[0]
    assert top + height <= VIEW[1]


def test_the_name_of_a_long_caption_is_cut_so_that_its_numbers_can_be_read() -> None:
    line = Line("W" * 80, (0.1, 0.1), (0.5, 1.0))
    _, paper = drawn(Shapes((line,)), PLAIN)

    ((caption, _, _),) = paper.captions
    ((_, _, width, _, _),) = paper.boxes
    assert re.fullmatch(r"W{20,}…: in 0 · out 0", caption)
    assert width == 8 * len(caption) + 2 * INSET <= MOST_CAPTION + 2 * INSET
    assert 8 * (len(caption) + 1) > MOST_CAPTION, "one more letter would not fit"


@pytest.mark.parametrize(
    ("most", "caption"),
    [(99, "door: in 1 · out 2"), (17, "do…: in 1 · out 2"), (3, "d…: in 1 · out 2")],
)
def test_a_caption_has_its_numbers_however_little_room_there_is(most: int, caption: str) -> None:
    assert words.caption("door", "in 1 · out 2", lambda text: len(text) <= most) == caption


def test_a_line_outside_the_view_has_no_caption_but_a_zone_around_it_has() -> None:
    away = Line("away", (-0.5, 0.5), (-0.1, 0.5))
    around = Zone("around", ((-0.5, -0.5), (1.5, -0.5), (1.5, 1.5), (-0.5, 1.5)))
    _, paper = drawn(Shapes((away,), (around,)), PLAIN)

    assert [caption for caption, _, _ in paper.captions] == ["around: 0 inside · 0 entered"]


def test_a_snapshot_does_not_change_how_pointers_are_read() -> None:
    layer, _ = drawn(Shapes(), PLAIN)
    small = place((100, 75), SIZE)
    paper = Paper(on_screen=False)
    layer.draw(paper, Update(FrameInfo(0, 0.0, *SIZE), Detections.empty()), small)

    assert layer.view is not None
    assert layer.view.place == PLAIN


def test_nothing_is_drawn_while_nothing_is_counted() -> None:
    layer, _ = drawn(Shapes((Line("door", (0, 0), (1, 1)),)), PLAIN)
    layer.shown = False
    paper = Paper()
    layer.draw(paper, Update(FrameInfo(0, 0.0, *SIZE), Detections.empty()), PLAIN)

    assert not paper.paths


def test_over_the_frames_of_a_file_it_counts_from_zero_and_leaves_the_live_counts_alone() -> None:
    door = Line("door", (0.5, 1.0), (0.5, 0.0))
    layer, _ = drawn(Shapes((door,)), PLAIN)
    layer.ledger.sums["door"]["in", "person"] = 7

    apart = layer.apart(["person"])
    layer.editor.shapes = Shapes()  # another source is opened meanwhile
    for index, x in enumerate(np.linspace(700, 100, 21)):
        row = Detections([[x - 2, 396, x + 2, 400]], [0.9], [0], [1])
        update = Update(FrameInfo(index, index / 10, *SIZE), row)
        apart.follow(update, update)
    paper = Paper(on_screen=False)
    apart.draw(paper, update, PLAIN)

    assert sum(apart.ledger.totals("door").values()) == 1
    assert layer.ledger.totals("door")["in"] == 7
    assert len(paper.captions) == 1
    assert paper.captions[0][0].startswith("door")
