"""The heads of people whose face was not found are covered, and the faces of spared people not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.redaction import Cover, CoverOptions
from obscura.redaction.clip import CoverClip
from obscura.redaction.heads import HEAD_TRACKS, head_part, with_heads
from obscura.update import FrameInfo, Update

LABELS = ("person", "dog", "face")
PERSON, DOG, FACE = range(3)
PLAIN = CoverOptions(labels=frozenset({"face"}), margin=0.0, edge=0.0, steady_s=0.0)

Box = tuple[float, float, float, float]
Row = tuple[Box, int, int]

STANDING: Row = ((100, 100, 160, 300), PERSON, 1)
BESIDE: Row = ((300, 100, 360, 300), PERSON, 2)
BEHIND: Row = ((110, 90, 170, 290), PERSON, 2)


def update(index: int, *rows: Row) -> Update:
    found = Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.full(len(rows), 0.9, np.float32),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.int64),
    )
    return Update(FrameInfo(index, index / 10, 640, 480), found)


def face(x: float, y: float, track: int = 7) -> Row:
    return (x - 10, y - 10, x + 10, y + 10), FACE, track


def heads(given: Update) -> list[tuple[int, Box]]:
    """Return the tracks and boxes of the rows that were added."""
    found = with_heads(given, LABELS).detections[len(given.detections) :]
    assert found.track_id is not None
    assert found.class_id.tolist() == [FACE] * len(found)
    return list(zip(found.track_id.tolist(), map(tuple, found.xyxy.tolist()), strict=True))


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ((0, 0, 50, 200), (0, 0, 50, 80)),  # who stands, as tall as four times their width
        ((0, 0, 100, 160), (0, 0, 100, 100)),  # from the hips up
        ((0, 0, 200, 150), (0, 0, 200, 150)),  # who lies: the head may be anywhere
    ],
)
def test_the_head_is_looked_for_in_the_upper_part_of_a_person(person: Box, expected: Box) -> None:
    assert head_part(person) == expected


def test_who_has_no_face_has_a_head() -> None:
    assert heads(update(0, STANDING, BESIDE, face(330, 120))) == [
        (HEAD_TRACKS + 1, (100, 100, 160, 180))
    ]


def test_a_face_below_the_head_is_somebody_elses() -> None:
    assert len(heads(update(0, STANDING, face(130, 250)))) == 1


def test_of_two_people_with_one_face_between_them_both_heads_are_covered() -> None:
    assert [track for track, _ in heads(update(0, STANDING, BEHIND, face(135, 130)))] == [
        HEAD_TRACKS + 1,
        HEAD_TRACKS + 2,
    ]
    assert heads(update(0, STANDING, BEHIND, face(135, 130), face(150, 110))) == []


def test_nothing_is_added_where_nobody_looks_for_faces_and_to_nobody_but_people() -> None:
    given = update(0, STANDING)

    assert with_heads(given, ("person", "dog")) is given
    assert heads(update(0, ((10, 10, 50, 50), DOG, 3))) == []


def test_where_people_are_tracked_who_is_not_has_no_head() -> None:
    untracked = update(0, (STANDING[0], PERSON, -1))
    assert heads(untracked) == []
    assert len(with_heads(untracked, LABELS, 0.8).detections) == 2, "unless they are certain"
    found = Detections([STANDING[0]], [0.9], [PERSON])
    alone = with_heads(Update(FrameInfo(0, 0.0, 640, 480), found), LABELS)
    assert len(alone.detections) == 2


def test_a_face_that_is_missed_for_a_frame_is_covered_by_the_head() -> None:
    cover = Cover(PLAIN)
    for index in range(5):
        cover.update(with_heads(update(index, STANDING, face(130, 120)), LABELS), LABELS)

    moved: Row = ((180, 100, 240, 300), PERSON, 1)  # further than the face was expected to
    covered = cover.update(with_heads(update(5, moved), LABELS), LABELS)

    assert (180, 100, 240, 180) in [tuple(box) for box in covered.xyxy.tolist()]


def test_who_is_spared_is_shown_with_head_and_face_and_the_one_behind_is_not() -> None:
    rows = STANDING, BESIDE, face(130, 120, 7), face(330, 120, 8)
    given = with_heads(update(0, *rows), LABELS)
    assert Cover(PLAIN).update(given, LABELS, spared=[1]).xyxy.tolist() == [[310, 96, 350, 137]]

    without = with_heads(update(0, STANDING, BESIDE), LABELS)
    assert Cover(PLAIN).update(without, LABELS, spared=[1]).xyxy.tolist() == [[300, 100, 360, 180]]

    over = with_heads(update(0, STANDING, BEHIND, face(135, 130)), LABELS)
    shown = Cover(PLAIN).update(over, LABELS, spared=[1]).xyxy.tolist()
    assert sorted(shown) == [[110, 90, 170, 170], [115, 106, 155, 147]]


def test_in_files_who_is_spared_is_shown_with_head_and_face() -> None:
    clip = CoverClip(PLAIN)
    for index in range(10):
        rows = (STANDING, BESIDE, face(130, 120, 7)) + ((face(330, 120, 8),) if index % 2 else ())
        clip.add(with_heads(update(index, *rows), LABELS), LABELS, spared=[1])

    assert all(len(clip.covered(index).xyxy) for index in range(10))
    assert min(clip.covered(index).xyxy[:, 0].min() for index in range(10)) >= 300


def test_strict_somebody_who_turns_away_is_not_lost() -> None:
    strict = CoverOptions(labels=frozenset({"face"}), strict=True, settle_s=0.0)
    live, clip = Cover(strict), CoverClip(strict)
    whole = []
    for index in range(60):
        rows = (STANDING, face(130, 130)) if index < 30 else (STANDING,)
        given = with_heads(update(index, *rows), LABELS)
        whole.append(live.update(given, LABELS).why)
        clip.add(given, LABELS)

    assert set(whole) == {""}
    assert {clip.covered(index).why for index in range(60)} == {""}


def test_strict_somebody_who_is_gone_in_the_middle_is_lost() -> None:
    strict = CoverOptions(labels=frozenset({"face"}), strict=True, settle_s=0.0)
    live, clip = Cover(strict), CoverClip(strict)
    whole = []
    for index in range(80):
        given = with_heads(
            update(index, *((STANDING, face(130, 130)) if index < 30 else ())), LABELS
        )
        whole.append(live.update(given, LABELS).why)
        clip.add(given, LABELS)

    assert "lost" in whole
    assert "lost" in {clip.covered(index).why for index in range(80)}


def test_the_same_person_found_once_more_is_nobody_else() -> None:
    twin = (102.0, 105.0, 158.0, 250.0)
    found = update(0, STANDING, (twin, PERSON, 4), face(130, 120))
    scores = np.array([0.9, 0.3, 0.9], np.float32)
    given = replace(found, detections=found.detections.replace(score=scores))

    assert heads(given) == []
    people = CoverOptions(labels=frozenset({"person"}), margin=0.0, edge=0.0)
    for options in (PLAIN, people):
        assert len(Cover(options).update(given, LABELS, spared=[1]).xyxy) == 0
    # As certain as the other one, it is somebody in front of them.
    assert len(heads(found)) == 2
    assert len(Cover(PLAIN).update(found, LABELS, spared=[1]).xyxy) == 1
