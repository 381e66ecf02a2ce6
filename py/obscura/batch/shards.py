"""Shards: the files of a run, each with about a thousand records.

Records are added to ``shard-000001.jsonl.part``. Once they are on the disk, the index enters how
many bytes of it count. A shard that is full gets its final name, ``shard-000001.jsonl``, or is
written as Parquet and then gets it. Killed at any moment, a run has at most bytes that do not
count, which `Shards` cuts off, or a shard that counts but lacks its name, which it gives it.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any

from obscura.batch.index import Index, Key, Shard
from obscura.batch.parquet import write_parquet
from obscura.cli.errors import UsageError
from obscura.export.errors import OutputError

RECORDS = 1000
"""Records of a shard, or more where a video has more: its records stay together."""
FORMATS = ("jsonl", "parquet")
_NAME = re.compile(r"shard-(\d{6,})\.(jsonl|parquet)")


class Shards:
    """Writes records to shards, and enters in the index what is on the disk."""

    def __init__(
        self, folder: Path, index: Index, form: str = "jsonl", records: int = RECORDS
    ) -> None:
        """Bring folder and index to agree, whatever happened to the run before.

        Args:
            form: one of `FORMATS`.
            records: how many make a shard full.

        Raises:
            UsageError: there are shards that the index does not know.
            OutputError: the folder cannot be written.
        """
        self._folder, self._index, self._form, self._most = folder, index, form, records
        self._file: IO[bytes] | None = None
        self._keys: dict[Key, None] = {}  # in order
        self._shard = Shard(1, 0, 0, whole=False)
        self._written = self._records = 0
        self._mark = 0, 0, 0  # of what is done: its bytes and records, and keys to enter
        try:
            self._agree()
        except OSError as error:
            raise self._unwritable(error) from error

    def _agree(self) -> None:
        known = set()
        for shard in list(self._index.shards()):
            known.add(shard.number)
            self._shard = Shard(shard.number + 1, 0, 0, whole=False)
            there, part = self._final(shard).exists(), self._part(shard)
            if shard.whole and not there:
                self._index.forget(shard.number)  # somebody removed it: its files are done again
            elif not shard.whole and not shard.bytes:
                self._shard = shard
            elif not shard.whole and part.exists() and part.stat().st_size >= shard.bytes:
                os.truncate(part, shard.bytes)
                self._shard = shard
            elif not shard.whole and there:  # killed between its name and the index
                self._index.enter(shard._replace(whole=True), [])
            elif not shard.whole:
                self._index.forget(shard.number)
        for path in self._folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match and int(match[1]) not in known:
                raise UsageError(
                    "The folder has a shard that its index does not know",
                    path,
                    remedy="Name another folder with --out.",
                )
        self._written, self._records = self._shard.bytes, self._shard.records
        self._mark = self._written, self._records, 0
        if not self._shard.bytes:  # nothing of it counts
            self._part(self._shard).unlink(missing_ok=True)

    def __contains__(self, key: Key) -> bool:
        """Whether a file is done but not yet in the index."""
        return key in self._keys

    def add(self, record: dict[str, Any]) -> None:
        """Add a record; it counts once `done` and then `enter` were called.

        Raises:
            OutputError: it cannot be written.
        """
        text = line(record)
        try:
            if self._file is None:
                self._file = self._part(self._shard).open("ab")
            self._file.write(text)
        except OSError as error:
            raise self._unwritable(error) from error
        self._written += len(text)
        self._records += 1

    def done(self, key: Key) -> None:
        """Say that all records of a file were added.

        Raises:
            OutputError: they cannot be written.
        """
        self._keys[key] = None
        # At once: Ctrl-C may come before or after, and then the records count with the key or not.
        self._mark = self._written, self._records, len(self._keys)
        if self._records >= self._most:
            self.enter()
            self._finish()

    def undo(self) -> None:
        """Take back what was added since the last `done`: the file could not be read to its end.

        Raises:
            OutputError: the shard cannot be written.
        """
        if self._file is None or self._written == self._mark[0]:
            return
        self._written, self._records, _ = self._mark
        try:
            self._file.flush()
            os.truncate(self._part(self._shard), self._written)
        except OSError as error:
            raise self._unwritable(error) from error

    def enter(self) -> None:
        """Have all that is done on the disk, and enter it in the index.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            if self._file is not None and not self._file.closed:
                self._file.flush()
                os.fsync(self._file.fileno())
                sync_folder(self._folder)
        except OSError as error:
            raise self._unwritable(error) from error
        written, records, done = self._mark
        if done:
            self._shard = Shard(self._shard.number, written, records, whole=False)
            self._index.enter(self._shard, islice(self._keys, done))
            self._mark = written, records, 0
            self._keys.clear()

    def close(self) -> None:
        """Enter what is done, and give the last shard its name.

        Raises:
            OutputError: it cannot be written.
        """
        self.enter()
        self._finish()

    def abandon(self) -> None:
        """Close the file after an error, as it is."""
        if self._file is not None:
            with suppress(OSError):  # what counts is on the disk already
                self._file.close()
            self._file = None

    def _finish(self) -> None:
        """Give the shard its final name, and begin another."""
        shard, part = self._shard, self._part(self._shard)
        self.abandon()
        if not shard.records:
            part.unlink(missing_ok=True)
            return
        final = self._final(shard)
        try:
            if part.exists() or not final.exists():  # else Ctrl-C came when it had its name
                os.truncate(part, shard.bytes)
                if self._form == "parquet":
                    write_parquet(part, final)
                    sync_folder(self._folder)
                    part.unlink()
                else:
                    part.replace(final)
            sync_folder(self._folder)
        except OSError as error:
            raise self._unwritable(error) from error
        self._index.enter(shard._replace(whole=True), [])
        self._shard = Shard(shard.number + 1, 0, 0, whole=False)
        self._written, self._records = 0, 0
        self._mark = 0, 0, 0

    def _final(self, shard: Shard) -> Path:
        return self._folder / f"shard-{shard.number:06}.{self._form}"

    def _part(self, shard: Shard) -> Path:
        return self._folder / f"shard-{shard.number:06}.jsonl.part"

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"The shard cannot be written: {error.strerror}", self._folder)


def line(record: dict[str, Any]) -> bytes:
    """Return a record as a line of JSON in UTF-8; names that are not Unicode as escapes."""
    try:
        return json.dumps(record, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(record).encode() + b"\n"


def sync_folder(folder: Path) -> None:
    """Have the names of a folder on the disk; systems that cannot do so are left alone."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
