"""Frames that are shown a moment later are covered by what was detected in the meantime."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.redaction import CoverAhead, Covered, CoverOptions
from obscura.update import FrameInfo, Update

LABELS = ("person",)
PLAIN = CoverOptions(margin=0.0, edge=0.0, steady_s=0.0)


def update(index: int, *boxes: tuple[float, ...]) -> Update:
    count = len(boxes)
    found = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.ones(count, np.float32),
        np.zeros(count, np.int32),
        np.arange(1, count + 1),
    )
    return Update(FrameInfo(index, index / 10, 640, 480), found)


def test_every_frame_comes_once_in_order_and_late() -> None:
    cover = CoverAhead(PLAIN, ahead_s=0.5)
    due = [[each.frame.index for each in cover.update(update(i), LABELS)] for i in range(9)]

    assert due == [[], [], [], [], [], [0], [1], [2], [3]]
    assert [each.frame.index for each in cover.close()] == [4, 5, 6, 7, 8]
    assert cover.close() == []


def test_who_comes_in_is_covered_before_they_are_detected() -> None:
    # At 200 pixels a second from the left; detected from the fifth frame on.
    cover = CoverAhead(PLAIN, ahead_s=0.5)
    due: list[Covered] = []
    for i in range(20):
        boxes = [(20 * i - 40, 100, 20 * i + 40, 300)] if i >= 5 else []
        due += cover.update(update(i, *boxes), LABELS)
    for frame in due[1:15]:
        left, right = 20 * frame.frame.index - 40, 20 * frame.frame.index + 40
        there = [
            box for box in frame.xyxy.tolist() if box[0] <= max(0, left) + 1 and box[2] >= right - 1
        ]

        assert there, frame.frame.index


def test_a_box_that_is_too_small_at_first_grows_backwards() -> None:
    cover = CoverAhead(CoverOptions(margin=0.0, edge=0.0, steady_s=0.5), ahead_s=0.5)
    due: list[Covered] = []
    for i in range(10):
        due += cover.update(update(i, (100, 100, 200, 300 if i > 2 else 150)), LABELS)

    assert due[2].xyxy[:, 3].max() > 280


def test_those_who_are_shown_stay_shown() -> None:
    cover = CoverAhead(PLAIN, ahead_s=0.2)
    due: list[Covered] = []
    for i in range(9):
        boxes = [(100, 100, 200, 300)] if i > 3 else []
        due += cover.update(update(i, *boxes), LABELS, spared=[1])

    assert len(due) == 7
    assert all(len(frame.xyxy) == 0 for frame in due)


def test_another_source_drops_the_frames_of_the_last() -> None:
    cover = CoverAhead(PLAIN, ahead_s=0.5)
    for i in range(4, 8):
        cover.update(update(i, (100, 100, 200, 300)), LABELS)
    cover.update(update(0), LABELS)

    assert [(each.frame.index, len(each.xyxy)) for each in cover.close()] == [(0, 0)]


@pytest.mark.parametrize("ahead_s", [-1, float("nan")])
def test_a_delay_that_makes_no_sense_is_refused(ahead_s: float) -> None:
    with pytest.raises(ValueError, match="ahead_s"):
        CoverAhead(ahead_s=ahead_s)


def test_at_few_frames_a_second_it_waits_for_frames_too_but_not_for_long() -> None:
    def delays(gap_s: float) -> set[float]:
        """Return for how long frames were held back."""
        cover = CoverAhead(PLAIN, ahead_s=0.5, frames=5)
        found = set()
        for i in range(40):
            now_s = i * gap_s
            frame = FrameInfo(i, now_s, 640, 480)
            for due in cover.update(Update(frame, Detections.empty()), LABELS):
                found.add(round(now_s - due.frame.time_s, 3))
        return found

    assert delays(0.05) == {0.5}, "that is ten frames"
    assert delays(0.1) == {0.5}
    assert delays(0.15) == {0.75}
    assert delays(0.2) == {1.0}
    assert delays(0.3) == {1.2}, "the first frame a second later"
    assert delays(2.0) == {2.0}


@pytest.mark.parametrize("frames", [-1, float("nan")])
def test_a_number_of_frames_that_makes_no_sense_is_refused(frames: int) -> None:
    with pytest.raises(ValueError, match="frames"):
        CoverAhead(frames=frames)
