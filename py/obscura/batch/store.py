"""Store: the folder of a run, with its options, its index and its shards."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from obscura.batch.index import Index, Key
from obscura.batch.shards import RECORDS, Shards, sync_folder
from obscura.cli.errors import UsageError
from obscura.export.errors import OutputError

RUN, INDEX = "run.json", "index.sqlite"
ENTER_S = 1.0
"""Seconds between two entries in the index: the most work that is lost when a run is killed."""


class Store:
    """What a run has found. A context manager that keeps all that was done, whatever ends it."""

    def __init__(self, folder: Path, options: dict[str, Any], records: int = RECORDS) -> None:
        """Begin a run in a folder, or take up the one that is there.

        Args:
            options: what the answers depend on, as JSON types, with the ``format`` of the shards.
            records: how many make a shard full.

        Raises:
            UsageError: the folder has another run or other files, or another process writes to it.
            OutputError: it cannot be written.
        """
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _check(folder, options)
            self.index = Index(folder / INDEX)
            try:
                _check(folder, options)  # no other process writes from here on
                _write(folder, options)
                self._shards = Shards(folder, self.index, options["format"], records)
            except BaseException:
                self.index.close()
                raise
        except OSError as error:
            raise OutputError(f"The folder cannot be written: {error.strerror}", folder) from error
        self._entered = time.monotonic()

    def has(self, key: Key) -> bool:
        """Whether a file is done."""
        return key in self._shards or key in self.index

    def add(self, key: Key, records: Iterable[dict[str, Any]]) -> int:
        """Write the records of a file, all or, if they end with an error, none; return how many.

        Raises:
            OutputError: they cannot be written.
        """
        number = 0
        try:
            for record in records:
                self._shards.add(record)
                number += 1
        except BaseException:
            self._shards.undo()
            raise
        self._shards.done(key)
        if time.monotonic() - self._entered > ENTER_S:
            self.enter()
        return number

    def enter(self) -> None:
        """Enter in the index what is done.

        Raises:
            OutputError: it cannot be written.
        """
        self._shards.enter()
        self._entered = time.monotonic()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None or not issubclass(kind, OutputError):
                self._shards.close()
        finally:
            self._shards.abandon()
            self.index.close()


def _check(folder: Path, options: dict[str, Any]) -> None:
    path = folder / RUN
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        others = sorted(each.name for each in folder.iterdir() if not each.name.startswith(INDEX))
        if others:
            raise UsageError(
                f'The folder holds other files, such as "{others[0]}"',
                folder,
                remedy="Name an empty or a new folder with --out.",
            ) from None
        return
    except ValueError:
        before = {}
    if before != options:
        other = (name for name in {*before, *options} if before.get(name) != options.get(name))
        names = ", ".join(sorted(other))
        raise UsageError(
            f"The folder has a run with other options: {names}",
            folder,
            remedy="Name another folder with --out, or call the command as before.",
        )


def _write(folder: Path, options: dict[str, Any]) -> None:
    path = folder / RUN
    if path.exists():
        return
    unfinished = folder / f"{INDEX}-{RUN}.part"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(options, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(folder)
