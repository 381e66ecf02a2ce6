"""Options of a tracker: the scores and times between which it follows objects."""

from __future__ import annotations

from dataclasses import dataclass

from obscura.cards.card import ModelCard

MOST_BIRTH = 0.95
"""No threshold moves the birth of a model's tracks above this score, which few detections reach."""
USUAL_LIVE = 0.4
"""Score down to which tracks live, as a share of the threshold, if a card does not say it."""


@dataclass(frozen=True, slots=True)
class TrackerOptions:
    """Scores and times of a tracker. The scores depend on the model: see `for_card`.

    Attributes:
        birth: score from which a detection begins a track, in 0..1.
        strong: score from which a detection may continue any track.
        live: score down to which a detection continues a track that was just seen.
        lost_s: seconds for which a track that is not detected is kept.
        hold_s: seconds for which `Tracker.predict` still shows it.
    """

    birth: float = 0.8
    strong: float = 0.5
    live: float = 0.1
    lost_s: float = 2.0
    hold_s: float = 0.4

    def __post_init__(self) -> None:
        if not 0 <= self.live <= self.strong <= self.birth <= 1:
            raise ValueError(
                "tracker: wanted 0 <= live <= strong <= birth <= 1, got "
                f"live {self.live}, strong {self.strong}, birth {self.birth}"
            )
        if not (self.lost_s >= 0 and self.hold_s >= 0):
            raise ValueError(
                f"tracker: wanted times of 0 or more, got {self.lost_s} and {self.hold_s} s"
            )

    @classmethod
    def for_card(cls, card: ModelCard, threshold: float | None = None) -> TrackerOptions:
        """Return the options for a model.

        Args:
            card: the model's card. Its table ``[tracking]`` has the scores; without one they are
                derived from its threshold, as they are for the models that were measured.
            threshold: score that is to count as detected, in 0..1; None for the card's, at which
                the card's scores hold. ``birth`` moves up and down with it, between 0 and
                `MOST_BIRTH`, and takes the other scores along where it gets lower than they are.
        """
        usual = card.threshold
        if card.tracking is not None:
            birth, live = card.tracking
        else:
            birth, live = usual, usual * USUAL_LIVE
        if threshold is not None and threshold <= usual:
            birth *= threshold / usual if usual else 1.0
        elif threshold is not None:
            birth += (1 - birth) * (threshold - usual) / (1 - usual)
        birth = min(birth, MOST_BIRTH)
        live = min(live, birth)
        return cls(birth=birth, strong=max(live, min(usual, birth)), live=live)
