"""What objects are called, and for how long they have been in view. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

from obscura.detections import Detections
from obscura.page.words.times import duration

NOTES = "notes"
"""Key of `Detections.data`: ``(n, 2)`` text, a few more words on each row, such as its expression;
without and with how sure they are; "" for none."""


def object_names(detections: Detections, labels: Sequence[str]) -> list[str]:
    """Return what each detection is called: its class, with its number where it is tracked."""
    names = [labels[class_id] for class_id in detections.class_id.tolist()]
    if detections.track_id is None:
        return names
    tracks = detections.track_id.tolist()
    return [f"{name} {n}" if n >= 0 else name for name, n in zip(names, tracks, strict=True)]


def further_words(detections: Detections, scores: Sequence[str]) -> list[str]:
    """Return what follows the name of each detection: for how long it has been in view, its score,
    and what closer looks have found out.

    Args:
        scores: of each detection as text; "" for none, and then closer looks have none either.
    """
    rows = zip(times_in_view(detections), scores, strict=True)
    words = [time + score for time, score in rows]
    known = notes(detections, scores=any(scores))
    return [f"{word} · {note}" if note else word for word, note in zip(words, known, strict=True)]


def notes(detections: Detections, *, scores: bool = False) -> list[str]:
    """Return what closer looks have found out about each detection; "" for nothing."""
    found = detections.data.get(NOTES)
    return [""] * len(detections) if found is None else found[:, int(scores)].tolist()


def times_in_view(detections: Detections) -> list[str]:
    """Return for how long each detection has been in view, to follow its name; "" where it is not
    tracked, or has only just come."""
    seen_s = detections.data.get("seen_s")
    if seen_s is None or detections.track_id is None:
        return [""] * len(detections)
    rows = zip(detections.track_id.tolist(), seen_s.tolist(), strict=True)
    return [f" · {duration(seconds)}" if n >= 0 and seconds >= 1 else "" for n, seconds in rows]
