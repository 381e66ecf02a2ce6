"""Layout of the virtual grid: which tiles are in sight, and where. Pure Python."""

from __future__ import annotations

from dataclasses import dataclass

GAP = 8
TILE = 168
"""Pixels across that a tile has at least where there is room for more than `FEWEST` in a row."""
FEWEST = 3
"""Tiles in a row of a narrow screen."""
CAPTION = 46
"""Height of the words under a picture."""
MORE_ROWS = 1
"""Rows above and below what is in sight, so that a flick shows no gaps."""


@dataclass(frozen=True)
class Layout:
    """Tiles of one size in rows. All lengths are in CSS pixels."""

    width: float
    """Of the grid."""
    count: int
    """Tiles in all."""

    @property
    def columns(self) -> int:
        """Tiles in a row."""
        return max(FEWEST, int((self.width + GAP) // (TILE + GAP)))

    @property
    def tile(self) -> float:
        """Width of a tile."""
        return max(1.0, (self.width - GAP * (self.columns - 1)) / self.columns)

    @property
    def row(self) -> float:
        """Height of a row and the gap below it."""
        return self.tile + CAPTION + GAP

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return -(-self.count // self.columns)

    @property
    def height(self) -> float:
        """Of all rows."""
        return self.rows * self.row

    def place(self, index: int) -> tuple[float, float]:
        """Return left and top of a tile."""
        row, column = divmod(index, self.columns)
        return column * (self.tile + GAP), row * self.row

    def window(self, top: float, height: float) -> range:
        """Return the tiles that are in sight, and those of `MORE_ROWS` on both sides.

        Args:
            top: how far the grid is scrolled.
            height: of the part in sight.
        """
        first = max(0, int(top // self.row) - MORE_ROWS)
        last = min(self.rows, int((top + height) // self.row) + 1 + MORE_ROWS)
        return range(min(first * self.columns, self.count), min(last * self.columns, self.count))

    def moved(self, index: int, key: str, height: float) -> int | None:
        """Return where a key leads from a tile, as `KeyboardEvent.key` has it; None for a key that
        leads nowhere.

        Args:
            height: of the part in sight, for the keys that turn a page.
        """
        page = max(1, int(height // self.row)) * self.columns
        steps = {
            "ArrowLeft": -1,
            "ArrowRight": 1,
            "ArrowUp": -self.columns,
            "ArrowDown": self.columns,
            "PageUp": -page,
            "PageDown": page,
        }
        last = self.count - 1
        if key in ("Home", "End"):
            return 0 if key == "Home" else last
        if key not in steps:
            return None
        there = index + steps[key]
        if 0 <= there <= last:
            return there
        if key == "PageUp":
            return index % self.columns
        if key in ("PageDown", "ArrowDown") and index // self.columns < self.rows - 1:
            return last
        return index

    def scrolled(self, index: int, top: float, height: float) -> float:
        """Return how far the grid must be scrolled for a tile to be in sight."""
        above = self.place(index)[1]
        below = above + self.row - GAP
        if above < top:
            return above
        return below - height if below > top + height else top
