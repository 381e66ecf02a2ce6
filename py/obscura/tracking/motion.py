"""Motion: where each track is, how fast it moves, and how certain that is. Pure numpy.

One Kalman filter (Kalman 1960) per track and coordinate, for position and velocity under white
acceleration noise (Bar-Shalom, Li and Kirubarajan 2001, section 6.2). The coordinates are
independent, so a filter is two by two and its equations are written out; they run for all tracks
at once. Noise is relative to the height of the box, as in DeepSORT (Wojke et al. 2017, arXiv
1703.07402), because a jitter of one pixel means little for a large box. Time is in seconds, so
frames may be dropped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64] | NDArray[np.bool_]

ACCELERATION = np.array([0.18, 0.18, 0.12, 0.12])
"""Change of the velocity of cx, cy, width and height in heights per second, per square root of a
second."""
WANDER = 0.06
"""Change of the position besides, in heights per square root of a second."""
MEASURED = 0.08
"""Standard deviation of a detection's position and size, in heights."""
FIRST_VELOCITY = np.array([0.7, 0.7, 0.2, 0.2])
"""Standard deviation of the velocity of a new track, in heights per second."""
SMALLEST = 2.0
"""Least width and height in pixels."""

_FIELDS = ("state", "velocity", "_pp", "_pv", "_vv")


class Motion:
    """State of all tracks, in rows.

    Attributes:
        state: ``(n, 4)`` float64, cx, cy, width, height in pixels of the source.
        velocity: ``(n, 4)`` float64, their changes in pixels per second.
    """

    def __init__(self) -> None:
        self.state: Floats = np.zeros((0, 4))
        self.velocity: Floats = np.zeros((0, 4))
        # Variances of position and velocity, and their covariance, per coordinate.
        self._pp: Floats = np.zeros((0, 4))
        self._pv: Floats = np.zeros((0, 4))
        self._vv: Floats = np.zeros((0, 4))

    def __len__(self) -> int:
        return len(self.state)

    @property
    def uncertainty(self) -> Floats:
        """``(n, 2)``: standard deviation of the centre, in widths and heights of the box."""
        relative: Floats = np.sqrt(self._pp[:, :2]) / self.state[:, 2:]
        return relative

    def advance(self, seconds: float) -> None:
        """Predict all tracks this much later."""
        if seconds <= 0 or not len(self.state):
            return
        height = self.state[:, 3:]
        self.state = self.state + self.velocity * seconds
        np.maximum(self.state[:, 2:], SMALLEST, out=self.state[:, 2:])
        noise = (ACCELERATION * height) ** 2 * seconds
        wander = (WANDER * height) ** 2 * seconds
        self._pp = (
            self._pp
            + seconds * (2 * self._pv + seconds * self._vv)
            + noise * (seconds * seconds / 3)
            + wander
        )
        self._pv = self._pv + seconds * self._vv + noise * (seconds / 2)
        self._vv = self._vv + noise

    def correct(self, rows: Rows, measured: Floats, score: Floats) -> None:
        """Correct tracks by what was detected.

        Args:
            rows: ``(m,)``, the tracks.
            measured: ``(m, 4)`` float64, cx, cy, width, height in pixels.
            score: ``(m,)``, confidences in 0..1. The less certain a detection, the less it counts
                (NSA Kalman filter: Du et al. 2021, GIAOTracker, arXiv 2202.11983).
        """
        noise = (MEASURED * measured[:, 3:]) ** 2 * np.sqrt(2 * np.maximum(1 - score, 0.05))[
            :, None
        ]
        pp, pv, vv = self._pp[rows], self._pv[rows], self._vv[rows]
        gain = pp / (pp + noise)
        velocity_gain = pv / (pp + noise)
        residual = measured - self.state[rows]
        self.state[rows] += gain * residual
        self.velocity[rows] += velocity_gain * residual
        self._pp[rows] = (1 - gain) * pp
        self._pv[rows] = (1 - gain) * pv
        self._vv[rows] = vv - velocity_gain * pv

    def add(self, measured: Floats) -> None:
        """Add tracks that stand where they were detected; arguments as of `correct`."""
        height = measured[:, 3:]
        self._append(
            measured,
            np.zeros_like(measured),
            np.repeat((MEASURED * height) ** 2, 4, axis=1),
            np.zeros_like(measured),
            (FIRST_VELOCITY * height) ** 2,
        )

    def keep(self, rows: Rows) -> None:
        """Forget all tracks but these."""
        for name in _FIELDS:
            setattr(self, name, getattr(self, name)[rows])

    def _append(self, *values: Floats) -> None:
        for name, value in zip(_FIELDS, values, strict=True):
            setattr(self, name, np.concatenate([getattr(self, name), value]))


def to_centre(xyxy: Floats) -> Floats:
    """Return ``(n, 4)`` boxes xyxy as cx, cy, width, height."""
    size = xyxy[:, 2:] - xyxy[:, :2]
    return np.concatenate([xyxy[:, :2] + size / 2, np.maximum(size, SMALLEST)], axis=1)


def to_xyxy(state: Floats) -> Floats:
    """Return ``(n, 4)`` cx, cy, width, height as boxes xyxy."""
    half = state[:, 2:] / 2
    return np.concatenate([state[:, :2] - half, state[:, :2] + half], axis=1)
