"""Scores from which objects are covered."""

from __future__ import annotations

from typing import Any

import pytest

from obscura.cards.card import ModelCard
from obscura.redaction.thresholds import SHARE, tracker_options


@pytest.fixture
def card(card_table: dict[str, Any]) -> ModelCard:
    card_table["output"]["threshold"] = 0.4
    return ModelCard.from_dict(card_table)


def test_half_of_the_usual_score_is_covered_and_less_where_somebody_was_just_seen(
    card: ModelCard,
) -> None:
    options = tracker_options(card)

    assert options.birth == options.strong == SHARE * 0.4
    assert 0 < options.live < options.birth


@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.7, 1.0])
def test_below_a_score_that_is_asked_for_nothing_is_covered(
    card: ModelCard, threshold: float
) -> None:
    options = tracker_options(card, threshold)

    assert (options.live, options.strong, options.birth) == (threshold,) * 3
