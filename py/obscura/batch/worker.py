"""Worker: answers for one source after another, also in another process."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from obscura.cli.errors import ENDING
from obscura.cli.work import Work
from obscura.errors import ObscuraError
from obscura.sources.source import Complain

FRAMES = 64
"""Frames of a video that a worker collects before it passes them on."""


class Kind(Protocol):
    """What workers do, such as `cli.work.Work`. Opened in the process that does it."""

    def __init__(self, arguments: argparse.Namespace) -> None: ...

    @property
    def model(self) -> Any:
        """What has to be known before the first source, such as labels; can be pickled, as can all
        that is found."""

    def find(self, item: Any, complain: Complain) -> Iterator[Any]:
        """Yield what is found in a source, which has a ``where``."""

    def failures(self) -> list[str]:
        """Return a sentence for each head that failed and is off."""

    def close(self) -> None:
        """Release the memory."""


class Answer(NamedTuple):
    """What a worker answers for a picture or a video.

    Attributes:
        found: its frames.
        complaints: what is wrong with single frames.
        error: why it could not be read; None if it was.
    """

    found: Iterable[Any]
    complaints: list[ObscuraError]
    error: ObscuraError | None

    def records(self, complain: Complain) -> Iterator[Any]:
        """Yield the frames.

        Raises:
            ObscuraError: it could not be read, or not to its end.
        """
        for each in self.complaints:
            complain(each)
        yield from self.found
        if self.error is not None:
            raise self.error


class Part(NamedTuple):
    """Frames of a video that a worker passes on before its answer, which has the rest."""

    found: list[Any]


class Worker:
    """Answers for one source after another. A context manager that releases the models."""

    def __init__(self, arguments: argparse.Namespace, kind: type[Kind] = Work) -> None:
        """
        Args:
            arguments: those of the kind.
            kind: what it does.

        Raises:
            ObscuraError: the detector cannot be opened.
        """
        self.work = kind(arguments)
        self.model = self.work.model

    def answer(self, item: Any, say: Callable[[Part], None] | None = None) -> Answer:
        """Return what is found in a source.

        Args:
            say: receives frames as they are found; None to have all in the answer, and in memory.

        Raises:
            BackendError, OutputError, ToolMissing: no other will be read either.
        """
        found: list[Any] = []
        complaints: list[ObscuraError] = []
        try:
            for each in self.work.find(item, complaints.append):
                found.append(each)
                if say is not None and len(found) == FRAMES:
                    say(Part(found))
                    found = []
        except ENDING:
            raise
        except ObscuraError as error:
            return Answer(found, complaints, error)
        return Answer(found, complaints, None)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exception: object) -> None:
        self.work.close()
