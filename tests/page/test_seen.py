"""What is seen: rows of a list, and the words for people who cannot see it."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.drawing import colour
from obscura.page.stage.display import Display
from obscura.page.stage.seen import Row, seen
from obscura.page.state.scene import Kind
from obscura.page.words import text
from obscura.page.words.times import duration

LABELS = ("cat", "dog", "owl")


def found(*rows: tuple[int, float]) -> Detections:
    """Return detections of these classes and scores."""
    return Detections(
        np.tile(np.array([1, 2, 3, 4], np.float32), (len(rows), 1)),
        np.array([score for _, score in rows], np.float32),
        np.array([class_id for class_id, _ in rows], np.int32),
    )


TWO_DOGS_AND_A_CAT = found((1, 0.9), (0, 0.8), (1, 0.456))
STILL = Display(Kind.STILL)
MOVING = Display(Kind.LIVE, moving=True)


def test_a_picture_that_does_not_move_has_a_row_per_object() -> None:
    content = seen(TWO_DOGS_AND_A_CAT, LABELS, STILL)

    assert content.rows == [
        Row("dog", "90 %", colour(1), 0),
        Row("cat", "80 %", colour(0), 1),
        Row("dog", "46 %", colour(1), 2),
    ]


def test_a_moving_picture_has_a_row_per_class_the_most_frequent_first() -> None:
    content = seen(TWO_DOGS_AND_A_CAT, LABELS, MOVING)

    assert content.rows == [Row("dog", "2", colour(1), None), Row("cat", "1", colour(0), None)]


def test_classes_that_are_as_frequent_are_in_the_order_of_their_names() -> None:
    content = seen(found((2, 0.9), (0, 0.8), (1, 0.7)), LABELS, MOVING)

    assert [row.name for row in content.rows] == ["cat", "dog", "owl"]


def test_a_paused_picture_has_a_row_per_object() -> None:
    paused = Display(Kind.LIVE, moving=False)

    assert [row.row for row in seen(TWO_DOGS_AND_A_CAT, LABELS, paused).rows] == [0, 1, 2]


@pytest.mark.parametrize("display", [STILL, MOVING])
def test_all_of_it_can_be_spoken_in_a_sentence(display: Display) -> None:
    assert seen(TWO_DOGS_AND_A_CAT, LABELS, display).spoken == "2 dog, 1 cat"


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_picture_has_its_own_title_and_its_own_words_for_nothing(kind: Kind) -> None:
    content = seen(Detections.empty(), LABELS, Display(kind))

    assert content.rows == []
    assert content.title == text.SEEN_TITLES[kind]
    assert content.empty == content.spoken == text.SEEN_EMPTY[kind]


@pytest.mark.parametrize("kind", Kind)
def test_where_every_class_is_hidden_the_list_says_so(kind: Kind) -> None:
    content = seen(Detections.empty(), LABELS, Display(kind, all_hidden=True))

    assert content.empty == content.spoken == text.SEEN_EMPTY["hidden"]


def test_every_sentence_for_nothing_is_another() -> None:
    assert len(set(text.SEEN_EMPTY.values())) == len(text.SEEN_EMPTY) == len(Kind) + 1
    assert set(text.SEEN_TITLES) == set(Kind)


def tracked(detections: Detections, *tracks: tuple[int, float]) -> Detections:
    """Return detections with the number of each, and for how long it has been in view."""
    return detections.replace(
        track_id=[number for number, _ in tracks],
        data={"seen_s": np.array([seconds for _, seconds in tracks])},
    )


def test_tracked_objects_have_a_row_each_with_the_time_in_view() -> None:
    content = seen(tracked(TWO_DOGS_AND_A_CAT, (12, 1.6), (3, 75.0), (4, 7300.0)), LABELS, MOVING)

    assert content.rows == [
        Row("cat 3", "1 min", colour(0), None),
        Row("dog 4", "2 h", colour(1), None),
        Row("dog 12", "2 s", colour(1), None),
    ]
    assert content.spoken == "2 dog, 1 cat"


def test_a_paused_picture_shows_numbers_beside_the_scores() -> None:
    content = seen(tracked(found((1, 0.9), (0, 0.8)), (5, 1.0), (-1, 0.0)), LABELS, STILL)

    assert [(row.name, row.value) for row in content.rows] == [("dog 5", "90 %"), ("cat", "80 %")]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (3599.4, "59 min"), (3599.7, "1 h")],
)
def test_a_duration_stands_in_the_largest_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words
