"""Display: what sinks need to know about the picture in view, besides its update. Pure Python."""

from __future__ import annotations

from dataclasses import dataclass

from obscura.page.state.scene import Kind


@dataclass
class Display:
    """How the picture in view is shown. The app keeps it current; sinks read it."""

    kind: Kind = Kind.WELCOME
    moving: bool = False
    """Whether the picture changes by itself."""
    mirrored: bool = False
    all_hidden: bool = False
    """Whether every class of the model is switched off."""
    names: bool = True
    """Whether boxes have labels."""
    percentages: bool = True
    """Whether labels show scores."""
