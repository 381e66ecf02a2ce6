"""Stages that process updates, sinks that receive them, and the pipeline that joins stages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from obscura.update import Update


class Stage(Protocol):
    """A step that looks at successive frames of a source, such as a tracker or a counter."""

    def update(self, update: Update) -> Update:
        """Process one frame and return its update, changed or not.

        Called exactly once per analysed frame, in order of capture, also for frames without
        detections.
        """
        ...

    def reset(self) -> None:
        """Forget all frames seen so far, because the source or the model has changed."""
        ...


class Sink(Protocol):
    """A receiver of finished updates, such as an overlay, a recorder or a socket."""

    def take(self, update: Update) -> None:
        """Receive the update of one frame."""
        ...

    def close(self) -> None:
        """Finish and release what the sink has opened. No update follows."""
        ...


class Pipeline:
    """Stages in order; itself a `Stage`.

    >>> import numpy as np
    >>> from obscura import Detections, FrameInfo, Pipeline, Update
    >>> class BestOnly:
    ...     def update(self, update):
    ...         return Update(update.frame, update.detections.sorted()[:1], update.events)
    ...     def reset(self):
    ...         pass
    >>> found = Detections(np.zeros((2, 4)), score=[0.5, 0.75], class_id=[3, 1])
    >>> frame = FrameInfo(index=0, time_s=0.0, width=640, height=480)
    >>> Pipeline([BestOnly()]).update(Update(frame, found)).detections.class_id
    array([1], dtype=int32)
    """

    def __init__(self, stages: Iterable[Stage] = ()) -> None:
        """
        Args:
            stages: the stages, first to last. Each receives what the previous one returned.
        """
        self._stages = tuple(stages)

    def update(self, update: Update) -> Update:
        """Pass an update through every stage and return what the last one returned."""
        for stage in self._stages:
            update = stage.update(update)
        return update

    def reset(self) -> None:
        """Reset every stage."""
        for stage in self._stages:
            stage.reset()
