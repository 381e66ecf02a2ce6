"""What is going on with the models, as the models page shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from obscura.page.models.suggest import Suggestion


class Status(NamedTuple):
    """Models by name, and what is being done to them."""

    in_use: str | None
    opening: str | None
    measuring: str | None
    progress: float
    """The share of the measurement that is done, in 0..1."""
    speeds: Mapping[str, Mapping[str, float]]
    """Milliseconds by model and backend."""
    words: str
    """The present step of adding a model; "" if none is being added."""
    suggested: Suggestion | None = None
    """The model suggested for this device, and why; None if there is no choice."""
    absent: Collection[str] = ()
    """Models that are not on this device, while there is no connection to download them."""
