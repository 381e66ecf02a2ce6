"""In a whole clip everybody is covered from before the first detection to after the last."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.redaction import CoverOptions
from obscura.redaction.clip import CoverClip
from obscura.update import FrameInfo, Update

LABELS = ("person", "dog")
PLAIN = CoverOptions(margin=0.0, edge=0.0, steady_s=0.0, hold_s=0.5)
Boxes = dict[int, tuple[float, float, float, float]]


def clip(
    boxes: Boxes, frames: int = 40, options: CoverOptions = PLAIN, track: int = 1, class_id: int = 0
) -> CoverClip:
    """Analyse ten frames a second of 640 x 480, with a box in some of them."""
    cover = CoverClip(options)
    for index in range(frames):
        found = Detections(
            np.array([boxes[index]] if index in boxes else [], np.float32).reshape(-1, 4),
            np.ones(int(index in boxes), np.float32),
            np.full(int(index in boxes), class_id, np.int32),
            np.full(int(index in boxes), track),
        )
        cover.add(Update(FrameInfo(index, index / 10, 640, 480), found), LABELS)
    return cover


def covers(cover: CoverClip, index: int, box: tuple[float, ...]) -> bool:
    return any(
        each[0] <= box[0] + 0.5
        and each[1] <= box[1] + 0.5
        and each[2] >= box[2] - 0.5
        and each[3] >= box[3] - 0.5
        for each in cover.covered(index).xyxy.tolist()
    )


@pytest.mark.parametrize("track", [1, -1])
def test_an_object_is_covered_before_its_first_and_after_its_last_detection(track: int) -> None:
    standing = (200.0, 100.0, 260.0, 300.0)
    cover = clip(dict.fromkeys(range(15, 20), standing), track=track)

    held = [index for index in range(40) if covers(cover, index, standing)]
    assert held == list(range(10, 25))


def test_a_gap_is_covered_from_end_to_end() -> None:
    def at(i: int) -> tuple[float, float, float, float]:
        return (100.0 + 10 * i, 100.0, 150.0 + 10 * i, 200.0)

    cover = clip({i: at(i) for i in range(10, 31) if not 15 < i < 26})

    assert all(covers(cover, i, at(i)) for i in range(10, 31))


def test_those_who_come_from_an_edge_are_covered_on_all_their_way() -> None:
    # 50 pixels a second: a second and more from the edge to where they are first detected.
    def at(i: int) -> tuple[float, float, float, float]:
        return (5.0 * i - 40, 100.0, 5.0 * i, 200.0)

    cover = clip({i: at(i) for i in range(25, 40)})

    for i in range(1, 25):
        left, top, right, bottom = at(i)
        assert covers(cover, i, (max(0.0, left), top, right, bottom)), i


def test_those_who_leave_are_covered_until_they_are_out() -> None:
    def at(i: int) -> tuple[float, float, float, float]:
        return (560.0 + 6 * i, 100.0, 600.0 + 6 * i, 200.0)

    cover = clip({i: at(i) for i in range(5)})

    for i in range(5, 13):
        left, top, right, bottom = at(i)
        assert covers(cover, i, (left, top, min(right, 640.0), bottom)), i
    assert len(cover.covered(25).xyxy) == 0


def test_one_box_that_is_too_small_does_no_harm() -> None:
    boxes: Boxes = dict.fromkeys(range(10, 30), (200.0, 100.0, 260.0, 300.0))
    boxes[20] = (200.0, 100.0, 260.0, 160.0)
    cover = clip(boxes, options=replace(PLAIN, steady_s=0.3))

    assert covers(cover, 20, (200, 100, 260, 300))


def test_other_classes_are_left_alone_unless_a_track_wavers() -> None:
    cover = clip(dict.fromkeys(range(10, 30), (200.0, 100.0, 260.0, 300.0)), class_id=1)

    assert all(len(cover.covered(i).xyxy) == 0 for i in range(40))


def test_a_frame_that_was_not_analysed_is_covered_whole() -> None:
    cover = CoverClip(PLAIN)
    cover.add(Update(FrameInfo(0, 0.0, 640, 480), Detections.empty()), LABELS)
    cover.fail(FrameInfo(1, 0.1, 640, 480))

    assert [(each.whole, each.why) for each in map(cover.covered, (0, 1))] == [
        (False, ""),
        (True, "failed"),
    ]


def test_strict_covers_everything_around_those_who_appear_and_disappear() -> None:
    boxes: Boxes = dict.fromkeys(range(30, 40), (200.0, 100.0, 260.0, 300.0))
    cover = clip(boxes, 80, replace(PLAIN, strict=True, hold_s=0.5, lost_s=1.0))
    whole = [index for index in range(80) if cover.covered(index).whole]

    assert whole == [*range(15, 25), *range(45, 55)]


def test_strict_takes_the_ends_of_the_clip_for_nobody_coming_or_going() -> None:
    boxes: Boxes = dict.fromkeys(range(40), (200.0, 100.0, 260.0, 300.0))
    cover = clip(boxes, options=replace(PLAIN, strict=True))

    assert not any(cover.covered(index).whole for index in range(40))


def test_frames_can_be_added_after_some_were_asked_for() -> None:
    cover = clip({}, frames=5)
    assert len(cover.covered(4).xyxy) == 0
    found = Detections([[10, 10, 60, 60]], [0.9], [0], np.array([1]))
    cover.add(Update(FrameInfo(5, 0.5, 640, 480), found), LABELS)

    assert len(cover.covered(4).xyxy) == 1
