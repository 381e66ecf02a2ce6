"""How many frames a second are worth analysing: all that the device can, unless it must be spared.

The rate is held down on battery, further at low charge, where the browser is asked to save data,
and where frames take longer and longer over minutes, which is how a device says that it is hot.
What a browser does not tell holds nothing down. Pure Python, with times from its caller.
"""

from __future__ import annotations

import math
from collections import deque

from obscura.live.timing import median

ON_BATTERY = 15.0
SAVING_DATA = 10.0
AT_LOW_CHARGE = 5.0
"""Frames per second."""

LOW_CHARGE = 0.20
CHARGED_AGAIN = 0.25
"""Low charge begins at the one and ends above the other, so that it does not flicker."""

PERIOD_S = 10.0
"""Frames are judged by the median of those within so many seconds."""
PERIODS = 6
"""So many periods in a row must agree before anything changes."""
LEAST_FRAMES = 5
"""A period of fewer says nothing."""
SLOW = 1.5
WELL = 1.2
"""How many times as long as at their best frames take: slow above the one, well below the other."""
HEAT_STEPS = (1.0, 0.7, 0.5, 0.35)
"""Shares of the best rate, from step to step."""

EARLY_S = 0.008
"""How much too early a frame may be taken: the next one may be a whole frame too late."""

Reason = str


class Pace:
    """The target rate, from what is known of the device's power and of its frames."""

    def __init__(self) -> None:
        self.enabled = True
        """Whether the rate is held down at all; a person may not want it."""
        self._on_battery = self._low = self._saving_data = False
        self._durations: list[float] = []  # milliseconds, of the period under way
        self._since_s = 0.0  # when it began
        self._medians: deque[float] = deque(maxlen=PERIODS)  # of the latest periods
        self._best, self._best_rate = math.inf, 0.0
        self._step = 0
        self._due_s = 0.0  # when the next frame may be taken, at a rate that is held down

    def power(self, *, charging: bool | None, level: float | None, save_data: bool) -> None:
        """Take what the browser tells of power.

        Args:
            charging: whether mains power is there; None if unknown.
            level: charge in 0..1; None if unknown.
            save_data: whether the browser is asked to save data.
        """
        self._on_battery = charging is False
        self._saving_data = save_data
        if not self._on_battery or level is None:
            self._low = False
        elif level <= LOW_CHARGE:
            self._low = True
        elif level > CHARGED_AGAIN:
            self._low = False

    def frame(self, now_s: float, ms: float) -> None:
        """Note that at `now_s` seconds a frame was done that took `ms` milliseconds."""
        if self._durations and now_s - self._since_s >= PERIOD_S:
            # Of a period with a pause in it, as of one with few frames, nothing is concluded.
            if len(self._durations) >= LEAST_FRAMES and now_s - self._since_s < 2 * PERIOD_S:
                rate = len(self._durations) / (now_s - self._since_s)
                self._judge(median(self._durations), rate)
            self._durations.clear()
        if not self._durations:
            self._since_s = now_s
        self._durations.append(ms)

    def forget_frames(self) -> None:
        """Frames are of another kind from now on, as with another model."""
        self._durations.clear()
        self._medians.clear()
        self._best, self._best_rate = math.inf, 0.0
        self._step = 0

    @property
    def limits(self) -> dict[Reason, float]:
        """Frames per second, by what allows no more: "battery", "low-battery", "save-data" or
        "heat". Empty at full speed."""
        if not self.enabled:
            return {}
        limits: dict[Reason, float] = {}
        if self._low:
            limits["low-battery"] = AT_LOW_CHARGE
        elif self._on_battery:
            limits["battery"] = ON_BATTERY
        if self._saving_data:
            limits["save-data"] = SAVING_DATA
        if self._step:
            limits["heat"] = self._best_rate * HEAT_STEPS[self._step]
        return limits

    @property
    def interval_s(self) -> float:
        """Seconds from one frame's begin to the next one's, at least; 0 at full speed."""
        limits = self.limits
        return 1 / min(limits.values()) if limits else 0.0

    def due(self, now_s: float) -> bool:
        """Whether a frame may be taken at `now_s` seconds; if so, it is taken for granted that it
        is. One that is a little early does not bring the next one forward."""
        interval = self.interval_s
        if interval and now_s < self._due_s - EARLY_S:
            return False
        self._due_s = max(now_s, self._due_s) + interval
        return True

    def _judge(self, ms: float, rate: float) -> None:
        if ms < self._best:
            self._best, self._best_rate = ms, rate
        self._medians.append(ms)
        if len(self._medians) < PERIODS:
            return
        if min(self._medians) > SLOW * self._best and self._step < len(HEAT_STEPS) - 1:
            self._step += 1
            self._medians.clear()
        elif max(self._medians) < WELL * self._best and self._step:
            self._step -= 1
            self._medians.clear()
