"""What `obscura count` counts in: videos, folders of frames, and tables of MOTChallenge."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obscura import pictures
from obscura.detections import Detections
from obscura.errors import ObscuraError, PictureError
from obscura.evaluation import mot
from obscura.evaluation.errors import SequencesError, ToolMissing
from obscura.update import FrameInfo, Update

Pixels = NDArray[np.uint8]
Detect = Callable[[Pixels], Detections]

MOST_FRAMES = 1_000_000
"""Of a table without seqinfo.ini: beyond it, a frame's number is damage."""
NEED = "Give a video, a folder of frames, or a det.txt or gt.txt as MOTChallenge has them."


class SourceError(ObscuraError):
    """There is nothing to count in."""

    code = "count-source"
    remedy = NEED


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
        updates: yields each frame, with what a detector finds in it.
        total: number of frames; 0 where unknown.
    """

    updates: Callable[[Detect], Iterator[Update]]
    total: int


def open_source(path: Path, options: Options) -> Table | Frames:
    """Return what a path leads to.

    Raises:
        SourceError, SequencesError, PictureError: it cannot be read, or its rate is not known.
        ToolMissing: it is a video, and PyAV is not installed.
    """
    if path.is_dir():
        return _folder(path, options)
    if not path.exists():
        raise SourceError("There is no such file or folder", path)
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
        if (folder / "seqinfo.ini").is_file():
            return mot.read_info(folder / "seqinfo.ini")
    return None


def _rate(path: Path, options: Options, info: mot.Info | None) -> float:
    rate = options.fps or (info and info.rate)
    if not rate:
        raise SourceError(
            "The number of frames per second is not known", path, remedy="Give it: --fps 25."
        )
    return rate


# ---- folders -------------------------------------------------------------------------------------


def _folder(path: Path, options: Options) -> Table | Frames:
    info = _info(path, path.parent)
    inside = path / info.pictures if info and (path / info.pictures).is_dir() else path
    files = sorted(
        (
            each
            for each in inside.iterdir()
            if each.suffix.lower() in pictures.SUFFIXES and not each.name.startswith(".")
        ),
        key=_by_number,
    )
    if not files:
        if (path / "det" / "det.txt").is_file():  # a sequence without its frames
            return _table(path / "det" / "det.txt", options)
        raise SourceError("The folder has no frames", path)
    rate = _rate(path, options, info)

    def updates(detect: Detect) -> Iterator[Update]:
        for index in range(0, len(files), options.every):
            try:
                pixels = pictures.to_rgba(pictures.open_picture(files[index]))
            except PictureError as error:
                options.complain(error)
                continue
            yield _update(index, index / rate, pixels, detect)

    return Frames(updates, len(files))


def _by_number(path: Path) -> list[tuple[int, str]]:
    """Order frame2 before frame10."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def _update(index: int, time_s: float, pixels: Pixels, detect: Detect) -> Update:
    height, width = pixels.shape[:2]
    return Update(FrameInfo(index, time_s, width, height), detect(pixels))


# ---- videos --------------------------------------------------------------------------------------


def _video(path: Path, options: Options) -> Frames:
    av = _pyav()
    with _open(av, path) as container:
        if not container.streams.video:
            raise SourceError("The file has no video", path)
        total = container.streams.video[0].frames

    def updates(detect: Detect) -> Iterator[Update]:
        time_s = 0.0
        with _open(av, path) as container:
            rate = float(options.fps or container.streams.video[0].average_rate or 0)
            frames = container.decode(video=0)
            for index in count():
                try:
                    frame = next(frames, None)
                except (av.FFmpegError, OSError) as error:
                    reason = error.strerror or error
                    raise SourceError(f"The video is damaged: {reason}", path) from error
                if frame is None:
                    return
                if index % options.every:
                    continue
                if options.fps or frame.time is None:
                    if not rate:
                        _rate(path, options, None)
                    time_s = index / rate
                else:
                    time_s = max(time_s, frame.time)  # some files jump back
                yield _update(index, time_s, _upright(frame), detect)

    return Frames(updates, total)


def _open(av: Any, path: Path) -> Any:
    try:
        return av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise SourceError(f"The video cannot be read: {error.strerror or error}", path) from error


def _upright(frame: Any) -> Pixels:
    """Return the pixels of a frame as people see it; phones turn it by a note in the file."""
    pixels: Pixels = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))


def _pyav() -> Any:
    try:
        import av
    except ImportError as error:
        raise ToolMissing(
            "Videos are read with PyAV, which is not installed",
            remedy="Install it: python3 -m pip install 'av>=18,<20'. "
            "Or give a folder of frames, which needs nothing more.",
        ) from error
    return av
