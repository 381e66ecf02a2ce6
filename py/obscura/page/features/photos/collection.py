"""Collection: the pictures that a person gave, what is in each, and which of them are shown.

Pure Python. Pictures have numbers from 0, in the order in which they came, which never change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.page.features.photos.table import Table
from obscura.page.words.names import natural

ORDERS = ("given", "name", "date", "score", "count")


class State(Enum):
    """What is known of a picture."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    VIDEO = "video"  # which is opened, and not analysed here


@dataclass(slots=True)
class Photo:
    """A file that was given."""

    file: Any
    path: str
    """Its path within the folder that was given, else its name."""
    bytes: int
    modified_ms: float
    state: State = State.WAITING
    size: tuple[int, int] = (0, 0)
    """Width and height in pixels once it is known, upright."""
    error: str = ""
    """Why it has no answer, in a sentence."""
    unreadable: bool = False
    """Whether that is because it cannot be opened; else it may be tried again."""

    @property
    def key(self) -> tuple[str, int, float]:
        """What tells it from other files, as far as browsers say."""
        return self.path, self.bytes, self.modified_ms


@dataclass(frozen=True)
class Choice:
    """Which pictures are shown, and in which order."""

    threshold: float = 0.4
    """The lowest score of what counts."""
    classes: frozenset[int] | None = None
    """The class_ids that the page shows; None for all."""
    wanted: int | None = None
    """The class_id that must be in a picture; None for any picture."""
    least: int = 0
    """How many objects must be in it at least; of the class wanted, if there is one."""
    order: str = "given"
    """One of `ORDERS`."""
    backwards: bool = False


@dataclass
class View:
    """What is shown under a choice."""

    order: list[int] = field(default_factory=list)
    """Numbers of the pictures."""
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """``(pictures,)``: the objects in each, of the class wanted if there is one."""
    pictures_with: dict[int, int] = field(default_factory=dict)
    """By class_id, in how many pictures it is."""


class Collection:
    """The pictures. `table` has what was found in those that are done."""

    def __init__(self) -> None:
        self.photos: list[Photo] = []
        self.table = Table()
        self.labels: tuple[str, ...] = ()
        """Of the model whose answers these are, by class_id."""
        self.model = ""
        """Its name."""
        self.identity = ""
        """What tells its answers from others."""
        self._keys: dict[tuple[str, int, float], int] = {}
        self._names: list[str] = []  # by which they are sorted
        self.waiting: dict[int, None] = {}
        """Numbers of the pictures that are to be analysed, in their order."""

    def __len__(self) -> int:
        return len(self.photos)

    def add(self, photos: Iterable[Photo]) -> list[int]:
        """Add pictures that are not there yet; return the numbers of all that were given."""
        numbers = []
        for photo in photos:
            number = self._keys.setdefault(photo.key, len(self.photos))
            if number == len(self.photos):
                self.photos.append(photo)
                self._names.append(natural(photo.path))
                if photo.state is State.WAITING:
                    self.waiting[number] = None
            numbers.append(number)
        return list(dict.fromkeys(numbers))

    def number_of(self, file: Any) -> int | None:
        """Return the number of the picture of this very file; None if there is none."""
        return next((n for n, photo in enumerate(self.photos) if photo.file is file), None)

    def use_model(self, identity: str, name: str, labels: Sequence[str]) -> bool:
        """Forget what another model has found: the pictures wait for this one. Return whether it is
        another."""
        if identity == self.identity:
            return False
        self.identity, self.model, self.labels = identity, name, tuple(labels)
        self.table = Table()
        for photo in self.photos:
            if photo.state is State.DONE or (photo.state is State.FAILED and not photo.unreadable):
                photo.state, photo.error = State.WAITING, ""
        states = (photo.state for photo in self.photos)
        self.waiting = {n: None for n, state in enumerate(states) if state is State.WAITING}
        return True

    def found(self, number: int, size: tuple[int, int], detections: Detections) -> None:
        """Note what was found in a picture."""
        photo = self.photos[number]
        photo.state, photo.size, photo.error = State.DONE, size, ""
        self.waiting.pop(number, None)
        if number not in self.table:
            self.table.add(number, detections)

    def failed(self, number: int, why: str, *, unreadable: bool) -> None:
        """Note why a picture has no answer, and whether that is because it cannot be opened."""
        photo = self.photos[number]
        photo.state, photo.error, photo.unreadable = State.FAILED, why, unreadable
        self.waiting.pop(number, None)

    def try_again(self) -> None:
        """Have pictures wait once more that have no answer, although they can be opened."""
        for number, photo in enumerate(self.photos):
            if photo.state is State.FAILED and not photo.unreadable:
                photo.state, photo.error = State.WAITING, ""
                self.waiting[number] = None

    def count(self, state: State) -> int:
        """Return how many pictures are in a state."""
        return sum(photo.state is state for photo in self.photos)

    def contents(self, number: int, choice: Choice) -> Detections:
        """Return what is shown of what was found in a picture."""
        found = self.table.of(number)
        shown = found.score >= np.float32(choice.threshold)
        mask = self._mask(choice)
        if mask is not None:
            shown &= mask[found.class_id]
        return found[shown]

    def chips(self, number: int, choice: Choice) -> list[tuple[int, int]]:
        """Return the classes that are in a picture, and how often; the most frequent first."""
        return Counter(self.contents(number, choice).class_id.tolist()).most_common()

    def view(self, choice: Choice) -> View:
        """Return which pictures are shown, and in which order."""
        total = len(self.photos)
        pictures, classes, scores = self.table.shown(choice.threshold, self._mask(choice))
        known = max(1, len(self.labels))
        pairs = np.sort(pictures.astype(np.int64) * known + classes)
        new = np.ones(len(pairs), np.bool_)  # the first of each picture and class
        new[1:] = pairs[1:] != pairs[:-1]
        with_class = np.bincount(pairs[new] % known, minlength=known)
        if choice.wanted is not None:
            mine = classes == choice.wanted
            pictures, scores = pictures[mine], scores[mine]
        counts = np.bincount(pictures, minlength=total)
        best = np.zeros(total, np.float32)
        np.maximum.at(best, pictures, scores)
        least = max(choice.least, int(choice.wanted is not None))
        order = (counts >= least).nonzero()[0].tolist()
        return View(
            self._sorted(order, choice, counts, best),
            counts,
            {n: int(count) for n, count in enumerate(with_class.tolist()) if count},
        )

    def _sorted(
        self,
        order: list[int],
        choice: Choice,
        counts: NDArray[np.int64],
        best: NDArray[np.float32],
    ) -> list[int]:
        keys: dict[str, Callable[[int], Any]] = {
            "given": lambda n: n,
            "name": self._names.__getitem__,
            "date": lambda n: self.photos[n].modified_ms,
            "score": best.__getitem__,
            "count": counts.__getitem__,
        }
        return sorted(order, key=keys[choice.order], reverse=choice.backwards)

    def _mask(self, choice: Choice) -> NDArray[np.bool_] | None:
        if choice.classes is None:
            return None
        mask = np.zeros(len(self.labels), np.bool_)
        mask[[n for n in choice.classes if n < len(self.labels)]] = True
        return mask
