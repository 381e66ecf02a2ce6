"""Finders: what finds objects in many sources, one after another or on all cores.

A finder has a ``model`` and yields each source with the frames in which something was looked for,
in the order of the sources.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import chain, islice
from typing import Protocol

from obscura.batch.cluster import Cluster
from obscura.batch.dispatch import Dispatcher
from obscura.batch.pool import Pool
from obscura.batch.worker import Model, Worker
from obscura.cli.errors import UsageError
from obscura.cli.work import Found, Item
from obscura.sources.listing import ADDRESS, STDIN, is_remote
from obscura.sources.opening import is_video
from obscura.sources.source import Complain

MANY = 16
"""From so many pictures on it is worth while to open a model for each core."""


class Finder(Protocol):
    """Finds objects in sources."""

    @property
    def model(self) -> Model: ...

    def found(
        self, items: Iterable[Item], complain: Complain
    ) -> Iterator[tuple[Item, Iterator[Found]]]:
        """Yield each source with its frames, which have to be taken before the next source."""

    def failures(self) -> list[str]:
        """Return a sentence for each head that failed and is off."""


class Alone:
    """Finds objects in this process, with one detector on all cores."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """
        Args:
            arguments: those of `Work`.

        Raises:
            ObscuraError: the detector cannot be opened.
        """
        self._worker = Worker(arguments)
        self.model = self._worker.model

    def found(
        self, items: Iterable[Item], complain: Complain
    ) -> Iterator[tuple[Item, Iterator[Found]]]:
        """See `Finder`."""
        for item in items:
            yield item, self._worker.work.find(item, complain)

    def failures(self) -> list[str]:
        """See `Finder`."""
        return self._worker.work.failures()

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *exception: object) -> None:
        self._worker.work.close()


class Spread:
    """Finds objects with workers elsewhere, and in what they cannot read in this process."""

    def __init__(
        self, arguments: argparse.Namespace, workers: Dispatcher, theirs: Callable[[str], bool]
    ) -> None:
        """
        Args:
            arguments: those of `Work`.
            workers: closed at the end.
            theirs: whether they can read a source.
        """
        self._arguments = arguments
        self._alone: Alone | None = None
        self._workers, self._theirs = workers, theirs
        self.model = workers.model

    def found(
        self, items: Iterable[Item], complain: Complain
    ) -> Iterator[tuple[Item, Iterator[Found]]]:
        """See `Finder`."""
        for item, answer in self._workers.mapped(items, self._theirs, self._is_long):
            if answer is not None:
                yield item, answer.records(complain)
                continue
            if self._alone is None:
                self._alone = Alone(self._arguments)
            yield from self._alone.found([item], complain)

    def _is_long(self, where: str) -> bool:
        return self._arguments.track or not is_picture(where)

    def failures(self) -> list[str]:
        """See `Finder`."""
        more = [] if self._alone is None else self._alone.failures()
        return list(dict.fromkeys([*self._workers.failures(), *more]))

    def __enter__(self) -> Spread:
        return self

    def __exit__(self, *exception: object) -> None:
        self._workers.close()
        if self._alone is not None:
            self._alone.__exit__()


def chosen(
    arguments: argparse.Namespace, sources: Iterator[str]
) -> tuple[AbstractContextManager[Alone | Spread], Iterator[str]]:
    """Return what finds objects, and the sources.

    Args:
        arguments: those of `Work`; ``jobs``, None for a process per core if there are many
            pictures or recordings, else this one; ``engine`` and ``address``, see `Cluster`.

    Raises:
        UsageError: the options exclude each other.
        ObscuraError: the detector cannot be opened.
    """
    jobs, on_ray = arguments.jobs, arguments.engine == "ray"
    if arguments.address is not None and not on_ray:
        raise UsageError("--address is that of a cluster", remedy="Add --engine ray.")
    if arguments.track and on_ray:
        raise UsageError("obscura track works on this machine", remedy="Leave --engine out.")
    single = argparse.Namespace(**{**vars(arguments), "threads": arguments.threads or 1})
    if on_ray:
        return Spread(arguments, Cluster(single, jobs, arguments.address), is_picture), sources
    if jobs is None:
        jobs, sources = _jobs(sources, track=arguments.track)
    if jobs > 1:
        return Spread(arguments, Pool(single, jobs), is_file), sources
    return Alone(arguments), sources


def _jobs(sources: Iterator[str], *, track: bool) -> tuple[int, Iterator[str]]:
    """Return how many processes are worth while, and all sources: one for each core where there are
    many pictures, or a recording to follow for each of them."""
    wanted = cores() if track else MANY
    first = list(islice(sources, wanted))
    many = len(first) == wanted and all(map(is_file if track else is_picture, first))
    return (cores() if many else 1), chain(first, sources)


def is_file(where: str) -> bool:
    """Whether a source is a file or a folder, which any process can read."""
    return is_remote(where) or (where != STDIN and not ADDRESS.fullmatch(where))


def is_picture(where: str) -> bool:
    """Whether a source is a picture in a file."""
    return is_file(where) and (is_remote(where) or not is_video(where))


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
