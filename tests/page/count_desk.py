"""An editor of lines and zones, and hands that use it."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from obscura.counting import Line, Shapes, Zone
from obscura.page.features.count.editor import Editor
from obscura.page.features.count.grips import MOUSE, Hand, View
from obscura.page.stage.placement import place

SIZE = (500, 500)
VIEW = View(place((1000, 1000), SIZE), *SIZE)  # 1000 CSS pixels are the whole picture
MIRROR = View(place((1000, 1000), SIZE, mirrored=True), *SIZE)
LINE = Line("door", (0.2, 0.5), (0.8, 0.5))
ZONE = Zone("yard", ((0.2, 0.6), (0.8, 0.6), (0.8, 0.9), (0.2, 0.9)))


class Desk(Editor):
    """An editor, and what it has reported."""

    def __init__(
        self,
        *lines: Line,
        zones: tuple[Zone, ...] = (),
        used_names: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self.told: list[Shapes] = []
        self.on_told: Callable[[], None] = lambda: None
        super().__init__(Shapes(lines, zones), self._tell, used_names)

    def _tell(self, shapes: Shapes) -> None:
        self.told.append(shapes)
        self.on_told()

    def tap(self, *at: tuple[float, float], view: View = VIEW) -> None:
        for point in at:
            self.move(point, view)
            self.press(point, view)
            self.release(point, view)

    def drag(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        view: View = VIEW,
        hand: Hand = MOUSE,
    ) -> None:
        self.press(start, view, hand)
        self.move(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), view)
        self.move(end, view)
        self.release(end, view)

    def keys(self, *keys: str, view: View = VIEW, shift: bool = False) -> list[bool]:
        return [self.key(key, view, shift=shift) for key in keys]


def near(shape: Line | Zone) -> object:
    points = (shape.start, shape.end) if isinstance(shape, Line) else shape.corners
    return [pytest.approx(point, abs=1e-5) for point in points]


def points(shape: Line | Zone) -> list[tuple[float, float]]:
    return [shape.start, shape.end] if isinstance(shape, Line) else list(shape.corners)
