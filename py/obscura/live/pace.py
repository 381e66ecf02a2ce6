"""Pace controller: limits how many frames per second are analysed, to spare the device.

The rate is limited on battery, more so at low charge, when the browser is asked to save data, and
when frames take longer and longer over minutes, which suggests that the device is hot. Unknown
values impose no limit. Pure Python; the caller passes the time.
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
"""Low charge starts at the first and ends above the second, so that it does not flicker."""

PERIOD_S = 10.0
"""Frames are judged by their median over periods of this many seconds."""
PERIODS = 6
"""Number of consecutive periods that must agree before anything changes."""
LEAST_FRAMES = 5
"""A period with fewer frames is ignored."""
SLOW = 1.5
WELL = 1.2
"""Ratio of a period's median to the best one: slow above the first, recovered below the second."""
HEAT_STEPS = (1.0, 0.7, 0.5, 0.35)
"""Fractions of the best rate, by step."""

EARLY_S = 0.008
"""How early a frame may be analysed, because the next one may be a whole frame late."""

Reason = str


class Pace:
    """Limits the frame rate by the state of the device's power and the duration of its frames."""

    def __init__(self) -> None:
        self.enabled = True
        """Whether the rate is limited at all; people can turn that off."""
        self._on_battery = self._low = self._saving_data = False
        self._durations: list[float] = []  # milliseconds, of the current period
        self._since_s = 0.0  # when that period started
        self._medians: deque[float] = deque(maxlen=PERIODS)  # of the last periods
        self._best, self._best_rate = math.inf, 0.0
        self._step = 0
        self._due_s = 0.0  # when the next frame may be analysed, if the rate is limited

    def power(self, *, charging: bool | None, level: float | None, save_data: bool) -> None:
        """Update the power state, as the browser reports it.

        Args:
            charging: whether the device is on mains power; None if unknown.
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
        """Record a frame that was finished at `now_s` seconds and took `ms` milliseconds."""
        if self._durations and now_s - self._since_s >= PERIOD_S:
            # A period with a pause in it, or with few frames, is ignored.
            if len(self._durations) >= LEAST_FRAMES and now_s - self._since_s < 2 * PERIOD_S:
                rate = len(self._durations) / (now_s - self._since_s)
                self._judge(median(self._durations), rate)
            self._durations.clear()
        if not self._durations:
            self._since_s = now_s
        self._durations.append(ms)

    def forget_frames(self) -> None:
        """Forget all frames, because later ones differ in kind (another model, for example)."""
        self._durations.clear()
        self._medians.clear()
        self._best, self._best_rate = math.inf, 0.0
        self._step = 0

    @property
    def limits(self) -> dict[Reason, float]:
        """Frames per second allowed, by reason: "battery", "low-battery", "save-data", "heat".

        Empty at full speed.
        """
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
        """Minimum seconds between the starts of two frames; 0 at full speed."""
        limits = self.limits
        return 1 / min(limits.values()) if limits else 0.0

    def due(self, now_s: float) -> bool:
        """Return whether to analyse a frame at `now_s` seconds; if so, count it as analysed.

        A frame that is a little early does not bring the next one forward.
        """
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
