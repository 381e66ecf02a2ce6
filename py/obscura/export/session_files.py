"""Sessions as files on disk: written, read, and compared with their videos."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from obscura.counting.shapes import Shapes
from obscura.export.errors import OutputError
from obscura.export.session import About, Session, SessionError, SessionWriter

CHUNK = 1 << 20


def read_session(path: str | Path) -> Session:
    """Open a session that the page or `write_session` wrote.

    >>> row = {"label": "person", "class_id": 0, "x1": 1, "y1": 2, "x2": 3, "y2": 4}
    >>> frame = {"frame": 0, "time_s": 0.0, "width": 640, "height": 480}
    >>> records = [{**frame, "detections": [{**row, "score": 0.9}, {**row, "score": 0.3}]}]
    >>> about = About({"name": "street.mp4"}, {"name": "cocossd", "labels": ["person"]})
    >>> write_session("street.zip", about, records)
    >>> with read_session("street.zip") as session:
    ...     [len(update.detections) for update in session.at(0.5)]
    [1]

    Raises:
        SessionError: it is not a session, or cannot be read.
    """
    try:
        file = Path(path).open("rb")  # noqa: SIM115  (closed with the session)
    except OSError as error:
        raise SessionError(
            f"The file cannot be read: {error.strerror}", path, remedy="Check its name."
        ) from error
    try:
        return Session(file)
    except BaseException:
        file.close()
        raise


def write_session(
    path: str | Path,
    about: About,
    records: Iterable[dict[str, Any]],
    *,
    shapes: Shapes | None = None,
    events: Iterable[dict[str, Any]] = (),
) -> None:
    """Write a session; the file is put in its place once it is whole.

    Args:
        about: what the source, the model and the settings were; ``frames`` are counted.
        records: of all frames in order, as `export.records.to_record` returns them.
        shapes: lines and zones.
        events: as `export.events.to_record` returns them.

    Raises:
        OutputError: it cannot be written.
    """
    place = Path(path)
    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(".part", f".{place.name[:100]}.", place.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            writer = SessionWriter(file)
            try:
                for record in records:
                    writer.add(record)
                writer.close(about, shapes or Shapes(), events)
            except BaseException:
                writer.discard()
                raise
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        part.replace(place)
    except OSError as error:
        reason = f"The file cannot be written: {error.strerror}"
        raise OutputError(reason, place) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def file_facts(path: str | Path) -> dict[str, Any]:
    """Return the ``name``, the ``bytes`` and the ``sha256`` of a file, as `About.source` has them.

    Raises:
        OSError: it cannot be read.
    """
    path, digest = Path(path), hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest.hexdigest()}


def is_of(session: Session, video: str | Path) -> bool:
    """Whether a session is of this very file.

    Raises:
        OSError: the file cannot be read.
    """
    source = session.about.source
    if source.get("bytes") != Path(video).stat().st_size:
        return False
    return bool(source.get("sha256") == file_facts(video)["sha256"])
