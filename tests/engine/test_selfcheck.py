"""The self-check: right backends pass in spite of small differences, wrong ones do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.engine.selfcheck import disagreement, verify
from obscura.errors import BackendError, CardError
from obscura.families.decode import Outputs

Row = tuple[int, float, tuple[float, float, float, float]]

CAT: Row = (0, 0.9, (0, 0, 100, 100))
DOG: Row = (1, 0.7, (200, 0, 300, 100))
FAINT: Row = (1, 0.52, (0, 200, 100, 300))


def detections(*rows: Row) -> Detections:
    return Detections(
        np.array([row[2] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[0] for row in rows], np.int32),
    )


@pytest.mark.parametrize(
    "found",
    [
        [CAT, DOG, FAINT],  # the same
        [DOG, FAINT, CAT],  # in another order
        [(0, 0.85, (2, 0, 102, 100)), DOG, FAINT],  # a little off
        [CAT, DOG, (1, 0.45, (0, 200, 100, 300))],  # fallen just below the threshold
        [CAT, DOG, FAINT, (0, 0.55, (400, 400, 500, 500))],  # risen just above it
        [CAT, DOG, FAINT, (0, 0.42, (10, 10, 90, 90))],  # noise below it
    ],
)
def test_small_differences_are_no_disagreement(found: list[Row]) -> None:
    assert disagreement(detections(*found), detections(CAT, DOG, FAINT), threshold=0.5) is None


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ([], "it does not see cat (90%)"),  # a backend that returns zeros
        ([CAT], "it does not see dog (70%)"),
        ([CAT, (0, 0.7, DOG[2])], "it does not see dog (70%)"),  # the right place, another class
        ([CAT, (1, 0.7, (240, 0, 340, 100))], "it does not see dog (70%)"),  # shifted by 40 pixels
        ([(0, 0.75, CAT[2]), DOG], "it sees cat at 75% instead of 90%"),
        ([CAT, DOG, (0, 0.8, (400, 0, 500, 100))], "it sees cat (80%) that is not there"),
        ([CAT, DOG, CAT], "it sees cat (90%) that is not there"),  # twice where once is right
    ],
)
def test_a_wrong_answer_is_told_in_words(found: list[Row], reason: str) -> None:
    said = disagreement(
        detections(*found), detections(CAT, DOG), threshold=0.5, labels=["cat", "dog"]
    )

    assert said == reason


def test_two_on_record_in_one_place_need_two_found() -> None:
    twins = detections(CAT, (0, 0.85, (1, 0, 101, 100)))

    assert disagreement(twins, twins, threshold=0.5) is None
    assert disagreement(twins[:1], twins, threshold=0.5) == "it does not see class 0 (85%)"


@pytest.fixture
def card(card_table: dict[str, Any]) -> ModelCard:
    return ModelCard.from_dict(card_table)  # on record: class 0, 0.9, 10 20 110 220 of 640 x 480


def answer(score: float) -> Outputs:
    box = np.array([[10 / 640, 20 / 480, 110 / 640, 220 / 480]], np.float32)
    return Outputs(box, np.array([score], np.float32), np.zeros(1, np.int32))


def test_outputs_that_reproduce_the_record_pass(card: ModelCard) -> None:
    verify(answer(0.88), card)


def test_outputs_that_do_not_are_the_backends_failure(card: ModelCard) -> None:
    with pytest.raises(BackendError, match="does not see red"):
        verify(answer(0.1), card)


def test_without_a_record_nothing_can_be_checked(card_table: dict[str, Any]) -> None:
    del card_table["check"]

    with pytest.raises(CardError, match="records no answer"):
        verify(answer(0.9), ModelCard.from_dict(card_table))
