"""Which way to run won here, per model: remembered until browser, device or model are others."""

from __future__ import annotations

import hashlib
from typing import Any

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan
from obscura.page.state.preferences import Preferences


class Winners:
    """The outcomes of races, kept with the settings. Pure Python."""

    def __init__(self, preferences: Preferences, device: str, *, remember: bool = True) -> None:
        """
        Args:
            device: all that a race depends on beside the model: browser build, GPU, cores.
            remember: whether outcomes are kept.
        """
        self._preferences, self._device = preferences, device
        self._remember = remember

    def get(self, card: ModelCard) -> list[Any] | None:
        """The fields of the `Plan` that won; None if there was no race, or other conditions."""
        kept = self._preferences.current.winners.get(card.name, {})
        plan = kept.get("plan")
        return plan if kept.get("of") == self._mark(card) and isinstance(plan, list) else None

    def set(self, card: ModelCard, plan: Plan) -> None:
        """Remember a winner."""
        if self._remember:
            self._keep(card, {"of": self._mark(card), "plan": list(plan)})

    def forget(self, card: ModelCard) -> None:
        """The winner has failed: let the next visit decide anew."""
        self._keep(card, None)

    def _keep(self, card: ModelCard, entry: dict[str, Any] | None) -> None:
        others = {n: e for n, e in self._preferences.current.winners.items() if n != card.name}
        self._preferences.set(winners=others if entry is None else {**others, card.name: entry})

    def _mark(self, card: ModelCard) -> str:
        return hashlib.sha256(f"{self._device} {card.file.sha256}".encode()).hexdigest()[:16]
