"""Worker: one detector, which answers for one picture after another, also in another process."""

from __future__ import annotations

import argparse
import pickle
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from obscura.cli.work import Found, Work
from obscura.errors import BackendError, ObscuraError
from obscura.export.errors import OutputError
from obscura.extras import ToolMissing
from obscura.sources.source import Complain


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


BLOCK = 256
"""Frames that are compressed together."""


class Frames:
    """Frames of a source in order, compressed but for the last ones: a video has many, which wait
    until all sources before it are done."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._last: list[Found] = []

    def append(self, found: Found) -> None:
        """Add a frame."""
        self._last.append(found)
        if len(self._last) == BLOCK:
            # Pickled by one of our own processes for another, which are trusted alike.
            self._blocks.append(zlib.compress(pickle.dumps(self._last), 1))
            self._last = []

    def __iter__(self) -> Iterator[Found]:
        for block in self._blocks:
            yield from pickle.loads(zlib.decompress(block))
        yield from self._last


class Answer(NamedTuple):
    """What a worker says of a picture or a video.

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
            ObscuraError: it could not be read, or not to its end.
        """
        for each in self.complaints:
            complain(each)
        yield from self.found
        if self.error is not None:
            raise self.error


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

    def answer(self, where: str) -> Answer:
        """Return what is found in a picture, or in all of a video.

        Raises:
            BackendError, OutputError, ToolMissing: no other will be read either.
        """
        found = Frames()
        complaints: list[ObscuraError] = []
        try:
            for each in self.work.find(where, complaints.append):
                found.append(each)
        except (BackendError, OutputError, ToolMissing):
            raise
        except ObscuraError as error:
            return Answer(found, complaints, error)
        return Answer(found, complaints, None)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exception: object) -> None:
        self.work.close()
