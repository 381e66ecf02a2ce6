"""Presence: every track appears once and vanishes once."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.counting import Appeared, Presence, Vanished
from obscura.detections import Detections
from obscura.update import Event, FrameInfo, Update


def update(index: int, *tracks: int, class_id: int = 0) -> Update:
    """Return a frame, of ten a second, with these tracks side by side."""
    left = np.array(tracks, float) * 10
    boxes = np.stack([left, left * 0, left + 10, left * 0 + 50], axis=1)
    found = Detections(
        boxes, np.full(len(tracks), 0.9), np.full(len(tracks), class_id), np.array(tracks, np.int64)
    )
    return Update(FrameInfo(index, index / 10, 100, 100), found)


def watch(presence: Presence, *frames: tuple[int, ...]) -> list[Event]:
    return [
        e for index, each in enumerate(frames) for e in presence.update(update(index, *each)).events
    ]


def test_a_track_appears_once_and_vanishes_once_when_it_was_last_seen() -> None:
    events = watch(Presence(), *[(1,)] * 11, *[()] * 40)

    assert events == [
        Appeared(0.0, 1, 0, (0.15, 0.25)),
        Vanished(1.0, 1, 0, (0.15, 0.25), 1.0),
    ]


def test_an_occlusion_is_no_event() -> None:
    """(supervision #132, #1720)"""
    presence = Presence()

    events = watch(presence, *[(1,)] * 5, *[()] * 19, *[(1,)] * 5)

    assert [type(event) for event in events] == [Appeared]


def test_rows_without_a_track_do_not_appear() -> None:
    """(supervision #2578)"""
    assert watch(Presence(), *[(-1,)] * 5) == []


def test_those_in_view_are_counted_by_class() -> None:
    presence = Presence()
    watch(presence, (1, 2), (1, 2, 3))
    presence.update(update(2, 3, class_id=4))

    assert presence.in_view == {0: 2, 4: 1}


def test_a_video_that_begins_again_lets_all_vanish() -> None:
    presence = Presence()
    watch(presence, *[(1,)] * 5)

    events = presence.update(update(0, 2)).events

    assert events == (Vanished(0.4, 1, 0, (0.15, 0.25), 0.4),)
    assert presence.update(update(1, 2)).events == (Appeared(0.0, 2, 0, (0.25, 0.25)),)


def test_what_is_seen_only_once_neither_appears_nor_vanishes() -> None:
    assert watch(Presence(), (1,), *[()] * 40) == []


def test_another_source_is_watched_from_its_first_frame() -> None:
    presence = Presence()
    watch(presence, *[(1,)] * 5)

    presence.reset()

    assert presence.in_view == {}
    presence.update(update(0, 1))
    assert [type(event) for event in presence.update(update(1, 1)).events] == [Appeared]


def test_memory_is_bounded_over_days() -> None:
    presence = Presence()

    for index in range(3000):
        presence.update(update(index, index))

    assert presence.in_view.total() == 21


def test_a_time_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="lost_s"):
        Presence(-1)
