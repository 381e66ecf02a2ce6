"""Display: what sinks need to know about the picture in view, besides its update. Pure Python."""

from __future__ import annotations

from dataclasses import dataclass

from obscura.cards.card import ModelCard
from obscura.page.state.scene import Kind, Scene
from obscura.page.state.settings import Settings


@dataclass
class Display:
    """How the picture in view is shown. The app keeps it current; sinks read it."""

    kind: Kind = Kind.WELCOME
    moving: bool = False
    """Whether the picture changes by itself."""
    delayed: bool = False
    """Whether a frame is shown only once it is analysed: its boxes are where its objects are."""
    mirrored: bool = False
    all_hidden: bool = False
    """Whether every class of the model is switched off."""
    names: bool = True
    """Whether boxes have labels."""
    percentages: bool = True
    """Whether labels show scores."""

    def follow(
        self, scene: Scene, settings: Settings, card: ModelCard | None, *, mirrored: bool
    ) -> None:
        """Adapt to what is in view and to the settings.

        Args:
            card: the model in use; None while there is none.
        """
        self.kind = scene.kind
        self.moving = scene.kind is Kind.LIVE and not scene.paused
        self.mirrored = mirrored
        self.names, self.percentages = settings.names, settings.percentages
        if card is not None:
            self.all_hidden = set(card.labels) <= set(settings.hidden.get(card.name, ()))
