"""Families: a network's rows become Detections in pixels of the picture."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
import pytest

from obscura import families
from obscura.cards.card import ModelCard
from obscura.errors import BackendError, CardError
from obscura.families import Family
from obscura.families.decode import Outputs, decode
from obscura.families.protocol import FamilyModule, Option


def outputs(*rows: tuple[tuple[float, float, float, float], float, int]) -> Outputs:
    """Rows of (box in 0..1, score, class)."""
    return Outputs(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int32),
    )


@pytest.fixture
def card(card_table: dict[str, Any]) -> ModelCard:
    return ModelCard.from_dict(card_table)


def test_boxes_come_out_in_pixels_of_the_picture(card: ModelCard) -> None:
    found = decode(outputs(((0.25, 0.5, 0.5, 1.0), 0.9, 2)), card, (640, 480))

    np.testing.assert_allclose(found.xyxy, [[160, 240, 320, 480]], atol=1e-3)
    assert found.class_id.tolist() == [2]
    assert found.score.tolist() == [np.float32(0.9)]


def test_the_bars_of_a_letterbox_are_taken_off(card_table: dict[str, Any]) -> None:
    card_table["input"]["resize"] = "letterbox"
    card = ModelCard.from_dict(card_table)

    # 640x480 in a square: the picture fills the width and the middle three quarters of the height.
    found = decode(outputs(((0.0, 0.125, 1.0, 0.875), 0.9, 0)), card, (640, 480))

    np.testing.assert_allclose(found.xyxy, [[0, 0, 640, 480]], atol=1e-3)


def test_boxes_are_cut_at_the_edges_and_dropped_beyond_them(card: ModelCard) -> None:
    rows = outputs(((-0.1, -0.1, 0.5, 0.5), 0.9, 0), ((1.1, 0.2, 1.4, 0.4), 0.8, 1))

    found = decode(rows, card, (100, 100))

    assert found.xyxy.tolist() == [[0, 0, 50, 50]]


@pytest.mark.parametrize(
    ("threshold", "kept"),
    [
        (None, [0, 1]),  # the card's 0.5, which a score of just that passes
        (0.6, [0]),
        (0.0, [0, 1, 2]),
        (1.0, []),
    ],
)
def test_the_threshold_decides(card: ModelCard, threshold: float | None, kept: list[int]) -> None:
    rows = outputs(
        ((0, 0, 0.1, 0.1), 0.9, 0), ((0.2, 0, 0.3, 0.1), 0.5, 1), ((0.4, 0, 0.5, 0.1), 0.2, 2)
    )

    assert decode(rows, card, (64, 64), threshold=threshold).class_id.tolist() == kept


def test_a_score_of_just_the_threshold_passes_despite_float32(card: ModelCard) -> None:
    rows = outputs(((0, 0, 1, 1), 0.7, 0))  # float32(0.7) is below 0.7

    assert len(decode(rows, card, (64, 64), threshold=0.7)) == 1


@pytest.mark.parametrize(
    ("iou", "kept"),
    [
        (None, [0.9, 0.7]),  # the card's 0.5: the second overlaps the first by 0.8
        (0.85, [0.9, 0.8, 0.7]),
        (0.0, [0.9, 0.7]),  # the third only touches the first, and is of another class anyhow
    ],
)
def test_the_overlap_decides_within_a_class(
    card: ModelCard, iou: float | None, kept: list[float]
) -> None:
    rows = outputs(
        ((0, 0, 0.5, 0.5), 0.9, 0), ((0, 0, 0.5, 0.4), 0.8, 0), ((0, 0, 0.5, 0.5), 0.7, 1)
    )

    found = decode(rows, card, (64, 64), iou=iou)

    np.testing.assert_allclose(found.score, kept)


def test_a_family_without_nms_keeps_every_row_best_first(
    card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(families.FAMILIES, "ssd", Family("ssd", "SSD", nms=False))
    rows = outputs(((0, 0, 1, 1), 0.7, 0), ((0, 0, 1, 1), 0.9, 0))

    found = decode(rows, card, (64, 64))

    np.testing.assert_allclose(found.score, [0.9, 0.7])


@pytest.mark.parametrize(
    ("classes", "kept"),
    [
        (None, [0, 1, 2]),
        ([2, 0], [0, 2]),
        (frozenset({1}), [1]),
        ([], []),  # nothing wanted, nothing found
    ],
)
def test_only_the_wanted_classes_are_kept(card: ModelCard, classes: Any, kept: list[int]) -> None:
    rows = outputs(
        ((0, 0, 0.1, 0.1), 0.9, 0), ((0.2, 0, 0.3, 0.1), 0.8, 1), ((0.4, 0, 0.5, 0.1), 0.7, 2)
    )

    assert decode(rows, card, (64, 64), classes=classes).class_id.tolist() == kept


def test_no_rows_give_no_detections(card: ModelCard) -> None:
    assert len(decode(outputs(), card, (64, 64))) == 0


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (((0, 0, 1, 1), float("nan"), 0), "not finite"),  # half precision overflowed
        (((0, 0, float("inf"), 1), 0.9, 0), "not finite"),
        (((0, 0, 1, 1), 0.9, 3), "outside 0..2"),  # a class that the card lacks
        (((0, 0, 1, 1), 0.1, -1), "outside 0..2"),  # even in a row that is dropped anyhow
    ],
)
def test_what_no_model_can_mean_is_the_backends_fault(
    card: ModelCard, row: Any, complaint: str
) -> None:
    with pytest.raises(BackendError, match=complaint):
        decode(outputs(row), card, (64, 64))


def test_an_unknown_family_lists_the_known_ones(card_table: dict[str, Any]) -> None:
    card_table["family"] = "yolo99"

    with pytest.raises(CardError, match=r"yolo99.*ssd, centernet"):
        decode(outputs(), ModelCard.from_dict(card_table), (64, 64))


@pytest.mark.parametrize("name", families.FAMILIES)
def test_each_family_has_a_module_that_keeps_the_protocol(name: str) -> None:
    module = families.module(name)

    assert all(isinstance(option, Option) for option in module.OPTIONS.values())
    for function in ("read", "recognise"):
        wanted = signature(getattr(FamilyModule, function))
        assert list(signature(getattr(module, function)).parameters) == list(wanted.parameters)[1:]
