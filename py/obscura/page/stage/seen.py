"""List of what is detected, as rows and as spoken words. Pure Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from obscura.detections import Detections
from obscura.drawing import colour
from obscura.page.stage.display import Display
from obscura.page.words import text
from obscura.page.words.objects import notes, object_names
from obscura.page.words.times import duration


class Row(NamedTuple):
    """One row of the list."""

    name: str
    value: str
    colour: str
    row: int | None
    """Row of the detection; None where the list has a row per class."""
    note: str = ""
    """What closer looks have found out about it."""


class Seen(NamedTuple):
    """The list's content."""

    title: str
    rows: list[Row]
    empty: str
    """Sentence shown when there are no rows."""
    spoken: str
    """The whole list in one sentence."""


def totals(
    detections: Detections, labels: Sequence[str], display: Display
) -> list[tuple[str, str]]:
    """Return what is seen in a few words: text and colour of a chip per class, the most frequent
    first; one without a colour says that there is nothing."""
    class_ids = detections.class_id.tolist()
    counts = sorted(Counter(class_ids).items(), key=lambda item: (-item[1], labels[item[0]]))
    if not counts:
        return [(text.SEEN_EMPTY["hidden" if display.all_hidden else display.kind], "")]
    return [
        (f"{labels[class_id]} {count}" if count > 1 else labels[class_id], colour(class_id))
        for class_id, count in counts
    ]


def seen(detections: Detections, labels: Sequence[str], display: Display) -> Seen:
    """Return what the list shows: a row per class while the picture moves, or per track where
    objects are tracked; a row per object on a picture that does not move."""
    class_ids = detections.class_id.tolist()
    names = [labels[class_id] for class_id in class_ids]
    scores = [text.percent(score) for score in detections.score.tolist()]
    colours = [colour(class_id) for class_id in class_ids]
    counts = Counter(names)
    if display.moving and detections.track_id is not None:
        rows = _tracks(detections, labels)
    elif display.moving:
        rows = [
            Row(name, str(count), colours[names.index(name)], None)
            for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ]
    else:
        rows = [
            Row(name, score, shade, row, note)
            for row, (name, score, shade, note) in enumerate(
                zip(
                    object_names(detections, labels),
                    scores,
                    colours,
                    notes(detections, scores=True),
                    strict=True,
                )
            )
        ]
    empty = text.SEEN_EMPTY["hidden" if display.all_hidden else display.kind]
    spoken = ", ".join(f"{count} {name}" for name, count in counts.items()) or empty
    return Seen(text.SEEN_TITLES[display.kind], rows, empty, spoken)


def _tracks(detections: Detections, labels: Sequence[str]) -> list[Row]:
    """Return a row per track, with how long it has been in view; the longest first."""
    assert detections.track_id is not None
    seen_s = detections.data.get("seen_s", np.zeros(len(detections)))
    rows = zip(
        detections.track_id.tolist(),
        object_names(detections, labels),
        seen_s.tolist(),
        detections.class_id.tolist(),
        notes(detections, scores=True),
        strict=True,
    )
    return [
        Row(name, duration(seconds), colour(class_id), None, note)
        for _, name, seconds, class_id, note in sorted(rows, key=lambda row: (row[0] < 0, row))
    ]
