"""An object that is covered live: where it was detected, where it may be now and was before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from obscura.redaction.geometry import Box, around, carried, follows, moved, overlap

MEASURED_S = 0.1
"""Least seconds by which the way of an object is divided for its velocity: over less, what boxes
jitter by would be a speed."""
SAME = 0.3
"""IoU above which two boxes without a track, in two frames, are taken for the same object."""
LEAST = 3
"""Detections that are remembered however long ago: at few frames a second they are all there is."""


class Sighted:
    """An object that is covered, as it was detected so far.

    Attributes:
        box: where it was detected last.
        seen_s: when.
        begun_s: when it was detected first.
        frames: number of frames in which it was detected.
        velocity: of the edges of its box.
        spared: whether it is shown.
    """

    __slots__ = (
        *("_detected", "_memory_s", "_steady_s", "begun_s", "box", "first", "frames"),
        *("seen_s", "spared", "velocity"),
    )

    def __init__(self, box: Box, now_s: float, steady_s: float, memory_s: float) -> None:
        """Begin with a detection.

        Args:
            box, now_s: where and when it was.
            steady_s: see `CoverOptions`.
            memory_s: seconds for which detections are remembered, if longer.
        """
        self.box = self.first = box
        self.seen_s = self.begun_s = now_s
        self.frames = 1
        self.velocity: Box = (0.0, 0.0, 0.0, 0.0)
        self.spared = False
        self._steady_s, self._memory_s = steady_s, max(steady_s, memory_s)
        self._detected: deque[tuple[float, Box]] = deque([(now_s, box)])

    def followed(self, box: Box, now_s: float) -> Sighted:
        """Return a new object that may have been this one until now."""
        new = Sighted(box, now_s, self._steady_s, self._memory_s)
        new._detected = self._detected.copy()
        new._add(box, now_s)
        return new

    def see(self, box: Box, now_s: float) -> None:
        """Take in where it is; of two boxes in one frame, what is around both."""
        if now_s <= self.seen_s:
            self.box = around(self.box, box)
            self._detected[-1] = (now_s, self.box)
            return
        self.box, self.seen_s, self.frames = box, now_s, self.frames + 1
        self._add(box, now_s)

    def _add(self, box: Box, now_s: float) -> None:
        self._detected.append((now_s, box))
        while len(self._detected) > LEAST and self._detected[0][0] < now_s - self._memory_s:
            self._detected.popleft()
        since_s, was = self._lately()[0]
        seconds = max(now_s - since_s, MEASURED_S)
        left, top, right, bottom = ((b - a) / seconds for a, b in zip(was, box, strict=True))
        self.velocity = left, top, right, bottom

    def expected(self, now_s: float) -> Box:
        """Return where it may be by now: from where it was last to where it would be if it had
        moved on, as large as it was lately."""
        return around(
            self.box,
            moved(self.box, self.velocity, now_s - self.seen_s),
            *(carried(box, self.velocity, now_s - at_s) for at_s, box in self._lately()),
        )

    def at(self, time_s: float) -> Box | None:
        """Return where it may have been at an earlier time, judged from what was detected after it;
        None if nothing was."""
        later = [(at_s, box) for at_s, box in self._detected if at_s > time_s]
        if not later:
            return None
        known = [box for at_s, box in self._detected if at_s <= time_s][-1:]
        if time_s < self.begun_s:
            known.append(moved(self.first, self.velocity, time_s - self.begun_s))
        near = [
            carried(box, self.velocity, time_s - at_s)
            for at_s, box in later
            if at_s <= time_s + self._steady_s
        ]
        return around(later[0][1], *known, *near)

    def _lately(self) -> list[tuple[float, Box]]:
        """Return the detections of the last ``steady_s`` seconds, and at least the last few."""
        detected = list(self._detected)
        return [
            each
            for number, each in enumerate(detected, 1)
            if each[0] >= self.seen_s - self._steady_s or number > len(detected) - LEAST
        ]


class Passing:
    """Objects without a track: each goes on with what overlaps it.

    Attributes:
        objects: those that are held.
    """

    def __init__(self, steady_s: float, memory_s: float) -> None:
        self.objects: list[Sighted] = []
        self._steady_s, self._memory_s = steady_s, memory_s

    def see(self, box: Box, now_s: float) -> None:
        """Take in a box: it goes on with the object that it overlaps most, so that there are no
        more of them than objects."""
        fit, best = max(
            ((overlap(each.box, box), index) for index, each in enumerate(self.objects)),
            default=(0.0, -1),
        )
        if fit > SAME:
            self.objects[best].see(box, now_s)
        else:
            self.objects.append(self.begin(box, now_s))

    def begin(self, box: Box, now_s: float) -> Sighted:
        """Return a new object, with the places of the one that it may have been until now.

        That one stays, in case it was another.
        """
        before = nearest(box, ((each.box, each) for each in self.objects if each.seen_s < now_s))
        if before is None:
            return Sighted(box, now_s, self._steady_s, self._memory_s)
        return before.followed(box, now_s)

    def forget(self, before_s: float) -> None:
        """Forget those that were last detected before a time."""
        self.objects = [each for each in self.objects if each.seen_s >= before_s]


def nearest(box: Box, candidates: Iterable[tuple[Box, Sighted]]) -> Sighted | None:
    """Return the object whose box is nearest, of those that a box may follow."""
    found: tuple[float, Sighted] | None = None
    for was, each in candidates:
        distance = follows(box, was)
        if distance is not None and (found is None or distance < found[0]):
            found = distance, each
    return None if found is None else found[1]
