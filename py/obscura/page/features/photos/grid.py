"""Grid: the tiles of the pictures in sight. Only these are elements of the page.

The tile with the focus stays one while it is out of sight, so that the focus is not lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from obscura.drawing import colour
from obscura.page.browser.dom import by_id, contains_focus, listen, make, watch_box
from obscura.page.features.photos.layout import GAP, Layout
from obscura.page.features.photos.tiles import Tile


class Grid:
    """Shows pictures by their numbers."""

    def __init__(
        self,
        describe: Callable[[int], Tile],
        *,
        open_one: Callable[[int], Any],
        select: Callable[[int, bool], None],
        select_all: Callable[[], None],
        in_sight: Callable[[Sequence[int]], None],
    ) -> None:
        """
        Args:
            open_one: shows a picture; may return a coroutine.
            select: `(number, extend)`: marks a picture, or takes its mark away, or marks all up to
                it.
            in_sight: called with the numbers of the pictures in sight.
        """
        self._describe, self._open, self._select = describe, open_one, select
        self._select_all, self._in_sight = select_all, in_sight
        self._scroll, self._grid = by_id("photos-scroll"), by_id("photos-grid")
        self._order: Sequence[int] = ()
        self._active = 0  # index of the tile that Tab leads to
        self._tiles: dict[int, Any] = {}  # elements, by number
        self._drawn: dict[int, Any] = {}  # what they show
        self._layout = Layout(1, 0)
        listen(self._scroll, "scroll", lambda _event: self.refresh())
        listen(self._grid, "click", self._press)
        listen(self._grid, "keydown", self._key)
        watch_box(self._scroll, self.refresh)

    def show(self, order: Sequence[int]) -> None:
        """Show these pictures, in this order."""
        number = self.active
        self._order = order
        if number in order:
            self._active = order.index(number)
        self._active = max(0, min(self._active, len(order) - 1))
        self.refresh()

    @property
    def active(self) -> int | None:
        """Number of the picture that Tab leads to; None if there is none."""
        return self._order[self._active] if self._order else None

    def activate(self, number: int) -> None:
        """Have Tab lead to a picture, and scroll to it."""
        if number in self._order:
            self._go(self._order.index(number))

    def focus(self) -> None:
        """Give the focus to the tile that Tab leads to."""
        number = self.active
        if number in self._tiles:
            self._tiles[number].focus()

    def refresh(self) -> None:
        """Bring the tiles in sight up to date."""
        width, height = float(self._scroll.clientWidth), float(self._scroll.clientHeight)
        if not width:
            return  # it is not open
        self._layout = layout = Layout(float(self._grid.clientWidth), len(self._order))
        self._grid.style.height = f"{layout.height:g}px"
        window = layout.window(float(self._scroll.scrollTop), height)
        indices = set(window)
        if self._order:
            indices.add(self._active)
        wanted = {self._order[index]: index for index in sorted(indices)}
        for number in [number for number in self._tiles if number not in wanted]:
            self._tiles.pop(number).remove()
            self._drawn.pop(number, None)
        for number, index in wanted.items():
            self._place(number, index)
        self._in_sight([self._order[index] for index in window])

    def _place(self, number: int, index: int) -> None:
        tile, layout = self._describe(number), self._layout
        is_active = index == self._active
        drawn = (tile, index, is_active, layout)
        if self._drawn.get(number) == drawn:
            return
        element = self._tiles.get(number)
        if element is None:
            element = make("div", cls="photo", role="option", data_number=str(number))
            self._tiles[number] = element
            self._grid.append(element)
        left, top = layout.place(index)
        element.style.transform = f"translate({left:.2f}px, {top:.2f}px)"
        element.style.width = f"{layout.tile:.2f}px"
        element.style.height = f"{layout.row - GAP:.2f}px"
        element.tabIndex = 0 if is_active else -1
        element.setAttribute("aria-setsize", str(layout.count))
        element.setAttribute("aria-posinset", str(index + 1))
        if self._drawn.get(number, (None,))[0] != tile:
            _fill(element, tile)
        self._drawn[number] = drawn

    def _press(self, event: Any) -> Any:
        element = event.target.closest("[data-number]")
        if not element:
            return None
        number = int(element.dataset.number)
        self._go(self._order.index(number))
        if event.shiftKey:
            return self._select(number, True)
        if event.ctrlKey or event.metaKey or event.target.closest(".photo-mark"):
            return self._select(number, False)
        return self._open(number)

    def _key(self, event: Any) -> Any:
        number, key = self.active, str(event.key)
        if number is None:
            return None
        if key in ("Enter", " "):
            event.preventDefault()
            return self._open(number) if key == "Enter" else self._select(number, False)
        if key == "a" and (event.ctrlKey or event.metaKey):
            event.preventDefault()
            return self._select_all()
        there = self._layout.moved(self._active, key, float(self._scroll.clientHeight))
        if there is None:
            return None
        event.preventDefault()
        if event.shiftKey:
            self._select(number, True)
        self._go(there)
        if event.shiftKey:
            self._select(self._order[there], True)
        return None

    def _go(self, index: int) -> None:
        """Move to a tile, and scroll to it."""
        self._active = index
        top = float(self._scroll.scrollTop)
        self._scroll.scrollTop = self._layout.scrolled(index, top, float(self._scroll.clientHeight))
        inside = contains_focus(self._grid)
        self.refresh()
        if inside:
            self.focus()


def _fill(element: Any, tile: Tile) -> None:
    """Show what is in a picture."""
    element.setAttribute("aria-selected", "true" if tile.chosen else "false")
    element.title = tile.path
    element.setAttribute("aria-description", tile.why)  # after the name, which goes first
    element.dataset.state = tile.state
    element.classList.toggle("shown", tile.shown)
    frame = make("div", cls="photo-frame")
    if tile.url:
        small = make("img", alt="", draggable="false")
        small.src = tile.url
        frame.append(small)
    if tile.why:
        frame.append(make("p", cls="photo-why", text=tile.why, aria_hidden="true"))
    frame.append(make("span", cls="photo-mark"))
    chips = make("div", cls="photo-chips")
    for class_id, text in tile.chips:
        dot = make("span", cls="dot")
        dot.style.background = colour(class_id)
        chip = make("span", cls="photo-chip")
        chip.append(dot, make("span", text=text))
        chips.append(chip)
    if not tile.chips:
        chips.append(make("span", cls="photo-note", text=tile.note))
    element.replaceChildren(frame, make("div", cls="photo-name", text=tile.name), chips)
