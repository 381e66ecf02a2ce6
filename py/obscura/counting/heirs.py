"""Heirs: a new track that goes on where another was lost is the same object.

A tracker that loses an object in a crowd gives it another number when it is seen again. Without
more, a zone would count that as one who left and another who came, and a line would lose a crossing
that happened meanwhile.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from math import exp, hypot

from obscura.counting.sight import Sight

NEAR, NEAR_PER_S = 0.3, 0.6
"""How far from where it is expected an heir may be, at once and more for each second, in heights of
its box."""
ALIKE = 0.8
"""Least ratio of the two heights."""
BORDER = 0.05
"""Width of the border of the picture, in fractions of it. Who is lost there has left."""
STEADY_S = 0.5
"""Time over which velocities are averaged, in seconds."""


@dataclass(slots=True)
class _Trace:
    """Where a track was last, and how fast it moved, in heights of the picture."""

    sight: Sight
    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0

    def move(self, sight: Sight, aspect: float) -> None:
        x, y = _foot(sight, aspect)
        seconds = sight.time_s - self.sight.time_s
        if seconds > 0:
            share = 1 - exp(-seconds / STEADY_S)
            self.vx += share * ((x - self.x) / seconds - self.vx)
            self.vy += share * ((y - self.y) / seconds - self.vy)
        self.sight, self.x, self.y = sight, x, y


@dataclass(slots=True)
class Heirs:
    """Knows which new tracks go on where others were lost."""

    _traces: dict[int, _Trace] = field(default_factory=dict)

    def find(self, sights: list[Sight], time_s: float, aspect: float) -> dict[int, int]:
        """Take in where all tracks are in a frame; return the heirs among them.

        Args:
            sights: of all tracks that were seen in the frame.
            time_s: time of the frame in seconds.
            aspect: width of the picture divided by its height.

        Returns:
            The id of the track that each heir goes on with, by the heir's own id. The nearest pairs
            come first; no track has two heirs.
        """
        seen = {sight.track_id for sight in sights}
        lost = [
            trace
            for track_id, trace in self._traces.items()
            if track_id not in seen and _is_within(trace.sight)
        ]
        pairs = []
        for sight in sights:
            if sight.track_id not in self._traces:
                for trace in lost:
                    fit = _distance(trace, sight, time_s, aspect)
                    if fit < 1:
                        pairs.append((fit, sight.track_id, trace.sight.track_id))
        heirs: dict[int, int] = {}
        for _, new, old in sorted(pairs):
            if new not in heirs and old in self._traces:
                heirs[new] = old
                self._traces[new] = self._traces.pop(old)
        for sight in sights:
            known = self._traces.get(sight.track_id)
            if known is None:
                self._traces[sight.track_id] = _Trace(sight, *_foot(sight, aspect))
            else:
                known.move(sight, aspect)
        return heirs

    def forget(self, before_s: float, present: Container[int] = ()) -> None:
        """Forget tracks that were not seen since and are not present."""
        gone = [
            each
            for each, trace in self._traces.items()
            if trace.sight.time_s < before_s and each not in present
        ]
        for track_id in gone:
            del self._traces[track_id]


def _foot(sight: Sight, aspect: float) -> tuple[float, float]:
    x, y = sight.anchors["foot"]
    return x * aspect, y


def _is_within(sight: Sight) -> bool:
    return all(BORDER < value < 1 - BORDER for value in sight.anchors["centre"])


def _distance(trace: _Trace, sight: Sight, time_s: float, aspect: float) -> float:
    """Return how far a sight is from where a lost track is expected; 1 is the most for an heir."""
    old = trace.sight
    height = max(old.height, sight.height)
    if old.class_id != sight.class_id or min(old.height, sight.height) < ALIKE * height:
        return 1.0
    gap = time_s - old.time_s
    x, y = _foot(sight, aspect)
    away = hypot(x - trace.x - gap * trace.vx, y - trace.y - gap * trace.vy)
    return away / (height * (NEAR + NEAR_PER_S * gap)) if height else 1.0
