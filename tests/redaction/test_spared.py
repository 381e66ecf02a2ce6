"""Who is shown although others are covered, and until when."""

from __future__ import annotations

import numpy as np

from obscura.detections import Detections
from obscura.redaction.spared import LOST_S, SparedTracks
from obscura.update import FrameInfo, Update

ME, OTHER = (10.0, 10.0, 50.0, 90.0), (60.0, 10.0, 100.0, 90.0)


def update(time_s: float, **tracks: tuple[float, ...]) -> Update:
    """Return an update with people, by "t" and their track."""
    found = Detections(
        np.array(list(tracks.values()), np.float32).reshape(-1, 4),
        np.full(len(tracks), 0.9, np.float32),
        np.zeros(len(tracks), np.int32),
        np.array([int(name[1:]) for name in tracks], np.int64),
    )
    return Update(FrameInfo(round(time_s * 100), time_s, 640, 480), found)


def test_who_is_missed_for_a_moment_stays_shown_and_who_is_lost_is_covered_when_back() -> None:
    spared = SparedTracks()
    spared.add(3, 0.0)

    assert spared.follow(update(0.1, t3=ME)) == []
    assert spared.follow(update(0.1 + LOST_S)) == []
    assert spared.follow(update(0.2, t3=ME)) == []
    assert spared.follow(update(0.3 + LOST_S)) == [3]
    assert spared.follow(update(0.4 + LOST_S, t3=ME)) == []
    assert list(spared) == []


def test_who_may_have_been_exchanged_with_somebody_is_covered() -> None:
    spared = SparedTracks()
    spared.add(3, 0.0)

    assert spared.follow(update(0.1, t3=ME, t4=OTHER)) == []
    assert spared.follow(update(0.2, t3=ME, t4=(15.0, 10.0, 55.0, 90.0))) == [3]


def test_who_is_not_detected_after_a_source_has_begun_again_is_covered() -> None:
    spared = SparedTracks()
    spared.add(4, 5.0)

    assert spared.follow(update(0.1, t3=OTHER)) == [4]


def test_the_choice_can_be_taken_back() -> None:
    spared = SparedTracks()
    spared.add(3, 0.0)
    spared.add(4, 0.0)
    spared.remove(3)
    assert (3 in spared, 4 in spared, len(spared)) == (False, True, 1)
    spared.clear()
    assert not len(spared)
