"""Tiles: what the grid shows of each picture. Pure Python."""

from __future__ import annotations

from typing import NamedTuple

from obscura.page.features.photos import words
from obscura.page.features.photos.collection import Choice, Collection, State

MOST_CHIPS = 6
"""Classes of a picture that a tile names."""


class Tile(NamedTuple):
    """What a tile shows."""

    name: str
    path: str
    state: str
    chips: tuple[tuple[int, str], ...]
    """Classes with their words, the most frequent first."""
    note: str
    """What is said in place of chips."""
    why: str
    """Why there is no answer, and what to do, in a sentence; said in place of the small copy."""
    url: str
    """Of the small copy; "" while there is none."""
    chosen: bool
    shown: bool
    """Whether the picture is the one in view."""


def describe(
    collection: Collection, number: int, choice: Choice, *, url: str, chosen: bool, shown: bool
) -> Tile:
    """Return what the grid shows of a picture.

    Args:
        number: of the picture.
        url, chosen, shown: see `Tile`.
    """
    photo, labels = collection.photos[number], collection.labels
    chips = collection.chips(number, choice)[:MOST_CHIPS]
    return Tile(
        photo.path.rpartition("/")[2],
        photo.path,
        photo.state.value,
        tuple((class_id, words.chip(labels[class_id], count)) for class_id, count in chips),
        _note(collection, number),
        photo.error,
        url,
        chosen,
        shown,
    )


def _note(collection: Collection, number: int) -> str:
    photo = collection.photos[number]
    if photo.state is State.DONE:
        return words.HIDDEN if len(collection.table.of(number)) else words.NOTHING
    if photo.state is State.FAILED:
        return words.UNREAD if photo.unreadable else words.FAILED
    return {State.WAITING: words.WAITING, State.VIDEO: words.VIDEO}[photo.state]
