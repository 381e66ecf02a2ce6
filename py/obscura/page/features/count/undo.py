"""Undo and redo of edits of lines and zones. Pure Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from obscura.counting import Shapes

MOST_UNDO = 100
KEYS = {("z", False): "undo", ("z", True): "redo", ("y", False): "redo"}
"""With Ctrl or Command: the key, and whether Shift is held."""


def command_of(key: str, *, control: bool, shift: bool) -> str:
    """Return what a key stands for in most programs: "undo", "redo", or "" for neither.

    Args:
        key: as `KeyboardEvent.key` has it; upper case with Shift or Caps Lock.
        control: whether Ctrl or Command is held.
    """
    return KEYS.get((key.lower(), shift), "") if control else ""


@dataclass(frozen=True)
class Act:
    """Something that people did other than to change shapes, and that is undone in its turn."""

    back: Callable[[], None]
    """Takes it back."""
    again: Callable[[], None]
    """Does it again."""


class UndoStack:
    """What was done, and what of it was undone."""

    def __init__(self) -> None:
        self._past: list[Shapes | Act] = []
        self._future: list[Shapes | Act] = []

    @property
    def can_undo(self) -> bool:
        """Whether something can be undone."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether something was undone that can be done again."""
        return bool(self._future)

    def record(self, step: Shapes | Act | None) -> None:
        """Take note of an edit, by the shapes before it, or of an act; what was undone before
        cannot be done again any more.

        Args:
            step: None for an edit that belongs to the one before.
        """
        if step is not None:
            self._past = [*self._past, step][-MOST_UNDO:]
        self._future.clear()

    def undo(self, shapes: Shapes) -> Shapes | None:
        """Take back the last step; return the shapes after that, or None if there is no step.

        Args:
            shapes: as they are now.
        """
        return _travel(self._past, self._future, shapes, lambda act: act.back())

    def redo(self, shapes: Shapes) -> Shapes | None:
        """Do again what was undone last. Arguments and result as of `undo`."""
        return _travel(self._future, self._past, shapes, lambda act: act.again())


def _travel(
    source: list[Shapes | Act],
    target: list[Shapes | Act],
    shapes: Shapes,
    carry_out: Callable[[Act], None],
) -> Shapes | None:
    if not source:
        return None
    step = source.pop()
    if isinstance(step, Act):
        carry_out(step)
        target.append(step)
        return shapes
    target.append(shapes)
    return step
