"""Protocols of the views of models. Type checkers import this module, the page does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from obscura.cards.card import ModelCard
from obscura.page.models.status import Status

if TYPE_CHECKING:
    from obscura.page.models.adding import Choice, Question


class ModelMenu(Protocol):
    """The list in the panel from which a model is chosen."""

    def list_models(self, cards: Sequence[ModelCard]) -> None:
        """Offer these models."""

    def mark_models(self, absent: Collection[str]) -> None:
        """Show that the models of these names are not on this device."""

    def show(self, settings: Any, card: ModelCard) -> None:
        """Show the settings as they apply to this model."""


class ModelsView(Protocol):
    """The dialog that lists the models, and what is shown about models elsewhere."""

    def connect(
        self,
        *,
        use: Callable[[str], Any],
        measure: Callable[[str], Any],
        cancel: Callable[[], Any],
        remove: Callable[[str], Any],
    ) -> None:
        """Set the handlers of the buttons; all but `cancel` are called with a model's name."""

    def open(self) -> None:
        """Show the dialog."""

    def list(self, cards: Sequence[ModelCard], own: Collection[str]) -> None:
        """Show a row for each card, in this order. `own` are the names of those added here."""

    def reveal(self, name: str) -> None:
        """Scroll to a model's row."""

    def render(self, status: Status) -> None:
        """Update the rows."""

    def show_missing(self, name: str | None) -> None:
        """Say that a model is no longer on this device; None to say nothing."""

    def ask(self, question: Question) -> Awaitable[Choice | None]:
        """Show each proposal on the picture; return what the user chose, None if they cancelled."""
