"""Smoothing of what heads find out about one object over time."""

from __future__ import annotations

from math import exp, pi

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STILL_HZ = 1.0
"""Cutoff for points at rest: jitter above it is damped."""
SPEED_HZ = 4.0
"""What the cutoff grows by for a speed of one height of the box a second, so that what moves fast
does not trail."""
SPEED_CUTOFF_HZ = 1.0
VOTES_S = 3.0
"""Time in which a vote loses all but 1 / e of its weight."""
LEAD = 1.25
"""By which factor another class must lead before it replaces the one shown."""
MEAN_S = 10.0
"""Time over which quantities such as an age are averaged."""


class OneEuro:
    """The 1-euro filter for points: steady at rest, and quick when they move.

    Casiez, Roussel and Vogel, "1 euro filter: a simple speed-based low-pass filter for noisy input
    in interactive systems", CHI 2012. Speeds are measured in heights of the object's box, so that
    near and far objects are smoothed alike.
    """

    def __init__(self) -> None:
        self._points: Floats | None = None
        self._speed: Floats = np.zeros(0)
        self._time_s = 0.0

    def add(self, points: Floats, height: float, time_s: float) -> Floats:
        """Return the smoothed points.

        Args:
            points: ``(P, 2)``, in pixels of the source.
            height: of the object's box, in pixels.
            time_s: of the frame. A time that is not later returns the points as they were before.
        """
        if self._points is None or self._points.shape != points.shape:
            self._points, self._speed, self._time_s = points, np.zeros_like(points), time_s
            return points
        elapsed = time_s - self._time_s
        if elapsed <= 0:
            return self._points
        weight = _weight(SPEED_CUTOFF_HZ, elapsed)
        self._speed = self._speed + weight * ((points - self._points) / elapsed - self._speed)
        speed = np.hypot(self._speed[:, :1], self._speed[:, 1:])
        heights = speed / max(height, 1.0)
        change = _weight(STILL_HZ + SPEED_HZ * heights, elapsed)
        self._points = self._points + change * (points - self._points)
        self._time_s = time_s
        return self._points


class Votes:
    """The class that most of the recent answers give, weighted by their probabilities.

    It changes only when another class leads clearly, so that it does not flicker.
    """

    def __init__(self) -> None:
        self._votes: Floats = np.zeros(0)
        self._weight = 0.0
        self._time_s = 0.0
        self._shown = -1

    def add(self, probabilities: Floats, time_s: float) -> tuple[int, float]:
        """Return the index of the class, and its mean probability over the recent answers."""
        if self._votes.shape != probabilities.shape:
            self._votes, self._weight, self._shown = np.zeros_like(probabilities), 0.0, -1
        kept = exp(-max(time_s - self._time_s, 0.0) / VOTES_S)
        self._votes = self._votes * kept + probabilities
        self._weight = self._weight * kept + 1.0
        self._time_s = time_s
        leader = int(self._votes.argmax())
        if self._shown < 0 or self._votes[leader] > LEAD * self._votes[self._shown]:
            self._shown = leader
        return self._shown, float(self._votes[self._shown]) / self._weight


class Mean:
    """Mean of a quantity: of all answers at first, and later of the last `MEAN_S` seconds or so."""

    def __init__(self) -> None:
        self._value = 0.0
        self._count = 0
        self._time_s = 0.0

    def add(self, value: float, time_s: float) -> float:
        """Return the mean with one more value."""
        self._count += 1
        forgotten = 1 - exp(-max(time_s - self._time_s, 0.0) / MEAN_S)
        self._value += max(1 / self._count, forgotten) * (value - self._value)
        self._time_s = time_s
        return self._value


def _weight(cutoff_hz: Floats | float, elapsed_s: float) -> Floats:
    """Return the weight of a new value in a low-pass filter of the first order."""
    turns = 2 * pi * np.asarray(cutoff_hz, np.float64) * elapsed_s
    weight: Floats = turns / (turns + 1)
    return weight
