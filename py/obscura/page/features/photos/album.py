"""Album: several pictures or videos that were given at once, one of which is in view. Pure Python.

It goes from one to the next when a person asks; what is in view stays until the other has opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class Album:
    """Opens one of its files at a time."""

    def __init__(self, sources: Any, changed: Callable[[], None]) -> None:
        """
        Args:
            sources: `live.controller.SourceController`.
            changed: called when there are other files, or another one is in view.
        """
        self._sources, self._changed = sources, changed
        self.files: Sequence[Any] = ()
        self.shown = 0
        """Index of the file in view."""
        self.unreadable: set[int] = set()
        """Indices of the files that could not be opened."""
        self._wanted = 0  # index of the file that was asked for last
        self._opened = False  # whether one of the files was in view

    def fill(self, files: Sequence[Any]) -> None:
        """Replace the files; the first is being opened, or in view already."""
        self.files, self.shown, self._wanted = tuple(files), 0, 0
        self.unreadable.clear()
        # What fills it may have come later than the first picture.
        self._opened = bool(files) and self._in_view(0)
        self._changed()

    async def enter(self, files: Sequence[Any], index: int) -> None:
        """Replace the files, and open the one of this index, unless it is in view already."""
        self.files, self.shown, self._wanted = tuple(files), index, index
        self.unreadable.clear()
        self._opened = self._in_view(index)
        if not self._opened:
            given = self.files
            await self._sources.open(files[index])
            if self.files is not given or self._wanted != index:
                return  # another was asked for meanwhile
            if not self._in_view(index):
                self.unreadable.add(index)
        self._changed()

    def scene_changed(self) -> None:
        """Empty the album once something else is in view: a camera, or nothing."""
        if not self.files or self._sources.scene.opening:
            return
        if self._in_view(self.shown) or self._in_view(self._wanted):
            self._opened = True
        elif self._opened:
            self.fill(())
        else:  # the first could not be opened; the others may
            self.unreadable.add(self.shown)
            self._changed()

    async def move(self, steps: int) -> None:
        """Open the file N places further, or back if negative, as far as there are any."""
        await self.open(self._wanted + steps)

    async def open(self, index: int) -> None:
        """Open the file of this index, if there is one and it is not the one in view."""
        if not 0 <= index < len(self.files) or index == self._wanted:
            return
        self._wanted = index
        files = self.files
        await self._sources.open(files[index])
        if self.files is not files or self._wanted != index:
            return  # another was asked for meanwhile
        if self._in_view(index):
            self.shown = index
            self.unreadable.discard(index)
        else:  # the error card says why; what was in view still is
            self.unreadable.add(index)
        self._changed()

    def _in_view(self, index: int) -> bool:
        """Whether the file of this index is in view."""
        return self._sources.given is self.files[index]
