"""Names: what the copies of each source are called.

The process that hands out the sources gives each a stem that no other has, so that any number of
processes write copies without asking, and the names are the same however many there are. A picture
``photo.png`` has the copy ``photo.png`` and the crops ``photo-1.jpg``, ``photo-2.jpg``; frames of a
video are ``walk/000012.jpg`` and ``walk/000012-1.jpg``. A run in a folder keeps the stems in its
index, so that they are the same when it is resumed.
"""

from __future__ import annotations

import argparse
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from obscura import places
from obscura.cli.errors import UsageError
from obscura.cli.saver import stem_of
from obscura.cli.work import Item
from obscura.export.annotate import suffixes
from obscura.export.errors import OutputError
from obscura.sources.listing import is_address

_TABLES = (
    "create table if not exists names (folded blob primary key, stem blob, path blob unique)"
    " without rowid",
    "create table if not exists numbers (folded blob primary key, last integer) without rowid",
)
_CROP = re.compile(r"(.+)-\d+")
ANOTHER = "Name a folder with --save or --crops in which nothing is read."


class Names:
    """Gives each source a stem of its own, also on file systems that ignore case."""

    def __init__(self, folders: Sequence[Path], base: sqlite3.Connection | None = None) -> None:
        """
        Args:
            folders: where copies go.
            base: of the index of a run, which keeps the stems; None to forget them at the end.
                What is given out counts once a transaction of the index ends.

        Raises:
            UsageError: copies and crops would go into one folder. OutputError: the disk is full.
        """
        self._folders = {each.resolve() for each in folders}
        if len(self._folders) < len(folders):
            raise UsageError(
                "--save and --crops name the same folder", folders[0], remedy="Name two."
            )
        self._avoided: set[Path] = set()
        self._keeps = base is not None
        # Without a name, a base lies in a file that is gone with it: memory stays flat.
        self._base = base or sqlite3.connect("", isolation_level=None)
        with _as_output_error():
            for table in _TABLES:
                self._base.execute(table)
            for outer in self._folders:
                for inner in self._folders:
                    if outer in inner.parents:
                        self._avoid([inner.relative_to(outer).parts[0]])

    def named(self, sources: Iterable[str]) -> Iterator[Item]:
        """Yield each source with its stem."""
        try:
            for where in sources:
                yield Item(where, self.reserve(where))
        finally:
            self._base.close()

    def reserve(self, where: str) -> str:
        """Return the stem for the copies of a source.

        Raises:
            UsageError: it lies in a folder of copies, and the run would take copies for sources
                when it is resumed.
            OutputError: it cannot be kept.
        """
        if not is_address(where):
            self._spare(Path(where).resolve().parent)
        path = _bytes(where if is_address(where) else str(Path(where).absolute()))
        with _as_output_error():
            if self._keeps:
                known = self._base.execute("select stem from names where path = ?", (path,))
                if row := known.fetchone():
                    return _text(row[0])
            return self._reserved(
                _safe(places.short(stem_of(where))), path if self._keeps else None
            )

    def check(self, words: Iterable[str], *, recursive: bool) -> None:
        """See that no copy will take the place of what the words name.

        Raises:
            UsageError: copies would lie among what is read, and be read.
            OutputError: the disk is full.
        """
        for word in words:
            path = Path(word)
            there = places.exists(path)
            if word.startswith("@") and not there:
                try:
                    with Path(word[1:]).open(encoding="utf-8-sig") as lines:
                        self.check((line.rstrip("\r\n") for line in lines), recursive=recursive)
                except (OSError, UnicodeDecodeError):
                    continue  # who reads the sources complains
            elif is_address(word):
                continue
            elif not places.is_dir(path):
                self._spare((path.resolve() if there else path.parent.resolve() / "*").parent)
            else:
                folder = path.resolve()
                if recursive and any(folder in each.parents for each in self._folders):
                    raise UsageError("Copies would lie among what is read", word, remedy=ANOTHER)
                self._spare(folder)

    def _spare(self, folder: Path) -> None:
        """Give out no stem whose copies might overwrite what lies in a folder that is read."""
        if folder not in self._folders or folder in self._avoided:
            return
        if self._keeps:
            raise UsageError("Copies would lie among what is read", folder, remedy=ANOTHER)
        self._avoided.add(folder)
        with _as_output_error():
            self._avoid(path.name for path in (folder.iterdir() if places.is_dir(folder) else ()))

    def _avoid(self, names: Iterable[str]) -> None:
        """Give out no stem by which a file of such a name could be written."""
        self._begin()
        for name in names:
            stem = Path(name).stem
            crop = _CROP.fullmatch(stem)
            for taken in {name, stem, crop[1] if crop else stem}:
                self._base.execute(
                    "insert or ignore into names values (?, null, null)", (_folded(taken),)
                )

    def _reserved(self, stem: str, path: bytes | None) -> str:
        self._begin()
        row = self._base.execute("select last from numbers where folded = ?", (_folded(stem),))
        (last,) = row.fetchone() or (0,)
        number = last + 1
        while not self._is_new(name := stem if number == 1 else f"{stem}-{number}", path):
            number += 1
        if number > 1:  # or a hundred thousand of one name would look at each other's
            self._base.execute(
                "insert or replace into numbers values (?, ?)", (_folded(stem), number)
            )
        return name

    def _is_new(self, name: str, path: bytes | None) -> bool:
        done = self._base.execute(
            "insert or ignore into names values (?, ?, ?)", (_folded(name), _bytes(name), path)
        )
        return done.rowcount == 1

    def _begin(self) -> None:
        if not self._base.in_transaction:
            self._base.execute("begin")


def copies_of(arguments: argparse.Namespace) -> list[Path]:
    """Return the folders for copies and crops that the arguments name."""
    return [Path(each) for each in (arguments.save, arguments.crops) if each]


def items(arguments: argparse.Namespace, sources: Iterator[str]) -> Iterator[Item]:
    """Yield sources, with stems if there are to be copies.

    Args:
        arguments: ``save``, ``crops``, ``recursive``, and ``sources``, which the sources come from.

    Raises:
        UsageError: copies would lie among what is read. OutputError: the disk is full.
    """
    folders = copies_of(arguments)
    if not folders:
        return map(Item, sources)
    names = Names(folders)
    names.check(arguments.sources, recursive=arguments.recursive)
    return names.named(sources)


def _safe(stem: str) -> str:
    """Return a stem that looks like no picture, or the folder of a video might have the name of a
    copy."""
    return stem.replace(".", "-") if Path(stem).suffix.lower() in suffixes() else stem


def _folded(name: str) -> bytes:
    return _bytes(places.folded(name))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # names that are not Unicode too


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


@contextmanager
def _as_output_error() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise OutputError(f"The names of copies cannot be kept: {error}") from error
