"""SparedTracks: who is shown although others are covered, while it is certain who it is."""

from __future__ import annotations

from collections.abc import Iterator

from obscura.redaction.geometry import boxes_of, overlap
from obscura.update import Update

LOST_S = 0.5
"""Seconds without a detection after which somebody is covered when they are back."""
MERGED = 0.5
"""IoU above which two tracks of a class may have been taken for each other."""


class SparedTracks:
    """Ids of tracks that are shown. A track ends to be one of them once it was not detected for
    `LOST_S`, or lay so much over another one of its class that the two may have been exchanged.

    >>> spared = SparedTracks()
    >>> spared.add(3, now_s=1.0)
    >>> list(spared)
    [3]
    """

    def __init__(self) -> None:
        self._seen_s: dict[int, float] = {}

    def __iter__(self) -> Iterator[int]:
        return iter(self._seen_s)

    def __len__(self) -> int:
        return len(self._seen_s)

    def __contains__(self, track: object) -> bool:
        return track in self._seen_s

    def add(self, track: int, now_s: float) -> None:
        """Show a track that is detected at this time, in seconds."""
        self._seen_s[track] = now_s

    def remove(self, track: int) -> None:
        """Cover a track again."""
        self._seen_s.pop(track, None)

    def clear(self) -> None:
        """Cover all of them again."""
        self._seen_s.clear()

    def follow(self, update: Update) -> list[int]:
        """Take in a frame, and return the tracks that are covered from this one on.

        Args:
            update: all that was found, with track_ids.
        """
        if not self._seen_s:
            return []
        found, now_s = update.detections, update.frame.time_s
        boxes, tracks = boxes_of(found.xyxy), found.track_numbers()
        classes = found.class_id.tolist()
        merged = set()
        for row, track in enumerate(tracks):
            if track is None or track not in self._seen_s:
                continue
            self._seen_s[track] = now_s
            others = (
                other
                for other, number in enumerate(tracks)
                if number not in (None, track) and classes[other] == classes[row]
            )
            if any(overlap(boxes[row], boxes[other]) > MERGED for other in others):
                merged.add(track)
        gone = [
            track
            for track, seen_s in self._seen_s.items()
            if track in merged or not 0 <= now_s - seen_s <= LOST_S
        ]
        for track in gone:
            del self._seen_s[track]
        return gone
