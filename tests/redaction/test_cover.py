"""Which rectangles are covered live, while objects move, are missed, leave and are lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.redaction import Cover, Covered, CoverOptions
from obscura.update import FrameInfo, Update

LABELS = ("person", "face", "dog")
PERSON, FACE, DOG = range(3)
WIDTH, HEIGHT = 640, 480
PLAIN = CoverOptions(margin=0.0, edge=0.0, steady_s=0.0)

Row = tuple[tuple[float, float, float, float], int, int]
"""A box, a class and a track; -1 for none."""


def update(time_s: float, *rows: Row) -> Update:
    found = Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.full(len(rows), 0.9, np.float32),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.int64),
    )
    return Update(FrameInfo(round(time_s * 100), time_s, WIDTH, HEIGHT), found)


def boxes(covered: Covered) -> list[tuple[float, ...]]:
    return sorted(tuple(round(edge, 1) for edge in box) for box in covered.xyxy.tolist())


def walk(cover: Cover, until_s: float, track: int = 1) -> None:
    """A person who walks to the right at 100 pixels a second is seen ten times a second."""
    for index in range(round(until_s * 10) + 1):
        x = 100 + 10 * index
        cover.update(update(index / 10, ((x, 100, x + 50, 200), PERSON, track)), LABELS)


def test_only_the_wanted_classes_are_covered() -> None:
    rows = ((10, 10, 20, 20), PERSON, 1), ((30, 10, 40, 20), DOG, 2), ((50, 10, 60, 20), DOG, -1)
    dogs = replace(PLAIN, labels=frozenset({"dog"}))

    assert boxes(Cover(PLAIN).update(update(0, *rows), LABELS)) == [(10, 10, 20, 20)]
    assert len(Cover(dogs).update(update(0, *rows), LABELS).xyxy) == 2


def test_boxes_are_grown_by_a_part_of_their_longer_side() -> None:
    cover = Cover(replace(PLAIN, margin=0.1))

    assert boxes(cover.update(update(0, ((100, 100, 150, 200), PERSON, 1)), LABELS)) == [
        (90, 90, 160, 210)
    ]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((10, 100, 60, 200), (0, 100, 60, 200)),
        ((580, 100, 630, 200), (580, 100, 640, 200)),
        ((100, 20, 150, 90), (100, 0, 150, 90)),
        ((100, 400, 150, 470), (100, 400, 150, 480)),
    ],
)
def test_a_box_near_the_edge_reaches_it(
    box: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    cover = Cover(replace(PLAIN, edge=0.04))

    assert boxes(cover.update(update(0, (box, PERSON, 1)), LABELS)) == [expected]  # type: ignore[arg-type]


@pytest.mark.parametrize("track", [1, -1])
def test_a_missed_object_stays_covered_on_its_way(track: int) -> None:
    cover = Cover(replace(PLAIN, hold_s=1.0))
    walk(cover, 0.5, track)

    (box,) = boxes(cover.update(update(1.0), LABELS))
    assert box == pytest.approx((150, 100, 250, 200), abs=3)
    assert boxes(cover.update(update(1.6), LABELS)) == []


def test_an_object_that_leaves_is_covered_until_it_is_out() -> None:
    cover = Cover(replace(PLAIN, hold_s=1.0))
    for index in range(4):
        x = 560 + 20 * index
        right = min(x + 60, WIDTH)
        cover.update(update(index / 10, ((x, 100, right, 200), PERSON, 1)), LABELS)
    (box,) = boxes(cover.update(update(0.4), LABELS))

    assert box[0] <= 620
    assert box[2] == WIDTH


def test_a_box_that_is_too_small_once_uncovers_nothing() -> None:
    cover = Cover(replace(PLAIN, steady_s=0.5))
    for index in range(5):
        cover.update(update(index / 10, ((100, 100, 200, 300), PERSON, 1)), LABELS)
    (box,) = boxes(cover.update(update(0.5, ((100, 100, 200, 180), PERSON, 1)), LABELS))

    assert box[3] >= 280


def test_a_track_stays_covered_when_its_class_wavers() -> None:
    cover = Cover(PLAIN)
    cover.update(update(0.0, ((10, 10, 20, 20), PERSON, 1)), LABELS)

    assert boxes(cover.update(update(0.1, ((10, 10, 20, 20), DOG, 1)), LABELS)) == [
        (10, 10, 20, 20)
    ]


def test_boxes_without_a_track_go_on_with_the_one_that_they_overlap() -> None:
    cover = Cover(replace(PLAIN, hold_s=10.0))
    for index in range(20):
        covered = cover.update(update(index / 10, ((10, 10, 60, 60), PERSON, -1)), LABELS)

    assert len(covered.xyxy) == 1


def test_all_but_chosen_tracks_are_covered_with_their_faces() -> None:
    rows: Sequence[Row] = (
        ((100, 100, 200, 400), PERSON, 1),
        ((130, 110, 170, 150), FACE, 3),
        ((300, 100, 400, 400), PERSON, 2),
        ((330, 110, 370, 150), FACE, -1),
    )
    cover = Cover(replace(PLAIN, labels=frozenset({"person", "face"})))

    assert boxes(cover.update(update(0, *rows), LABELS, spared=[1])) == [
        (300, 100, 400, 400),
        (330, 110, 370, 150),
    ]
    assert len(cover.update(update(0.1, *rows), LABELS).xyxy) == 4


def test_a_face_in_front_of_somebody_who_is_shown_is_covered() -> None:
    rows: Sequence[Row] = (
        ((100, 100, 300, 400), PERSON, 1),
        ((120, 150, 200, 400), PERSON, 2),
        ((140, 160, 170, 190), FACE, -1),
    )
    cover = Cover(replace(PLAIN, labels=frozenset({"face"})))

    assert len(cover.update(update(0, *rows), LABELS, spared=[1]).xyxy) == 1


def test_a_strip_along_the_edges_is_covered_live_and_in_no_still_picture() -> None:
    options = replace(PLAIN, border=0.05)
    live = Cover(options).update(update(0), LABELS)

    assert boxes(live) == [(0, 0, 32, 480), (0, 0, 640, 32), (0, 448, 640, 480), (608, 0, 640, 480)]
    assert len(Cover(options).update(update(0), LABELS, still=True).xyxy) == 0


def test_time_that_runs_backwards_forgets_all() -> None:
    cover = Cover(PLAIN)
    walk(cover, 0.5)

    assert len(cover.update(update(0.2), LABELS).xyxy) == 0


# ---- strict --------------------------------------------------------------------------------------


def test_strict_covers_everything_at_the_start_and_after_a_reset() -> None:
    cover = Cover(replace(PLAIN, strict=True, settle_s=0.5))

    assert [cover.update(update(s), LABELS).why for s in (0, 0.3, 0.5, 0.8)] == [
        "start",
        "start",
        "",
        "",
    ]
    cover.reset()
    assert cover.update(update(0.9), LABELS).whole


def test_strict_covers_everything_after_a_gap() -> None:
    cover = Cover(replace(PLAIN, strict=True, settle_s=0, most_gap_s=1))

    assert [cover.update(update(s), LABELS).why for s in (0, 1, 2.1, 2.2)] == ["", "", "late", ""]


def test_strict_covers_everything_while_somebody_is_lost() -> None:
    cover = Cover(replace(PLAIN, strict=True, settle_s=0, hold_s=0.5, lost_s=1.0, most_gap_s=9))
    walk(cover, 0.5)
    times = (0.9, 1.1, 1.9, 2.1)

    assert [cover.update(update(s), LABELS).why for s in times] == ["", "lost", "lost", ""]


def test_strict_does_not_wait_for_those_who_left_at_the_edge() -> None:
    cover = Cover(replace(PLAIN, strict=True, settle_s=0, hold_s=0.5, most_gap_s=9))
    for index in range(5):
        x = 500 + 30 * index
        cover.update(update(index / 10, ((x, 100, x + 40, 200), PERSON, 1)), LABELS)

    assert cover.update(update(1.1), LABELS).why == ""


def test_a_still_picture_is_uncertain_of_nothing() -> None:
    cover = Cover(replace(PLAIN, strict=True))
    walk(cover, 0.5)
    covered = cover.update(update(9, ((10, 10, 20, 20), PERSON, 8)), LABELS, still=True)

    assert (covered.whole, boxes(covered)) == (False, [(10, 10, 20, 20)])


@pytest.mark.parametrize("name", ["margin", "edge", "border", "hold_s", "steady_s", "settle_s"])
@pytest.mark.parametrize("value", [-1, float("nan")])
def test_options_that_make_no_sense_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        CoverOptions(**{name: value})


def test_what_is_held_does_not_grow_without_end() -> None:
    cover = Cover(PLAIN)
    random = np.random.default_rng(1)
    for index in range(300):
        x, y = random.uniform(0, 500, 2)
        cover.update(update(index / 10, ((x, y, x + 9, y + 9), PERSON, -1)), LABELS)

    assert len(list(cover.sighted())) <= 12
