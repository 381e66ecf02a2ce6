"""What `obscura count` counts in: videos, folders of frames, and tables of MOTChallenge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from obscura import places
from obscura.errors import ObscuraError
from obscura.evaluation import mot
from obscura.evaluation.errors import SequencesError
from obscura.sources.errors import SourceError
from obscura.sources.listing import ADDRESS, is_remote
from obscura.sources.remote import RemoteVideo
from obscura.sources.source import Frame
from obscura.sources.stills import Folder, frames_of
from obscura.sources.video import Stream, Video
from obscura.update import FrameInfo, Update

Analyse = Callable[[Frame], Update]

MOST_FRAMES = 1_000_000
"""Of a table without seqinfo.ini: beyond it, a frame's number is damage."""
NEED = "Give a video, a folder of frames, or a det.txt or gt.txt as MOTChallenge has them."


@dataclass(frozen=True, slots=True)
class Options:
    """How a source is read.

    Attributes:
        every: use only every nth frame.
        fps: frames per second; None for what the source says.
        size: width and height of the frames of a table in pixels; None for what its seqinfo.ini
            says.
        complain: receives what is wrong with single frames, which are left out.
    """

    every: int
    fps: float | None
    size: tuple[int, int] | None
    complain: Callable[[ObscuraError], None]


@dataclass(frozen=True, slots=True)
class Table:
    """Detections of a ``det.txt`` or ``gt.txt``.

    Attributes:
        updates: yields each frame, with track_id if the table has ids.
        total: number of frames.
        tracked: whether it has ids.
        best: highest score; 0 without rows.
    """

    updates: Callable[[], Iterator[Update]]
    total: int
    tracked: bool
    best: float


@dataclass(frozen=True, slots=True)
class Frames:
    """Pictures of a video or folder.

    Attributes:
        updates: yields what the analysis of each frame returns.
        total: number of frames; 0 where unknown.
    """

    updates: Callable[[Analyse], Iterator[Update]]
    total: int


def open_source(where: str | Path, options: Options) -> Table | Frames:
    """Return what a path leads to, or an address: of a camera or stream, see `sources.listing`.

    Raises:
        SourceError, SequencesError, PictureError: it cannot be read, or its rate is not known.
        ToolMissing: it is a video, and PyAV is not installed.
    """
    if ADDRESS.fullmatch(str(where)):
        return _stream(str(where), options)
    path = Path(where)
    if places.is_dir(path):
        return _folder(path, options)
    if not places.exists(path):
        raise SourceError("There is no such file or folder", path, remedy=NEED)
    if path.suffix.lower() == ".txt":
        return _table(path, options)
    return _video(path, options)


# ---- tables --------------------------------------------------------------------------------------


def _table(path: Path, options: Options) -> Table:
    info = _info(path.parent, path.parent.parent)
    size = options.size or (info and (info.width, info.height))
    if not size:
        raise SourceError(
            "The size of the frames is not known", path, remedy="Give it: --size 1920x1080."
        )
    rate = _rate(path, options, info)
    try:
        rows = mot.read_table(path, info.frames if info else MOST_FRAMES)
        # Of the ground truth those of score 0 are left out, as MOTChallenge does.
        tracked = bool(len(rows)) and bool((rows[:, mot.ID] >= 0).all())
        if tracked:
            rows = rows[rows[:, mot.SCORE] != 0]
            mot.check_ids(rows, path)
    except SequencesError as error:
        raise SourceError(error.cause, error.value, remedy=NEED) from error
    last = int(rows[:, mot.FRAME].max()) if len(rows) else 0
    total = info.frames if info else last

    def updates() -> Iterator[Update]:
        order = np.argsort(rows[:, mot.FRAME], kind="stable")
        numbers = rows[order, mot.FRAME]
        for index in range(0, total, options.every):
            begin, end = np.searchsorted(numbers, (index + 1, index + 2))
            inside = rows[order[begin:end]]
            found = mot.to_detections(inside)
            if tracked:
                found = found.replace(track_id=inside[:, mot.ID].astype(np.int64))
            yield Update(FrameInfo(index, index / rate, *size), found)

    best = float(rows[:, mot.SCORE].max()) if len(rows) else 0.0
    return Table(updates, total, tracked, best)


def _info(*folders: Path) -> mot.Info | None:
    """Return what the first seqinfo.ini in these folders says; None without one."""
    for folder in folders:
        if places.is_file(folder / "seqinfo.ini"):
            return mot.read_info(folder / "seqinfo.ini")
    return None


def _rate(path: Path, options: Options, info: mot.Info | None) -> float:
    rate = options.fps or (info and info.rate)
    if not rate:
        raise SourceError(
            "The number of frames per second is not known", path, remedy="Give it: --fps 25."
        )
    return rate


# ---- pictures ------------------------------------------------------------------------------------


def _folder(path: Path, options: Options) -> Table | Frames:
    info = _info(path, path.parent)
    inside = path / info.pictures if info and places.is_dir(path / info.pictures) else path
    try:
        files = frames_of(inside)
    except SourceError as error:
        if places.is_file(path / "det" / "det.txt"):  # a sequence without its frames
            return _table(path / "det" / "det.txt", options)
        raise SourceError(error.cause, path, remedy=NEED) from error
    rate = _rate(path, options, info)

    def updates(analyse: Analyse) -> Iterator[Update]:
        folder = Folder(str(inside), every=options.every, fps=rate, complain=options.complain)
        return map(analyse, folder)

    return Frames(updates, len(files))


def _video(path: Path, options: Options) -> Frames:
    def opened() -> Video:
        try:
            return Video(str(path), every=options.every, fps=options.fps)
        except SourceError as error:
            raise SourceError(error.cause, error.value, remedy=NEED) from error

    with opened() as video:
        total = video.total

    def updates(analyse: Analyse) -> Iterator[Update]:
        with opened() as video:
            yield from map(analyse, video)

    return Frames(updates, total)


def _stream(where: str, options: Options) -> Frames:
    def updates(analyse: Analyse) -> Iterator[Update]:
        kind = RemoteVideo if is_remote(where) else Stream
        with kind(where, every=options.every, fps=options.fps) as stream:
            yield from map(analyse, stream)

    return Frames(updates, 0)
