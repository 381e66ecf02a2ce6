"""Videos: read twice, first to analyse all frames, then to cover and write them.

Needs PyAV. What is written has every frame at its own time and the sound as it was, and nothing
else: no metadata, no attached pictures, no subtitles and no other tracks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.errors import ObscuraError
from obscura.export.video import CODECS, CannotCopy, VideoCopy
from obscura.redaction.clip import CoverClip
from obscura.redaction.errors import RedactionError, unknown_tracks
from obscura.redaction.geometry import Covered, CoverOptions
from obscura.redaction.paint import How, paint
from obscura.sources.errors import SourceError
from obscura.sources.video import Video
from obscura.update import FrameInfo, Update

SUFFIXES = frozenset((*CODECS, ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".3gp"))
"""Endings of videos that are read, in small letters."""
Pixels = NDArray[np.uint8]
Progress = Callable[[str, int, int], None]
"""Receives what is being done, the number of frames done and of all frames; 0 if not known."""


@dataclass(frozen=True, slots=True)
class Job:
    """How a video is redacted.

    Attributes:
        analyse: finds objects in ``(height, width, 3)`` RGB, the number and the time in seconds of
            a frame, down to the lowest score of interest, with track_ids; frame 0 begins another
            video.
        labels: names of the classes, by class_id.
        options: what is covered.
        spared: track_ids of what is not.
        how: in which way.
        mute: whether the sound is left out.
        progress: called for every frame.
    """

    analyse: Callable[[Pixels, int, float], Update]
    labels: tuple[str, ...]
    options: CoverOptions
    spared: frozenset[int]
    how: How
    mute: bool
    progress: Progress


class Summary(NamedTuple):
    """What was done to a video: numbers of frames.

    Attributes:
        frames: of all.
        covered: of those with something covered.
        failed: of those that could not be analysed, and are covered whole.
    """

    frames: int
    covered: int
    failed: int


def redact(source: Path, target: Path, job: Job) -> Summary:
    """Write a copy of a video in which objects are covered.

    Raises:
        RedactionError: the video cannot be read or written, or its sound does not fit.
    """
    cover = _analysed(source, job)
    if not len(cover):
        raise RedactionError("The video has no frames", source)
    return _write(source, target, job, cover)


# ---- first pass ----------------------------------------------------------------------------------


def _analysed(source: Path, job: Job) -> CoverClip:
    """Return what to cover of all frames.

    Raises:
        RedactionError: the video cannot be read, or a track that is spared does not exist.
    """
    cover = CoverClip(job.options)
    missing = set(job.spared)
    for info, update in analysed(source, job):
        if update is None:
            cover.fail(info)
        else:
            missing -= set(update.detections.track_numbers())
            cover.add(update, job.labels, spared=job.spared)
    if missing:
        raise unknown_tracks(missing, source)
    return cover


def analysed(source: Path, job: Job) -> Iterator[tuple[FrameInfo, Update | None]]:
    """Yield the frames of a video, each with what was found; None if it cannot be analysed.

    Raises:
        RedactionError: the video cannot be read.
    """
    with _refusing(source), Video(str(source)) as video:
        for frame in video:
            info = frame.info
            job.progress("analysed", info.index, video.total)
            try:
                update = job.analyse(frame.pixels, info.index, info.time_s)
            except ObscuraError:
                yield info, None
            else:
                yield info, update


# ---- second pass ---------------------------------------------------------------------------------


def _write(source: Path, target: Path, job: Job, cover: CoverClip) -> Summary:
    """Write the covered frames and the sound.

    Raises:
        RedactionError: the video cannot be read again or the copy not be written.
    """
    with _refusing(source), VideoCopy(source, target, mute=job.mute) as copy:
        frames = covered = failed = 0
        for frame in copy:
            job.progress("covered", frames, len(cover))
            regions = _cover(frame.pixels, cover, frames, job.how)
            copy.put(frame.pixels)
            frames += 1
            covered += regions is None or regions.whole or len(regions.xyxy) > 0
            failed += regions is not None and regions.why == "failed"
        copy.finish()
        if frames != len(cover):
            raise RedactionError("The video is damaged: it reads differently each time", source)
    return Summary(frames, covered, failed)


def _cover(pixels: Pixels, cover: CoverClip, index: int, how: How) -> Covered | None:
    """Cover a frame, and return what was covered of it; None for the whole of one that was not
    analysed."""
    if index < len(cover):
        regions = cover.covered(index)
        if pixels.shape[:2] == (regions.frame.height, regions.frame.width):
            paint(pixels, regions.xyxy, how, whole=regions.whole)
            return regions
    paint(pixels, np.zeros((0, 4), np.float32), how, whole=True)
    return None


@contextmanager
def _refusing(source: Path) -> Iterator[None]:
    """Turn what is wrong with a source into what is wrong with its redaction."""
    try:
        yield
    except CannotCopy as error:
        raise RedactionError(error.cause, source, remedy=error.remedy) from error
    except SourceError as error:
        raise RedactionError(error.cause, source) from error
