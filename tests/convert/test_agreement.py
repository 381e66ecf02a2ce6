"""How far two forms of a model agree, told as a person wants to know it."""

from __future__ import annotations

import numpy as np
import pytest

from modelkit.agreement import Seen, compare
from obscura import Detections

Row = tuple[float, float, int]  # left edge, score, class
PERSON: Row = (0, 0.9, 0)
DOG: Row = (50, 0.7, 1)


def seen(*rows: Row, best: float = 0.9) -> Seen:
    """Boxes of 10 x 10 pixels; ``best`` is the highest score of all rows, shown or not."""
    return Seen(
        Detections(
            np.array([[x, 0, x + 10, 10] for x, _, _ in rows], np.float32).reshape(-1, 4),
            np.array([score for _, score, _ in rows], np.float32),
            np.array([kind for _, _, kind in rows], np.int32),
        ),
        np.array([best, 0.1], np.float32),
    )


@pytest.mark.parametrize(
    ("theirs", "matched", "boxes"),
    [
        ((PERSON, DOG), 2, 2),
        ((DOG, PERSON), 2, 2),  # whatever the order
        ((PERSON,), 1, 2),  # one is missed
        ((PERSON, DOG, (90, 0.6, 0)), 2, 3),  # one is made up
        ((PERSON, (50, 0.7, 0)), 1, 3),  # of another class: one missed, one made up
        ((PERSON, (57, 0.7, 1)), 1, 3),  # elsewhere
        ((PERSON, (50, 0.45, 1)), 2, 2),  # a little below the threshold, and yet there
        ((PERSON, DOG, (90, 0.45, 0)), 2, 2),  # nobody would see it
        ((PERSON, PERSON, DOG), 2, 3),  # each box is matched once
    ],
)
def test_boxes_are_matched_by_class_and_place(
    theirs: tuple[Row, ...], matched: int, boxes: int
) -> None:
    agreement = compare([seen(PERSON, DOG)], [seen(*theirs)], threshold=0.5)

    assert (agreement.matched, agreement.boxes) == (matched, boxes)
    assert agreement.exact == (matched == boxes and (50, 0.45, 1) not in theirs)


@pytest.mark.parametrize(
    ("moved", "exact", "close"), [(0.0, True, True), (0.2, False, True), (0.6, False, False)]
)
def test_key_points_count_by_how_far_they_are_for_the_size_of_the_box(
    moved: float, exact: bool, close: bool
) -> None:
    points = np.array([[[1, 2, 0.5], [3, 4, 1]]], np.float32)
    ours, theirs = (
        one._replace(found=one.found.replace(data={"keypoints": points + np.array([x, 0, 0])}))
        for one, x in ((seen(PERSON), 0.0), (seen(PERSON), moved))
    )

    agreement = compare([ours], [theirs], threshold=0.5)

    assert agreement.points == pytest.approx(moved / 10, abs=1e-6)
    assert (agreement.exact, agreement.close) == (exact, close)
    assert not compare([ours], [seen(PERSON)], threshold=0.5).close  # which has none


def test_the_worst_overlap_and_score_of_all_pictures_count() -> None:
    ours = [seen(PERSON), seen(DOG), seen(PERSON)]
    theirs = [seen(PERSON), seen((51, 0.7, 1)), seen((0, 0.85, 0))]

    agreement = compare(ours, theirs, threshold=0.5)

    assert agreement.overlap == pytest.approx(9 / 11)
    assert agreement.score == pytest.approx(0.05)
    assert not agreement.close
    assert str(agreement) == (
        "3 pictures, 3 of 3 boxes found by both; overlap at least 0.818, "
        "scores differ by 0.0500 at most"
    )


def test_where_nothing_is_found_the_best_scores_speak() -> None:
    agreement = compare([seen(best=0.2)], [seen(best=0.19)], threshold=0.5)

    assert str(agreement) == "1 picture, nothing found; scores differ by 0.0100 at most"
    assert agreement.close


def test_rows_that_only_one_form_has_count_unless_their_score_is_0() -> None:
    ours = seen()
    longer = ours._replace(scores=np.array([0.9, 0.1, 0, 0], np.float32))
    other = ours._replace(scores=np.array([0.9, 0.1, 0.05], np.float32))

    assert compare([ours], [longer], threshold=0.5).score == 0
    assert compare([ours], [other], threshold=0.5).score == pytest.approx(0.05)


def test_one_box_in_hundreds_may_be_another() -> None:
    ours = [seen(PERSON)] * 200

    assert compare(ours, [*ours[1:], seen(best=0.9)], threshold=0.5).close
    assert not compare(ours, [*ours[3:], *[seen(best=0.9)] * 3], threshold=0.5).close
