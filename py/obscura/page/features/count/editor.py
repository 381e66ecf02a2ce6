"""Editor of lines and zones: what mouse, finger and keys do to them. Pure Python.

A state machine without drawing: it takes positions in CSS pixels of the view and names of keys as
browsers give them, and changes `shapes`. A drag shows at once, but is an edit when it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from math import hypot

from obscura.counting import Line, Shapes, ShapesError, Zone
from obscura.counting.shapes import MOST_CORNERS, MOST_SHAPES, Point
from obscura.page.features.count import edits
from obscura.page.features.count.grips import MOUSE_REACH, Grip, View, grips, hit

MOST_UNDO = 100
SNAP = 10.0
"""CSS pixels from the picture's edge at which a point moves onto it."""
STEP, LARGE_STEP = 2.0, 20.0
"""CSS pixels that an arrow key moves by, without and with Shift."""
CENTRE = (0.5, 0.5)
ARROWS = {
    "ArrowLeft": (-1, 0),
    "ArrowRight": (1, 0),
    "ArrowUp": (0, -1),
    "ArrowDown": (0, 1),
}


class Editor:
    """Adds, changes and deletes lines and zones, with undo.

    Attributes:
        shapes: as they are now; during a drag, as it would leave them.
        drawing: "line" or "zone" while one is being drawn, else "".
        draft: its points so far, relative to the picture.
        cursor: where its next point would be; None until a pointer or key says so.
        chosen: the selected shape or point; None if there is none.
    """

    def __init__(self, shapes: Shapes, changed: Callable[[Shapes], None]) -> None:
        """
        Args:
            changed: called with the new shapes after each edit, also after undo and redo.
        """
        self.shapes = shapes
        self.drawing = ""
        self.draft: list[Point] = []
        self.cursor: Point | None = None
        self.chosen: Grip | None = None
        self._changed = changed
        self._past: list[Shapes] = []
        self._future: list[Shapes] = []
        self._nudged: Grip | None = None  # arrow keys in a row are one edit
        self._pressed: Point | None = None  # in CSS pixels
        self._before: Shapes | None = None  # the drag

    # Commands

    def draw(self, kind: str) -> None:
        """Begin to draw a "line" or a "zone".

        Raises:
            ShapesError: there are as many shapes as there may be.
        """
        if len(edits.all_shapes(self.shapes)) >= MOST_SHAPES:
            raise ShapesError(
                f"There are {MOST_SHAPES} lines and zones", remedy="Delete one of them first."
            )
        self.cancel()
        self.drawing, self.chosen = kind, None

    def cancel(self) -> bool:
        """Give up what is being drawn or dragged; else select nothing. Return whether there was
        something to give up."""
        active = bool(self.drawing or self._before or self.chosen)
        if self._before is not None:
            self.shapes, self._before = self._before, None
        elif not self.drawing:
            self.chosen = None
        self.drawing, self.draft, self.cursor, self._pressed = "", [], None, None
        return active

    def finish(self) -> bool:
        """End the zone that is being drawn. Return False if it has too few corners."""
        if self.drawing != "zone" or len(self.draft) < edits.LEAST_CORNERS:
            return False
        name = edits.free_name(self.shapes, "Zone")
        self._add(Zone(name, tuple(self.draft)))
        return True

    def delete(self) -> bool:
        """Delete the selected corner of a zone that has more than three, else the selected shape.
        Return False if nothing is selected."""
        if self.chosen is None:
            return False
        name, point = self.chosen
        shape = edits.find(self.shapes, name)
        if isinstance(shape, Zone) and point is not None and len(shape.corners) > 3:
            self.chosen = Grip(name)
            self._edit(edits.replaced(self.shapes, name, edits.without_corner(shape, point)))
        else:
            self.chosen = None
            self._edit(edits.removed(self.shapes, name))
        return True

    def rename(self, name: str, new: str) -> None:
        """Give a shape another name.

        Raises:
            ShapesError: the name is empty, too long or taken; the shape keeps its name.
        """
        new = new.strip()
        if new == name:
            return
        shape = replace(edits.find(self.shapes, name), name=new)
        self._edit(edits.replaced(self.shapes, name, shape))
        if self.chosen is not None and self.chosen.name == name:
            self.chosen = Grip(new, self.chosen.point)

    def recolour(self, name: str, colour: str) -> None:
        """Give a shape another colour, "#rrggbb"; "" for the program's choice.

        Raises:
            ShapesError: it is not a colour.
        """
        shape = replace(edits.find(self.shapes, name), colour=colour)
        self._edit(edits.replaced(self.shapes, name, shape))

    def reverse(self, name: str) -> None:
        """Swap in and out of a line."""
        line = edits.find(self.shapes, name)
        assert isinstance(line, Line)
        self._edit(edits.replaced(self.shapes, name, edits.reversed_line(line)))

    def load(self, shapes: Shapes) -> None:
        """Replace all shapes, which can be undone."""
        self.cancel()
        self.chosen = None
        self._edit(shapes)

    def undo(self) -> bool:
        """Take back the last corner of a draft, else the last edit. Return False if there is
        none."""
        if self.draft:
            self.draft.pop()
            return True
        return self._travel(self._past, self._future)

    def redo(self) -> bool:
        """Do again what was undone last. Return False if there is nothing."""
        return self._travel(self._future, self._past)

    # Pointers

    def press(self, at: Point, view: View, reach: float = MOUSE_REACH) -> bool:
        """A button or finger goes down. Return False if it hits nothing, so that the press can pan.

        Only one pointer at a time is for the editor: a press during a drag gives up the drag.

        Args:
            at: x, y in CSS pixels of the view.
            reach: see `grips.hit`.
        """
        if self._before is not None:
            self.cancel()
        self._pressed, self._nudged = at, None
        if self.drawing:
            self._place(at, view, reach)
            return True
        self.chosen = hit(self.shapes, at, view, reach, self.chosen.name if self.chosen else None)
        if self.chosen is None:
            return False
        self._before = self.shapes
        return True

    def move(self, at: Point, view: View) -> bool:
        """The pointer moves, pressed or not. Return whether that changes what is shown."""
        if self.drawing:
            self.cursor = _snapped(at, view)
            return True
        if self._before is None or self._pressed is None or self.chosen is None:
            return False
        shape = edits.find(self._before, self.chosen.name)
        there, here = view.relative(self._pressed), view.relative(at)
        by = (here[0] - there[0], here[1] - there[1])
        if self.chosen.point is not None:
            old = edits.points_of(shape)[self.chosen.point]
            new = edits.snapped((old[0] + by[0], old[1] + by[1]), view.span(SNAP))
            by = (new[0] - old[0], new[1] - old[1])
        with suppress(ShapesError):  # an end dragged over the other one
            shape = edits.moved(shape, self.chosen.point, by)
            self.shapes = edits.replaced(self._before, self.chosen.name, shape)
        return True

    def release(self, at: Point, view: View, reach: float = MOUSE_REACH) -> bool:
        """The button or finger goes up. Return whether the editor made use of it."""
        pressed, self._pressed = self._pressed, None
        if self.drawing:
            far = pressed is not None and _apart(pressed, at) > reach
            if self.drawing == "line" and len(self.draft) == 1 and far:
                self._place(at, view, reach)  # drawn in one go
            return True
        if self._before is None:
            return False
        self._edit(self.shapes)
        return True

    def double(self) -> bool:
        """A double tap or click, after its two presses: end a zone."""
        return self.finish() or bool(self.drawing)

    # Keys

    def key(self, key: str, view: View, *, shift: bool = False) -> bool:
        """Do what a key stands for; return False if it stands for nothing here, as Tab does after
        the last grip, so that the focus can move on.

        Args:
            key: as `KeyboardEvent.key` has it.
        """
        if key == "Escape":
            return self.cancel()
        if key in ARROWS:
            return self._arrow(key, view, LARGE_STEP if shift else STEP)
        if self.drawing:
            return self._draft_key(key, view)
        if key == "Tab":
            return self._tab(-1 if shift else 1)
        if key in ("Delete", "Backspace"):
            return self.delete()
        return False

    def _draft_key(self, key: str, view: View) -> bool:
        if key == "Backspace":
            return self.undo() if self.draft else self.cancel()
        if key not in ("Enter", " "):
            return False
        if key == " " or not self.finish():
            self.cursor = self.cursor or CENTRE
            self._place(view.shown(self.cursor), view, reach=STEP / 2)
        return True

    def _tab(self, step: int) -> bool:
        stops = grips(self.shapes)
        if self.chosen is None:
            index = 0 if step > 0 else len(stops) - 1
        else:
            index = stops.index(self.chosen) + step
        inside = 0 <= index < len(stops)
        self.chosen = stops[index] if inside else None
        return inside

    def _arrow(self, key: str, view: View, pixels: float) -> bool:
        right, down = ARROWS[key]
        span = view.span(pixels)
        by = (span[0] * (-right if view.place.mirrored else right), span[1] * down)
        if self.drawing:
            x, y = self.cursor or CENTRE
            self.cursor = edits.snapped((x + by[0], y + by[1]), (0.0, 0.0))
            return True
        if self.chosen is None:
            return False
        shape = edits.find(self.shapes, self.chosen.name)
        with suppress(ShapesError):  # one end onto the other
            after = edits.moved(shape, self.chosen.point, by)
            shapes = edits.replaced(self.shapes, self.chosen.name, after)
            self._edit(shapes, nudged=self.chosen)
        return True

    # Changes

    def _place(self, at: Point, view: View, reach: float) -> None:
        """Set the next point of the draft, or close it."""
        point = self.cursor = _snapped(at, view)
        where = view.shown(point)
        if self.draft and _apart(view.shown(self.draft[-1]), where) <= reach:
            return  # the second tap of two, or a hand that trembles
        closing = len(self.draft) >= edits.LEAST_CORNERS
        if closing and _apart(view.shown(self.draft[0]), where) <= reach:
            self.finish()
            return
        self.draft.append(point)
        if self.drawing == "line" and len(self.draft) == 2:
            start, end = self.draft
            self._add(Line(edits.free_name(self.shapes, "Line"), start, end))
        elif len(self.draft) == MOST_CORNERS:
            self.finish()

    def _add(self, shape: edits.Shape) -> None:
        self.cancel()
        self.chosen = Grip(shape.name)
        self._edit(edits.added(self.shapes, shape))

    def _edit(self, after: Shapes, nudged: Grip | None = None) -> None:
        before = self._before or self.shapes  # an edit during a drag ends it
        self._before, self.shapes = None, after
        if after == before:
            return
        if nudged is None or nudged != self._nudged:
            self._past = [*self._past, before][-MOST_UNDO:]
        self._nudged = nudged
        self._future.clear()
        self._changed(after)

    def _travel(self, source: list[Shapes], target: list[Shapes]) -> bool:
        self._nudged = None
        if self._before is not None or not source:
            return False
        target.append(self.shapes)
        self.shapes = source.pop()
        if self.chosen is not None and self.chosen not in grips(self.shapes):
            self.chosen = None
        self._changed(self.shapes)
        return True


def _snapped(at: Point, view: View) -> Point:
    return edits.snapped(view.relative(at), view.span(SNAP))


def _apart(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])
