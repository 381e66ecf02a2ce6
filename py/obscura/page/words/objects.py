"""What objects are called, and for how long they have been in view. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

from obscura.detections import Detections
from obscura.page.words.times import duration

NOTES = "notes"
"""Key of `Detections.data`: a few more words on each row, such as its expression; "" for none."""


def object_names(detections: Detections, labels: Sequence[str]) -> list[str]:
    """Return what each detection is called: its class, with its number where it is tracked."""
    names = [labels[class_id] for class_id in detections.class_id.tolist()]
    if detections.track_id is None:
        return names
    tracks = detections.track_id.tolist()
    return [f"{name} {n}" if n >= 0 else name for name, n in zip(names, tracks, strict=True)]


def further_words(detections: Detections) -> list[str]:
    """Return what follows the name of each detection: for how long it has been in view, and what
    closer looks have found out; "" for nothing."""
    times, notes = times_in_view(detections), detections.data.get(NOTES)
    if notes is None:
        return times
    rows = zip(times, notes.tolist(), strict=True)
    return [f"{time} · {note}" if note else time for time, note in rows]


def times_in_view(detections: Detections) -> list[str]:
    """Return for how long each detection has been in view, to follow its name; "" where it is not
    tracked, or has only just come."""
    seen_s = detections.data.get("seen_s")
    if seen_s is None or detections.track_id is None:
        return [""] * len(detections)
    rows = zip(detections.track_id.tolist(), seen_s.tolist(), strict=True)
    return [f" · {duration(seconds)}" if n >= 0 and seconds >= 1 else "" for n, seconds in rows]
