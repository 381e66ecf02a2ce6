"""Scores from which redaction covers: lower than those from which objects are shown."""

from __future__ import annotations

from dataclasses import replace

from obscura.cards.card import ModelCard
from obscura.tracking.options import TrackerOptions

SHARE = 0.5
"""Score that is covered, as a part of the model's threshold. A false cover is cheap, a miss is not;
in bench/redaction nothing more is found below this, and more is covered needlessly."""


def tracker_options(card: ModelCard, threshold: float | None = None) -> TrackerOptions:
    """Return the options of a tracker whose tracks are covered.

    Its ``live`` is the score from which the detector has to answer.

    Args:
        card: the model's card.
        threshold: score from which an object is covered, in 0..1; None for `SHARE` of the card's,
            and, where an object was just seen, still less.
    """
    usual = TrackerOptions.for_card(card)
    if threshold is not None:
        return replace(usual, birth=threshold, strong=threshold, live=threshold)
    least = SHARE * card.threshold
    return replace(usual, birth=least, strong=least, live=min(usual.live, least))
