"""The pace: full speed unless the device must be spared, and back to it without flicker."""

from __future__ import annotations

import pytest

from obscura.live.pace import (
    AT_LOW_CHARGE,
    HEAT_STEPS,
    ON_BATTERY,
    PERIOD_S,
    PERIODS,
    SAVING_DATA,
    Pace,
)


class Device:
    """Analyses frames for a while, as fast as they come, on a clock of its own."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.now_s = 0.0

    def work(self, ms: float, seconds: float) -> None:
        """Take `ms` per frame for so many seconds."""
        end = self.now_s + seconds
        while self.now_s < end:
            self.now_s += max(ms / 1000, self.pace.interval_s)
            self.pace.frame(self.now_s, ms)


LONG_ENOUGH = PERIOD_S * (PERIODS + 2)


def test_a_device_that_tells_nothing_runs_at_full_speed() -> None:
    pace = Pace()
    pace.power(charging=None, level=None, save_data=False)

    assert pace.limits == {}
    assert pace.interval_s == 0


@pytest.mark.parametrize(
    ("charging", "level", "save_data", "limits"),
    [
        (True, 0.05, False, {}),
        (False, 0.8, False, {"battery": ON_BATTERY}),
        (False, None, False, {"battery": ON_BATTERY}),
        (False, 0.2, False, {"low-battery": AT_LOW_CHARGE}),
        (None, 0.1, False, {}),
        (None, None, True, {"save-data": SAVING_DATA}),
        (False, 0.8, True, {"battery": ON_BATTERY, "save-data": SAVING_DATA}),
    ],
)
def test_power_limits_the_rate(
    charging: bool | None, level: float | None, save_data: bool, limits: dict[str, float]
) -> None:
    pace = Pace()
    pace.power(charging=charging, level=level, save_data=save_data)

    assert pace.limits == limits


def test_of_several_limits_the_lowest_counts() -> None:
    pace = Pace()
    pace.power(charging=False, level=0.8, save_data=True)

    assert pace.interval_s == pytest.approx(1 / min(ON_BATTERY, SAVING_DATA))


def test_low_charge_ends_only_when_there_is_clearly_more() -> None:
    pace = Pace()
    seen = []
    for level in (0.21, 0.20, 0.22, 0.25, 0.26, 0.22):
        pace.power(charging=False, level=level, save_data=False)
        seen.append("low-battery" in pace.limits)

    assert seen == [False, True, True, True, False, False]


def test_mains_power_ends_it_at_once() -> None:
    pace = Pace()
    pace.power(charging=False, level=0.1, save_data=False)
    pace.power(charging=True, level=0.1, save_data=False)

    assert pace.limits == {}


def test_frames_that_slow_down_over_minutes_hold_the_rate_down_step_by_step() -> None:
    device = Device()
    device.work(20, LONG_ENOUGH)
    assert device.pace.limits == {}

    seen = []
    for _ in range(5):
        device.work(40, LONG_ENOUGH)
        seen.append(device.pace.limits["heat"])

    assert seen == sorted(seen, reverse=True)
    assert seen[0] == pytest.approx(50 * HEAT_STEPS[1], rel=0.02)
    assert seen[-1] == pytest.approx(50 * HEAT_STEPS[-1], rel=0.02)  # and no further


@pytest.mark.parametrize("ms", [20, 24, 29])
def test_frames_that_take_about_as_long_as_ever_do_not(ms: float) -> None:
    device = Device()
    device.work(20, LONG_ENOUGH)

    device.work(ms, 10 * LONG_ENOUGH)

    assert device.pace.limits == {}


def test_a_slow_half_minute_is_no_heat() -> None:
    device = Device()
    for _ in range(5):
        device.work(20, LONG_ENOUGH)
        device.work(60, 30)

    assert device.pace.limits == {}


def test_a_device_that_has_cooled_gets_back_to_full_speed() -> None:
    device = Device()
    device.work(20, LONG_ENOUGH)
    device.work(40, 2 * LONG_ENOUGH)
    assert "heat" in device.pace.limits

    device.work(27, 5 * LONG_ENOUGH)
    assert "heat" in device.pace.limits, "neither slow nor well: it stays as it is"
    device.work(20, 4 * LONG_ENOUGH)

    assert device.pace.limits == {}


def test_pauses_are_no_slow_frames() -> None:
    device = Device()
    device.work(20, LONG_ENOUGH)
    for _ in range(3 * PERIODS):
        device.now_s += 100
        device.pace.frame(device.now_s, 500)

    assert device.pace.limits == {}


def test_another_model_is_judged_by_itself() -> None:
    device = Device()
    device.work(20, LONG_ENOUGH)
    device.pace.forget_frames()
    device.work(90, 3 * LONG_ENOUGH)

    assert device.pace.limits == {}


def test_who_does_not_want_it_gets_full_speed() -> None:
    pace = Pace()
    pace.power(charging=False, level=0.1, save_data=True)
    pace.enabled = False

    assert pace.interval_s == 0
    assert pace.limits == {}


@pytest.mark.parametrize("offered", [15.0, 24.0, 30.0, 60.0, 240.0])
def test_however_many_frames_are_offered_no_more_are_taken_than_the_rate_allows(
    offered: float,
) -> None:
    pace = Pace()
    pace.power(charging=False, level=None, save_data=False)

    taken = [n / offered for n in range(int(20 * offered)) if pace.due(n / offered)]

    assert len(taken) == pytest.approx(20 * min(ON_BATTERY, offered), rel=0.21)
    assert len(taken) <= 20 * ON_BATTERY + 1


def test_at_full_speed_and_as_soon_as_it_is_back_every_frame_is_due() -> None:
    pace = Pace()
    assert all(pace.due(n / 240) for n in range(10))
    pace.power(charging=False, level=0.1, save_data=False)
    assert pace.due(1.0)
    assert not pace.due(1.1)
    pace.power(charging=True, level=0.1, save_data=False)
    assert all(pace.due(1.1 + n / 240) for n in range(10))
