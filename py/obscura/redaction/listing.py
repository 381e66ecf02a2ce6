"""Listing: what was found in a file, with the numbers by which it can be spared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from obscura.redaction.geometry import Box, boxes_of
from obscura.redaction.heads import HEAD_TRACKS, names_of, repeated
from obscura.update import Update


@dataclass(slots=True)
class _Track:
    label: str
    times_s: list[float] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)


def lines(
    updates: Iterable[Update], labels: Sequence[str], wanted: Collection[str], *, timed: bool
) -> list[str]:
    """Return a line for each track, in the order of their numbers: number, class, when it was seen,
    and where it was in the middle of that time.

    Args:
        updates: all frames.
        labels: names of the classes, by class_id.
        wanted: those of them that are listed.
        timed: whether the frames are those of a video.
    """
    tracks: dict[int, _Track] = {}
    for update in updates:
        found = update.detections
        names = names_of(found, labels)
        again = repeated(found, names)
        numbers, boxes = found.track_numbers(), boxes_of(found.xyxy)
        for row, (number, name, box) in enumerate(zip(numbers, names, boxes, strict=True)):
            if number is None or number >= HEAD_TRACKS or name not in wanted or row in again:
                continue
            track = tracks.setdefault(number, _Track(name))
            track.times_s.append(update.frame.time_s)
            track.boxes.append(box)
    return [_line(number, tracks[number], timed) for number in sorted(tracks)]


def _line(number: int, track: _Track, timed: bool) -> str:
    left, top, right, bottom = (round(edge) for edge in track.boxes[len(track.boxes) // 2])
    when = f", {track.times_s[0]:.1f} to {track.times_s[-1]:.1f} s" if timed else ""
    return f"{number}: {track.label}{when}, at {left},{top} to {right},{bottom}"
