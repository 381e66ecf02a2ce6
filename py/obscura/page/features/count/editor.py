"""Editor of lines and zones: what mouse, finger and keys do to them. Pure Python.

A state machine without drawing: it takes positions in CSS pixels of the view and names of keys as
browsers give them, and changes `shapes`. A drag shows at once, but is an edit when it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from math import hypot

from obscura.counting import Line, Shapes, ShapesError, Zone
from obscura.counting.shapes import MOST_CORNERS, MOST_SHAPES, Point, points
from obscura.page.features.count import edits
from obscura.page.features.count.grips import (
    MOUSE,
    Grip,
    Hand,
    View,
    grips,
    hit,
    next_point,
    next_shape,
)
from obscura.page.features.count.undo import Act, UndoStack

STEP, LARGE_STEP = 2.0, 20.0
"""CSS pixels that an arrow key moves by, without and with Shift."""
KEYS = Hand(reach=STEP / 2, snap=0.0, slop=0.0)
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

    def __init__(
        self,
        shapes: Shapes,
        changed: Callable[[Shapes], None],
        used_names: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """
        Args:
            changed: called with the new shapes after each edit, also after undo and redo.
            used_names: returns names that no new shape is given, such as those of deleted ones
                whose counts are kept.
        """
        self.shapes = shapes
        self.drawing = ""
        self.draft: list[Point] = []
        self.cursor: Point | None = None
        self.chosen: Grip | None = None
        self._changed, self._used_names = changed, used_names
        self._done = UndoStack()
        self._nudged: Grip | None = None  # arrow keys in a row are one edit
        self._pressed: Point | None = None  # in CSS pixels
        self._before: Shapes | None = None  # the drag
        self._hand = MOUSE

    @property
    def place(self) -> Point | None:
        """Where the point is that keys move: of the draft, or the selected one; None if they move
        a whole shape or nothing."""
        if self.drawing:
            return self.cursor
        if self.chosen is None or self.chosen.point is None:
            return None
        return points(edits.find(self.shapes, self.chosen.name))[self.chosen.point]

    @property
    def can_undo(self) -> bool:
        """Whether there is something that `undo` takes back."""
        return bool(self.drawing) or self._done.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether something was undone that `redo` does again."""
        return self._done.can_redo

    @property
    def can_finish(self) -> bool:
        """Whether a zone is being drawn that has enough corners."""
        return self.drawing == "zone" and len(self.draft) >= edits.LEAST_CORNERS

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
        """End the zone that is being drawn. Return False if it has too few corners, or no area."""
        if not self.can_finish:
            return False
        name, shade = self._new_look()
        try:
            self._add(Zone(name, tuple(self.draft), colour=shade))
        except ShapesError:  # its corners lie on one line: more may follow
            return False
        return True

    def delete(self) -> bool:
        """Delete the selected corner of a zone that has more than three, else the selected shape.
        Return False if nothing is selected."""
        if self.chosen is None:
            return False
        name, point = self.chosen
        shape = edits.find(self.shapes, name)
        if not (isinstance(shape, Zone) and point is not None and len(shape.corners) > 3):
            return self.remove()
        self.chosen = Grip(name)
        self._edit(edits.replaced(self.shapes, name, edits.without_corner(shape, point)))
        return True

    def remove(self) -> bool:
        """Delete the selected shape. Return False if nothing is selected."""
        if self.chosen is None:
            return False
        name, self.chosen = self.chosen.name, None
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
        shapes = edits.replaced(self.shapes, name, shape)
        if self.chosen is not None and self.chosen.name == name:
            self.chosen = Grip(new, self.chosen.point)
        self._edit(shapes)

    def recolour(self, name: str, colour: str) -> None:
        """Give a shape another colour, "#rrggbb"; "" for the program's choice.

        Raises:
            ShapesError: it is not a colour.
        """
        shape = replace(edits.find(self.shapes, name), colour=colour)
        self._edit(edits.replaced(self.shapes, name, shape))

    def set_anchor(self, name: str, anchor: str) -> None:
        """Have another point of the box count at a shape, one of `counting.shapes.ANCHORS`.

        Raises:
            ShapesError: there is no such anchor.
        """
        shape = replace(edits.find(self.shapes, name), anchor=anchor)
        self._edit(edits.replaced(self.shapes, name, shape))

    def reverse(self, name: str) -> None:
        """Swap in and out of a line; a zone stays as it is."""
        line = edits.find(self.shapes, name)
        if not isinstance(line, Line):
            return
        self._edit(edits.replaced(self.shapes, name, edits.reversed_line(line)))

    def load(self, shapes: Shapes) -> None:
        """Replace all shapes, which can be undone."""
        self.cancel()
        self.chosen = None
        self._edit(shapes)

    def record(self, act: Act) -> None:
        """Take note of something that was done just now, so that it can be undone."""
        self._nudged = None
        self._done.record(act)

    def undo(self) -> bool:
        """Take back the last point of what is being drawn, or else give that up; if nothing is
        being drawn, take back the last edit. Return False if there is nothing to take back."""
        if self.drawing:
            if not self.draft:
                return self.cancel()
            self.draft.pop()
            return True
        return self._before is None and self._travel(self._done.undo(self.shapes))

    def redo(self) -> bool:
        """Do again what was undone last. Return False if there is nothing."""
        return self._before is None and self._travel(self._done.redo(self.shapes))

    # Pointers

    def press(self, at: Point, view: View, hand: Hand = MOUSE) -> bool:
        """A button or finger goes down. Return False if it hits nothing, so that the press can pan.

        Only one pointer at a time is for the editor: a press during a drag gives up the drag.

        Args:
            at: x, y in CSS pixels of the view.
            hand: what points, until the next press.
        """
        if self._before is not None:
            self.cancel()
        self._pressed, self._nudged, self._hand = at, None, hand
        if self.drawing:
            self._place(at, view, hand.reach)
            return True
        name = self.chosen.name if self.chosen else None
        self.chosen = hit(self.shapes, at, view, hand.reach, name)
        if self.chosen is None:
            return False
        self._before = self.shapes
        return True

    def move(self, at: Point, view: View) -> bool:
        """The pointer moves, pressed or not. Return whether that changes what is shown."""
        if self.drawing:
            self.cursor = self._snapped(at, view)
            return True
        if self._before is None or self._pressed is None or self.chosen is None:
            return False
        if self.shapes is self._before and _apart(self._pressed, at) <= self._hand.slop:
            return False
        shape = edits.find(self._before, self.chosen.name)
        there, here = view.relative(self._pressed), view.relative(at)
        by = (here[0] - there[0], here[1] - there[1])
        near = view.span(self._hand.snap)
        if self.chosen.point is not None:
            old = points(shape)[self.chosen.point]
            new = edits.snapped((old[0] + by[0], old[1] + by[1]), near)
            by = (new[0] - old[0], new[1] - old[1])
        else:
            by = edits.snapped_move(shape, by, near)
        with suppress(ShapesError):  # an end dragged over the other one
            shape = edits.moved(shape, self.chosen.point, by)
            self.shapes = edits.replaced(self._before, self.chosen.name, shape)
        return True

    def release(self, at: Point, view: View) -> bool:
        """The button or finger goes up. Return whether the editor made use of it."""
        pressed, self._pressed = self._pressed, None
        if self.drawing:
            far = pressed is not None and _apart(pressed, at) > self._hand.reach
            if self.drawing == "line" and len(self.draft) == 1 and far:
                self._place(at, view, self._hand.reach)  # drawn in one go
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
        the last shape, so that the focus can move on. Tab goes from shape to shape, Enter to the
        points of the one that is selected, so that nobody has to pass through all points of all.

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
            self.chosen = next_shape(self.shapes, self.chosen, -1 if shift else 1)
            return self.chosen is not None
        if key == "Enter" and self.chosen is not None:
            self.chosen = next_point(self.shapes, self.chosen, -1 if shift else 1)
            return True
        if key in ("Delete", "Backspace"):
            return self.delete()
        return False

    def _draft_key(self, key: str, view: View) -> bool:
        if key == "Backspace":
            return self.undo()
        if key not in ("Enter", " "):
            return False
        if key == " " or not self.finish():
            self.cursor = self.cursor or CENTRE
            self._hand = KEYS
            self._place(view.shown(self.cursor), view, KEYS.reach)
        return True

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
        point = self.cursor = self._snapped(at, view)
        where = view.shown(point)
        if self.draft and _apart(view.shown(self.draft[-1]), where) <= reach:
            return  # the second tap of two, or a hand that trembles
        if self.can_finish and _apart(view.shown(self.draft[0]), where) <= reach:
            self.finish()
            return
        self.draft.append(point)
        if self.drawing == "line" and len(self.draft) == 2:
            start, end = self.draft
            name, colour = self._new_look()
            self._add(Line(name, start, end, colour=colour))
        elif len(self.draft) == MOST_CORNERS:
            self.finish()

    def _new_look(self) -> tuple[str, str]:
        """Return the name and the colour of the shape that is being drawn."""
        name = edits.free_name(self.shapes, self.drawing.capitalize(), self._used_names())
        return name, edits.free_colour(self.shapes)

    def _snapped(self, at: Point, view: View) -> Point:
        return edits.snapped(view.relative(at), view.span(self._hand.snap))

    def _add(self, shape: edits.Shape) -> None:
        self.cancel()
        self.chosen = Grip(shape.name)
        self._edit(edits.added(self.shapes, shape))

    def _edit(self, after: Shapes, nudged: Grip | None = None) -> None:
        before = self._before or self.shapes  # an edit during a drag ends it
        self._before, self.shapes = None, after
        if after == before:
            return
        goes_on = nudged is not None and nudged == self._nudged
        self._done.record(None if goes_on else before)
        self._nudged = nudged
        self._changed(after)

    def _travel(self, shapes: Shapes | None) -> bool:
        self._nudged = None
        if shapes is None:
            return False
        if shapes != self.shapes:
            self.shapes = shapes
            if self.chosen is not None and self.chosen not in grips(shapes):
                self.chosen = None
            self._changed(shapes)
        return True


def _apart(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])
