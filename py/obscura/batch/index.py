"""Index: which files a run has done, in SQLite.

A file is known by its path, size and time of change. The model and the options are those of the
whole run, see `batch.store`. Paths come in the order of folders, so that they lie side by side in
the index, and looking up a hundred million of them reads its pages one after another.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from obscura.batch.names import Names
from obscura.cli.errors import UsageError
from obscura.export.errors import OutputError

_TABLES = """
create table if not exists shards (
    number integer primary key, bytes integer not null, records integer not null,
    whole integer not null
);
create table if not exists done (
    path blob not null, size integer not null, mtime_ns integer not null, shard integer not null,
    primary key (path, size, mtime_ns)
) without rowid;
"""


class Key(NamedTuple):
    """What a file is known by.

    Attributes:
        path: absolute path or address, as bytes.
        size: in bytes.
        mtime_ns: when it was changed, in nanoseconds since 1970.
    """

    path: bytes
    size: int
    mtime_ns: int


class Shard(NamedTuple):
    """A file of records.

    Attributes:
        number: from 1.
        bytes: how much of it counts; what lies behind was written without being entered here.
        records: their number.
        whole: whether it has its final name.
    """

    number: int
    bytes: int
    records: int
    whole: bool


class Index:
    """The index of a run, which one process has at a time. A context manager that closes it."""

    def __init__(self, path: Path) -> None:
        """Open or make it.

        Raises:
            UsageError: another process has it. OutputError: it cannot be written.
        """
        self._path = path
        try:
            # Transactions begin and end where we say so.
            self._base = sqlite3.connect(path, timeout=0, isolation_level=None)
            self._base.execute("pragma locking_mode = exclusive")
            self._base.execute("pragma synchronous = full")
            self._base.execute("begin exclusive")  # the lock stays until the end of the process
            for table in filter(str.strip, _TABLES.split(";")):
                self._base.execute(table)
            self._base.execute("commit")
        except sqlite3.Error as error:
            if "locked" in str(error):
                raise UsageError(
                    "Another run is writing to this folder",
                    path.parent,
                    remedy="Wait for its end, or name another folder with --out.",
                ) from error
            raise _unwritable(path, error) from error

    def __contains__(self, key: Key) -> bool:
        found = self._base.execute(
            "select 1 from done where path = ? and size = ? and mtime_ns = ?", key
        )
        return found.fetchone() is not None

    def __len__(self) -> int:
        """Number of files that are done."""
        count: int = self._base.execute("select count(*) from done").fetchone()[0]
        return count

    def names(self, folders: Sequence[Path]) -> Names:
        """Return what names copies; `enter` keeps what it gave out.

        Raises:
            OutputError: it cannot be written.
        """
        return Names(folders, self._base)

    def shards(self) -> Iterator[Shard]:
        """Yield all shards in their order."""
        for row in self._base.execute("select * from shards order by number"):
            yield Shard(row[0], row[1], row[2], bool(row[3]))

    def enter(self, shard: Shard, keys: Iterable[Key]) -> None:
        """Enter files as done, and the shard that has their records, both or neither.

        Raises:
            OutputError: it cannot be written.
        """
        rows = ((*key, shard.number) for key in keys)
        try:
            if not self._base.in_transaction:  # names may have begun one
                self._base.execute("begin")
            self._base.executemany("insert or ignore into done values (?, ?, ?, ?)", rows)
            self._base.execute("insert or replace into shards values (?, ?, ?, ?)", shard)
            self._base.execute("commit")
        except sqlite3.Error as error:
            self._undo()
            raise _unwritable(self._path, error) from error

    def forget(self, number: int) -> None:
        """Take out a shard, and the files whose records it had.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            self._base.execute("begin")
            self._base.execute("delete from done where shard = ?", (number,))
            self._base.execute("delete from shards where number = ?", (number,))
            self._base.execute("commit")
        except sqlite3.Error as error:
            self._undo()
            raise _unwritable(self._path, error) from error

    def _undo(self) -> None:
        if self._base.in_transaction:
            self._base.execute("rollback")

    def close(self) -> None:
        """Close it; the lock is gone."""
        self._base.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _unwritable(path: Path, error: sqlite3.Error) -> OutputError:
    return OutputError(f"The index of the run cannot be written: {error}", path)
