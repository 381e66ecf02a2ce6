"""Remote files: pictures and videos on object stores and other file systems, read with fsspec.

Such as ``s3://bucket/folder``, ``gs://...``, ``sftp://...``, ``zip://*.jpg::file:///photos.zip``.
Addresses of the web are streams (`sources.video`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

from obscura import pictures
from obscura.errors import ObscuraError, PictureError
from obscura.extras import ToolMissing, need
from obscura.sources.errors import SourceError
from obscura.sources.listing import Choice
from obscura.sources.source import Frame, frame
from obscura.sources.stills import MOST_BYTES
from obscura.sources.video import Video, opened


def _system(where: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it.

    Raises:
        ToolMissing: fsspec is not installed. SourceError: what it needs for this one is not.
    """
    fsspec = need("fsspec", "Addresses of files are read with fsspec", "obscura[batch]")
    try:
        system, path = fsspec.core.url_to_fs(where)
    except (ImportError, OSError, ValueError) as error:
        raise SourceError(f"The address cannot be opened: {error}", where) from error
    return system, path


class RemoteStill:
    """One picture at an address. A `Source`."""

    total, moving = 1, False

    def __init__(self, where: str) -> None:
        """
        Raises:
            ToolMissing, SourceError: its file system cannot be opened.
        """
        self.name = where
        self._system, self._path = _system(where)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the picture as frame 0.

        Raises:
            PictureError: it cannot be read.
        """
        try:
            with self._system.open(self._path, "rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            reason = error.strerror or str(error)
            raise PictureError(f"The picture cannot be read: {reason}", self.name) from error
        if len(data) > MOST_BYTES:
            raise PictureError("The picture is larger than 1 GiB", self.name)
        image = pictures.open_picture(io.BytesIO(data), name=self.name)
        yield frame(pictures.to_rgba(image), 0, 0.0)

    def __enter__(self) -> RemoteStill:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing is held open."""


class RemoteVideo(Video):
    """A video at an address, of which those parts are fetched that FFmpeg asks for. A `Source`."""

    def _open(self) -> Any:
        system, path = _system(self.name)
        try:
            self._file = system.open(path, "rb")
        except OSError as error:
            reason = error.strerror or str(error)
            raise SourceError(f"The video cannot be read: {reason}", self.name) from error
        try:
            return opened(self._av, self._file, name=self.name)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """End the reading. May be called any number of times."""
        super().close()
        self._file.close()


def expand(where: str, choice: Choice, complain: Callable[[ObscuraError], None]) -> Iterator[str]:
    """Yield the address of each picture and video in a folder, in the order of names, or of one.

    Nothing but the names of one folder is held at a time.

    Args:
        complain: receives what is wrong with a folder, which is left out.
    """
    try:
        system, root = _system(where)
        if system.isfile(root):
            yield where
            return
        found = False
        for path in _walk(system, root.rstrip("/"), root.rstrip("/"), choice):
            found = True
            yield system.unstrip_protocol(path) if "::" not in where else _chained(where, path)
    except OSError as error:
        complain(SourceError(f"The folder cannot be read: {error.strerror or error}", where))
        return
    except ToolMissing:
        raise
    except ObscuraError as error:
        complain(error)
        return
    if not found:
        complain(PictureError("The folder contains no pictures", where, remedy="Name another."))


def mark(where: str) -> tuple[int, int]:
    """Return the size of a file, and a number that changes with it.

    Raises:
        ToolMissing: fsspec is not installed. SourceError: the file cannot be seen.
    """
    from hashlib import sha256

    system, path = _system(where)
    try:
        status = system.info(path)
        version = system.ukey(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"The file cannot be read: {reason}", where) from error
    digest = sha256(str(version).encode()).digest()
    return int(status.get("size") or 0), int.from_bytes(digest[:7], "big")


def _walk(system: Any, root: str, folder: str, choice: Choice) -> Iterator[str]:
    """Yield the files of a folder that are wanted, then those of the folders in it."""
    listed = sorted(
        (each["name"].rstrip("/"), each["type"]) for each in system.ls(folder, detail=True)
    )
    for name, kind in listed:
        inside = name[len(root) :].lstrip("/")
        if kind != "directory" and choice.wants(inside):
            yield name
    if not choice.recursive:
        return
    for name, kind in listed:
        if kind == "directory" and not name.rpartition("/")[2].startswith("."):
            yield from _walk(system, root, name, choice)


def _chained(where: str, path: str) -> str:
    """Return the address of a file inside an archive that has an address itself."""
    scheme, _, _ = where.partition("://")
    return f"{scheme}://{path}::{where.split('::', 1)[1]}"
