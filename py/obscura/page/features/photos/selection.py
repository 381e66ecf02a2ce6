"""Selection: pictures that are marked to be saved, by their numbers. Pure Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Selection:
    """Marked pictures, and the one that a span begins with."""

    def __init__(self) -> None:
        self._chosen: set[int] = set()
        self._from: int | None = None

    def __contains__(self, number: int) -> bool:
        return number in self._chosen

    def __len__(self) -> int:
        return len(self._chosen)

    def toggle(self, number: int) -> None:
        """Mark a picture, or take its mark away."""
        self._chosen ^= {number}
        self._from = number

    def extend(self, number: int, order: Sequence[int]) -> None:
        """Mark all pictures from the one that was marked last to this one, as they are shown."""
        if self._from is None or self._from not in order or number not in order:
            self._chosen.add(number)
            self._from = number
            return
        first, last = sorted((order.index(self._from), order.index(number)))
        self._chosen |= set(order[first : last + 1])

    def add(self, numbers: Iterable[int]) -> None:
        """Mark these, too."""
        self._chosen |= set(numbers)

    def clear(self) -> None:
        """Mark none."""
        self._chosen.clear()
        self._from = None

    def among(self, order: Sequence[int]) -> list[int]:
        """Return the marked pictures: first those that are shown, in their order."""
        shown = [number for number in order if number in self._chosen]
        return [*shown, *sorted(self._chosen.difference(shown))]
