"""The fastest way to run each model on this device, remembered between visits."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan

if TYPE_CHECKING:
    from obscura.page.state.protocols import Preferences


class Winners:
    """Outcomes of races, stored with the settings.

    An outcome counts as long as browser, device and model file are the same.
    """

    def __init__(self, preferences: Preferences, device: str, *, remember: bool = True) -> None:
        """
        Args:
            device: everything that a race depends on besides the model: browser build, GPU, cores.
            remember: whether outcomes are stored.
        """
        self._preferences, self._device = preferences, device
        self._remember = remember

    def get(self, card: ModelCard) -> Plan | None:
        """Return the plan that won; None if there was no race under the present conditions."""
        entry = self._preferences.current.winners.get(card.name, {})
        return Plan.from_names(entry.get("plan")) if entry.get("of") == self._mark(card) else None

    def set(self, card: ModelCard, plan: Plan) -> None:
        """Remember a winner."""
        if self._remember:
            self._store(card, {"of": self._mark(card), "plan": plan.as_names()})

    def forget(self, card: ModelCard) -> None:
        """Forget a winner that has failed, so that the next visit races again."""
        self._store(card, None)

    def _store(self, card: ModelCard, entry: dict[str, Any] | None) -> None:
        others = {n: e for n, e in self._preferences.current.winners.items() if n != card.name}
        self._preferences.set(winners=others if entry is None else {**others, card.name: entry})

    def _mark(self, card: ModelCard) -> str:
        return hashlib.sha256(f"{self._device} {card.file.sha256}".encode()).hexdigest()[:16]
