"""Run: finds objects in many files and writes shards; stopped at any moment, it can be resumed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR
from typing import Any

import obscura
from obscura.batch.finders import Finder
from obscura.batch.index import Key
from obscura.batch.names import Names, copies_of
from obscura.batch.shards import RECORDS
from obscura.batch.store import Store
from obscura.cli.errors import ENDING, UsageError
from obscura.cli.work import Found, Item, Model
from obscura.errors import ObscuraError
from obscura.heads.shelf import is_file
from obscura.sources import SourceError
from obscura.sources.listing import is_address, is_remote
from obscura.sources.remote import mark
from obscura.sources.source import Complain
from obscura.sources.stills import frames_of

OPTIONS = ("reading", "threshold", "iou", "classes", "flip", "every", "fps")
"""Options that the answers depend on, besides the model and the heads."""


@dataclass
class Summary:
    """What became of the files of a run.

    Attributes:
        found: files whose records were written.
        known: files that were done before.
        failed: files that could not be read; they are tried again when the run is resumed.
    """

    found: int = 0
    known: int = 0
    failed: int = 0


def run(
    sources: Iterator[str],
    out: Path,
    arguments: argparse.Namespace,
    finder: Finder,
    *,
    complain: Complain,
    report: Callable[[Summary, Found | None], None] = lambda *_: None,
    key_of: Callable[[str], Key] | None = None,
    records: int = RECORDS,
) -> Summary:
    """Find objects in files, and write what is found to shards in a folder.

    Args:
        sources: paths; read as far as the work gets on.
        out: the folder, new or of a run with the same options.
        arguments: those of `Work`, ``format``, ``sources`` and ``recursive``.
        complain: receives what is wrong with single files.
        report: called with each frame as it is found, and with None for a file that is known.
        key_of: what a file is known by; None for `key_of_file`.
        records: how many make a shard full.

    Raises:
        UsageError: the folder has another run, or another process writes to it.
        OutputError: the folder cannot be written. BackendError: the engine fails.
    """
    work = _Run(key_of or key_of_file, complain, report)
    with Store(out, options_of(arguments, finder.model), records) as store:
        names = None
        if copies := copies_of(arguments):
            names = store.index.names(copies)
            names.check(arguments.sources, recursive=arguments.recursive)
        for item, found in finder.found(work.wanted(sources, store, names), complain):
            work.keep(store, item, found)
    return work.summary


class _Run:
    """The files under way, and what became of the others."""

    def __init__(
        self,
        key_of: Callable[[str], Key],
        complain: Complain,
        report: Callable[[Summary, Found | None], None],
    ) -> None:
        self.summary = Summary()
        self._key_of, self._complain, self._report = key_of, complain, report
        self._keys: dict[str, Key] = {}
        self._under_way: set[Key] = set()

    def wanted(self, sources: Iterator[str], store: Store, names: Names | None) -> Iterator[Item]:
        """Yield the sources that are not done."""
        for where in sources:
            try:
                key = self._key_of(where)
            except SourceError as error:
                self._fail(error)
                continue
            if key in self._under_way or store.has(key):
                self.summary.known += 1
                self._report(self.summary, None)
            else:
                self._keys[where] = key
                self._under_way.add(key)
                yield Item(where, names.reserve(where) if names else "")

    def keep(self, store: Store, item: Item, found: Iterator[Found]) -> None:
        """Store what is found in a source."""
        key = self._keys.pop(item.where)
        try:
            store.add(key, self._reported(found))
        except ENDING:
            raise
        except ObscuraError as error:
            self._fail(error)
        else:
            self.summary.found += 1
        self._under_way.remove(key)

    def _reported(self, found: Iterator[Found]) -> Iterator[dict[str, Any]]:
        for each in found:
            self._report(self.summary, each)
            yield each.record

    def _fail(self, error: ObscuraError) -> None:
        self.summary.failed += 1
        self._complain(error)


def key_of_file(where: str) -> Key:
    """Return what a file is known by, or a folder of frames.

    Raises:
        UsageError: it is no file, but a stream, which cannot be resumed.
        SourceError: it is not there. ToolMissing: fsspec is not installed, and has to read it.
    """
    if is_remote(where):
        return Key(where.encode(), *mark(where))
    if is_address(where):
        raise UsageError(
            "A run in a folder reads files only", where, remedy="Name a file with --out."
        )
    try:
        path = Path(where)
        status = path.stat()
        if S_ISDIR(status.st_mode):  # a recording
            frames = [each.stat() for each in frames_of(path)]
            size, mtime_ns = sum(f.st_size for f in frames), max(f.st_mtime_ns for f in frames)
        else:
            size, mtime_ns = status.st_size, status.st_mtime_ns
    except OSError as error:
        raise SourceError(f"The file cannot be read: {error.strerror}", where) from error
    return Key(os.fsencode(path.absolute()), size, mtime_ns)


def options_of(arguments: argparse.Namespace, model: Model) -> dict[str, Any]:
    """Return what the answers depend on, as JSON types: runs that differ in it are never mixed."""
    options: dict[str, Any] = {name: getattr(arguments, name) for name in OPTIONS}
    options |= {"obscura": obscura.__version__, "model": model.name, "sha256": model.sha256}
    options["format"] = arguments.format or "jsonl"
    options["heads"] = [
        [name, list(on), _digest(Path(name)) if is_file(Path(name)) else None]
        for name, on in arguments.heads or ()
    ]
    if arguments.track:
        options["track"] = True
    for copies in ("save", "crops"):
        if getattr(arguments, copies):
            options[copies] = str(Path(getattr(arguments, copies)).absolute())
    options["pipeline"] = _digest(Path(arguments.pipeline)) if arguments.pipeline else None
    return options


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()
