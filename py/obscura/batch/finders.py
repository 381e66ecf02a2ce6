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
from typing import Any, Protocol

from obscura.batch.cluster import Cluster
from obscura.batch.dispatch import Dispatcher
from obscura.batch.pool import Pool
from obscura.batch.worker import Kind, Worker
from obscura.cli.errors import UsageError
from obscura.cli.work import Found, Item, Model, Work
from obscura.sources.listing import is_address, is_remote, is_video
from obscura.sources.source import Complain

MANY = 16
"""From this number of pictures on it is worth while to open a model for each core."""


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

    def __init__(self, arguments: argparse.Namespace, kind: type[Kind] = Work) -> None:
        """
        Args:
            arguments: those of the kind.
            kind: what is done.

        Raises:
            ObscuraError: the detector cannot be opened.
        """
        self._worker = Worker(arguments, kind)
        self.model = self._worker.model

    def found(
        self, items: Iterable[Any], complain: Complain
    ) -> Iterator[tuple[Any, Iterator[Any]]]:
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
        self,
        open_alone: Callable[[], Alone],
        workers: Dispatcher,
        handed: Callable[[str], bool],
        long: Callable[[str], bool],
    ) -> None:
        """
        Args:
            open_alone: returns what does it in this process.
            workers: closed at the end.
            handed: whether they look at a source, whose frames then come all at once.
            long: whether one may take long.
        """
        self._open_alone, self._long = open_alone, long
        self._alone: Alone | None = None
        self._workers, self._handed = workers, handed
        self.model: Any = workers.model

    def found(
        self, items: Iterable[Any], complain: Complain
    ) -> Iterator[tuple[Any, Iterator[Any]]]:
        """See `Finder`."""
        for item, answer in self._workers.mapped(items, self._handed, self._long):
            if answer is not None:
                yield item, answer.records(complain)
                continue
            if self._alone is None:
                self._alone = self._open_alone()
            yield from self._alone.found([item], complain)

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
    on_ray = arguments.engine == "ray"
    if arguments.address is not None and not on_ray:
        raise UsageError("--address is that of a cluster", remedy="Add --engine ray.")
    if arguments.track and on_ray:
        raise UsageError("obscura track works on this machine", remedy="Leave --engine out.")
    if on_ray:
        # A video goes to a worker as a whole: this process may be far from it, or slow.
        cluster = Cluster(_single(arguments), arguments.jobs, arguments.address)
        return Spread(lambda: Alone(arguments), cluster, is_file, is_long), sources
    return here(arguments, sources, track=arguments.track)


def here(
    arguments: argparse.Namespace,
    sources: Iterator[Any],
    kind: type[Kind] = Work,
    *,
    track: bool = False,
) -> tuple[AbstractContextManager[Alone | Spread], Iterator[Any]]:
    """Return what does a kind of work on this machine, and the sources.

    Args:
        arguments: those of the kind, and ``jobs``.
        sources: paths and addresses, or what has one as its ``where``.
        track: whether each is a recording.

    Raises:
        ObscuraError: the detector cannot be opened.
    """
    jobs = arguments.jobs
    if jobs is None:
        jobs, sources = _jobs(sources, track=track)
    if jobs == 1:
        return Alone(arguments, kind), sources
    pool = Pool(_single(arguments), jobs, kind)
    long = is_file if track else is_long
    return Spread(lambda: Alone(arguments, kind), pool, is_file, long), sources


def _single(arguments: argparse.Namespace) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(arguments), "threads": arguments.threads or 1})


def _jobs(sources: Iterator[Any], *, track: bool) -> tuple[int, Iterator[Any]]:
    """Return how many processes are worth while, and all sources: one for each core where there are
    many pictures, or a recording to follow for each of them."""
    wanted = cores() if track else MANY
    first = list(islice(sources, wanted))
    names = (each if isinstance(each, str) else each.where for each in first)
    many = len(first) == wanted and all(map(is_file if track else is_picture, names))
    return (cores() if many else 1), chain(first, sources)


def is_file(where: str) -> bool:
    """Whether a source is a file or a folder, which any process can read."""
    return is_remote(where) or not is_address(where)


def is_picture(where: str) -> bool:
    """Whether a source is a picture in a file."""
    return is_file(where) and not is_long(where)


def is_long(where: str) -> bool:
    """Whether a source is a video."""
    return is_video(where)


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
