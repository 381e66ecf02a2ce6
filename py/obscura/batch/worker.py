"""Worker: one detector, which answers for one picture after another, also in another process."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from obscura.cli.work import Found, Item, Work
from obscura.errors import BackendError, ObscuraError
from obscura.export.errors import OutputError
from obscura.extras import ToolMissing
from obscura.sources.source import Complain

FRAMES = 64
"""Frames of a video that a worker holds."""


class Model(NamedTuple):
    """The model that a worker has.

    Attributes:
        name: its name.
        sha256: of its file.
        labels: names of its classes, by class_id.
    """

    name: str
    sha256: str
    labels: tuple[str, ...]


class Answer(NamedTuple):
    """What a worker says of a picture.

    Attributes:
        found: its frames.
        complaints: what is wrong with single frames.
        error: why it could not be read; None if it was.
    """

    found: Iterable[Found]
    complaints: list[ObscuraError]
    error: ObscuraError | None

    def records(self, complain: Complain) -> Iterator[Found]:
        """Yield the frames.

        Raises:
            ObscuraError: the picture could not be read.
        """
        for each in self.complaints:
            complain(each)
        yield from self.found
        if self.error is not None:
            raise self.error


class Part(NamedTuple):
    """Frames of a video, said before its answer, which has the others."""

    found: list[Found]


class Worker:
    """Answers with one detector. A context manager that closes it."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """
        Args:
            arguments: those of `Work`.

        Raises:
            ObscuraError: the detector cannot be opened.
        """
        self.work = Work(arguments)
        card = self.work.detector.card
        self.model = Model(card.name, card.file.sha256, self.work.labels)

    def answer(self, item: Item, say: Callable[[Part], None] | None = None) -> Answer:
        """Return what is found in a source.

        Args:
            say: receives what is found before; None to have all in the answer, and in memory.

        Raises:
            BackendError, OutputError: no other picture will be read either.
        """
        found: list[Found] = []
        complaints: list[ObscuraError] = []
        try:
            for each in self.work.find(item, complaints.append):
                found.append(each)
                if say is not None and len(found) == FRAMES:
                    say(Part(found))
                    found = []
        except (BackendError, OutputError, ToolMissing):
            raise
        except ObscuraError as error:
            return Answer(found, complaints, error)
        return Answer(found, complaints, None)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exception: object) -> None:
        self.work.close()
