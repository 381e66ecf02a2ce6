"""Course: where each track is drawn between two frames. Pure numpy.

Boxes are drawn from where they were detected last, at the mean of the latest velocities. `Motion`,
the filter that finds who is who, trusts a single detection less, and would draw them behind what
moves (bench/tracking/clips.py prints by how much).
"""

from __future__ import annotations

import numpy as np

from obscura.tracking.motion import Floats, Rows

MEAN_S = 0.1
"""Time constant of the exponential that weights velocities, in seconds."""
LEAST_BELIEF = 0.6
"""Share of a velocity that is believed when it has changed; of a steady one it is all."""

_FIELDS = ("place", "_latest", "_mean", "_belief")


class Course:
    """Course of all tracks, in rows.

    Attributes:
        place: ``(n, 4)`` float64, cx, cy, width, height in pixels, as detected last.
    """

    def __init__(self) -> None:
        self.place: Floats = np.zeros((0, 4))
        # Velocities in pixels per second: the latest, and the mean; and how far that is believed.
        self._latest: Floats = np.zeros((0, 4))
        self._mean: Floats = np.zeros((0, 4))
        self._belief: Floats = np.zeros((0, 4))

    def follow(self, rows: Rows, measured: Floats, elapsed_s: Floats) -> None:
        """Take in what was detected.

        Args:
            rows: ``(m,)``, the tracks.
            measured: ``(m, 4)`` float64, as `place`.
            elapsed_s: ``(m,)``, seconds since each was detected before.
        """
        seconds = elapsed_s[:, None]
        velocity = (measured - self.place[rows]) / np.maximum(seconds, 1e-3)
        before, mean = self._latest[rows], self._mean[rows]
        alike = velocity * before / np.maximum(np.maximum(velocity**2, before**2), 1e-6)
        self._belief[rows] = LEAST_BELIEF + (1 - LEAST_BELIEF) * alike.clip(0, 1)
        self._mean[rows] = mean + (1 - np.exp(-seconds / MEAN_S)) * (velocity - mean)
        self.place[rows], self._latest[rows] = measured, velocity

    def at(self, rows: Rows, later_s: Floats) -> Floats:
        """Return ``(m, 4)`` places of tracks, each ``later_s`` ``(m,)`` seconds after it was
        detected last."""
        velocity = self._belief[rows] * self._mean[rows]
        places: Floats = self.place[rows] + velocity * later_s[:, None]
        return places

    def add(self, measured: Floats) -> None:
        """Add tracks that stand where they were detected."""
        still = np.zeros_like(measured)
        for name, values in zip(_FIELDS, (measured, still, still, still), strict=True):
            setattr(self, name, np.concatenate([getattr(self, name), values]))

    def keep(self, rows: Rows) -> None:
        """Forget all tracks but these."""
        for name in _FIELDS:
            setattr(self, name, getattr(self, name)[rows])
