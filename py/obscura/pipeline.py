"""Pipelines: stages that add to an update, and sinks that receive it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from obscura.update import Update


class Stage(Protocol):
    """Adds what takes several frames to know, such as track ids or events."""

    def update(self, update: Update) -> Update:
        """Return the update with additions.

        Called once per analysed frame, also when nothing was found in it.
        """

    def reset(self) -> None:
        """Discard all state, because another source or another model follows."""


class Sink(Protocol):
    """Shows, stores or sends updates."""

    def take(self, update: Update) -> None:
        """Receive an update.

        A frame comes again, by its index, when it is decoded under other options (another
        threshold, say): with other detections, and without the events of the first time.
        """

    def close(self) -> None:
        """Release all resources. May be called any number of times."""


class Pipeline:
    """Stages in order. Itself a `Stage`, so that pipelines can contain pipelines.

    Attributes:
        stages: the stages, first to last.
    """

    def __init__(self, stages: Iterable[Stage] = ()) -> None:
        self.stages = list(stages)

    def update(self, update: Update) -> Update:
        """Pass an update through all stages, first to last."""
        for stage in self.stages:
            update = stage.update(update)
        return update

    def reset(self) -> None:
        """Reset all stages."""
        for stage in self.stages:
            stage.reset()
