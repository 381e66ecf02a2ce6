"""Pipelines: stages that add to an update, and sinks that receive it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from obscura.errors import ObscuraError
from obscura.update import Update


class Stage(Protocol):
    """Adds what takes several frames to know, such as track ids or events."""

    def update(self, update: Update) -> Update:
        """Return the update with additions.

        Called once per analysed frame, also when nothing was found in it.
        """

    def reset(self) -> None:
        """Discard all state, because another source or another model follows."""


class Request(NamedTuple):
    """What a stage wants to know: the outputs of a head for parts of the frame."""

    head: str
    xyxy: NDArray[np.float32]  # (m, 4) in pixels of the source, m at least 1
    size: tuple[int, int]  # width and height of the source


class Answer(NamedTuple):
    """Answer to a `Request`: the outputs, or the error that came instead."""

    outputs: dict[str, NDArray[Any]]  # as of `Session.run_crops`
    ms: float = 0.0  # for how long the head ran
    error: ObscuraError | None = None


Steps: TypeAlias = Generator[Request, Answer, Update]


class AskingStage(Protocol):
    """A `Stage` that needs second networks, and leaves it to the caller to run them."""

    def steps(self, update: Update) -> Steps:
        """Yield requests, be sent an answer to each, and return the update with additions."""


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
        """Pass an update through all stages, first to last, and ask nothing.

        Stages that need second networks add only what they know from earlier frames.
        """
        for stage in self.stages:
            update = stage.update(update)
        return update

    def steps(self, update: Update) -> Steps:
        """Pass an update through all stages, first to last, and let them ask.

        A generator, so that the same code is driven in Python and, with awaited calls, in a page::

            steps = pipeline.steps(update)
            answer = None
            try:
                while True:
                    answer = run(steps.send(answer))
            except StopIteration as end:
                update = end.value
        """
        for stage in self.stages:
            steps = getattr(stage, "steps", None)  # `isinstance` of a protocol is slow
            update = stage.update(update) if steps is None else (yield from steps(update))
        return update

    def reset(self) -> None:
        """Reset all stages."""
        for stage in self.stages:
            stage.reset()
