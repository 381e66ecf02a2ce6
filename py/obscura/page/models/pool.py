"""The sessions that are open: the one in use, and idle ones that make it quick to go back."""

from __future__ import annotations

import asyncio

from obscura.cards.card import ModelCard
from obscura.page.models.opening import EngineChoice, OpenModel


class SessionPool:
    """Holds open models within a budget of memory, the least recently used first."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._open: list[OpenModel] = []
        self.current: OpenModel | None = None
        """The model in use; None while there is none."""
        self.changing = asyncio.Lock()
        """Held while a session is opened: one at a time."""

    def find(self, card: ModelCard, choice: EngineChoice) -> OpenModel | None:
        """Return the open model that was opened for this choice, and count it as used now."""
        for opened in self._open:
            if opened.card is card and opened.choice == choice:
                self._touch(opened)
                return opened
        return None

    def of(self, card: ModelCard) -> list[OpenModel]:
        """Return what is open of a model, whatever it was opened for."""
        return [opened for opened in self._open if opened.card is card]

    def named(self, name: str) -> list[OpenModel]:
        """Return what is open under a model's name, of former files too."""
        return [opened for opened in self._open if opened.card.name == name]

    @property
    def idle(self) -> list[OpenModel]:
        """All that are not in use, the least recently used first."""
        return [opened for opened in self._open if opened is not self.current]

    def add(self, opened: OpenModel) -> None:
        """Hold another one, as the most recently used."""
        self._open.append(opened)

    def use(self, opened: OpenModel) -> None:
        """Make this one the model in use."""
        self.current = opened
        self._touch(opened)

    def make_room(self, bytes_wanted: int) -> None:
        """Close idle sessions until another one fits. The one in use stays in any case."""
        for opened in self.idle:
            if sum(each.memory_bytes for each in self._open) + bytes_wanted <= self._budget:
                return
            self.close(opened)

    def close(self, *models: OpenModel) -> None:
        """Close sessions, which frees their memory. One that is closed already is passed over."""
        for opened in models:
            if opened not in self._open:
                continue
            opened.session.close()
            self._open.remove(opened)
            if self.current is opened:
                self.current = None

    def free(self, *, everything: bool) -> bool:
        """Close the idle sessions after memory ran out; return whether that freed any.

        Args:
            everything: if none is idle, close the one in use.
        """
        given_up = self.idle or (list(self._open) if everything else [])
        self.close(*given_up)
        return bool(given_up)

    def _touch(self, opened: OpenModel) -> None:
        self._open.remove(opened)
        self._open.append(opened)
