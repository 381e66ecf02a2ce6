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
from obscura.cli.work import Found
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
        self, sources: Iterable[str], complain: Complain
    ) -> Iterator[tuple[str, Iterator[Found]]]:
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
        self, sources: Iterable[str], complain: Complain
    ) -> Iterator[tuple[str, Iterator[Found]]]:
        """See `Finder`."""
        for where in sources:
            yield where, self._worker.work.find(where, complain)

    def failures(self) -> list[str]:
        """See `Finder`."""
        return self._worker.work.failures()

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *exception: object) -> None:
        self._worker.work.close()


class Spread:
    """Finds objects with workers elsewhere, and in what is not handed to them in this process."""

    def __init__(
        self, arguments: argparse.Namespace, workers: Dispatcher, handed: Callable[[str], bool]
    ) -> None:
        """
        Args:
            arguments: those of `Work`.
            workers: closed at the end.
            handed: whether workers look at a source, whose frames then come all at once.
        """
        self._arguments = arguments
        self._alone: Alone | None = None
        self._workers, self._handed = workers, handed
        self.model = workers.model

    def found(
        self, sources: Iterable[str], complain: Complain
    ) -> Iterator[tuple[str, Iterator[Found]]]:
        """See `Finder`."""
        for where, answer in self._workers.mapped(sources, self._handed, is_long):
            if answer is not None:
                yield where, answer.records(complain)
                continue
            if self._alone is None:
                self._alone = Alone(self._arguments)
            yield from self._alone.found([where], complain)

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
            pictures, else this one; ``engine`` and ``address``, see `Cluster`.

    Raises:
        UsageError: several jobs are wanted of what one has to do.
        ObscuraError: the detector cannot be opened.
    """
    # One process knows the names of copies that are taken, and where objects were.
    option = next((each for each in ("save", "crops", "track") if getattr(arguments, each)), None)
    jobs, on_ray = arguments.jobs, arguments.engine == "ray"
    if arguments.address is not None and not on_ray:
        raise UsageError("--address is that of a cluster", remedy="Add --engine ray.")
    if option and (on_ray or (jobs or 1) > 1):
        name = "obscura track" if option == "track" else f"--{option}"
        raise UsageError(
            f"{name} works with one job on this machine", remedy="Leave --jobs and --engine out."
        )
    single = argparse.Namespace(**{**vars(arguments), "threads": arguments.threads or 1})
    if on_ray:
        # A video goes to a worker as a whole: this process may be far from it, or slow.
        return Spread(arguments, Cluster(single, jobs, arguments.address), is_file), sources
    if jobs is None:
        first = list(islice(sources, MANY))
        sources = chain(first, sources)
        many = len(first) == MANY and all(map(is_picture, first)) and not option
        jobs = cores() if many else 1
    if jobs > 1:
        return Spread(arguments, Pool(single, jobs), is_picture), sources
    return Alone(arguments), sources


def is_picture(where: str) -> bool:
    """Whether a source is a picture in a file."""
    return is_file(where) and not is_long(where)


def is_file(where: str) -> bool:
    """Whether a source is a picture or a video in a file."""
    return is_remote(where) or (where != STDIN and not ADDRESS.fullmatch(where))


def is_long(where: str) -> bool:
    """Whether a source is a video."""
    return not is_remote(where) and is_video(where)


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
