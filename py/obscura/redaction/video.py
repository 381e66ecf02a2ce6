"""Videos: read twice, first to analyse all frames, then to cover and write them.

Needs PyAV. What is written has every frame at its own time and the sound as it was, and nothing
else: no metadata, no attached pictures, no subtitles and no other tracks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.errors import ObscuraError
from obscura.export.errors import OutputError
from obscura.redaction.clip import CoverClip
from obscura.redaction.errors import RedactionError, unknown_tracks
from obscura.redaction.geometry import Covered, CoverOptions
from obscura.redaction.paint import How, paint
from obscura.sources.errors import SourceError
from obscura.sources.video import picture_track, pyav, upright
from obscura.update import FrameInfo, Update

CODECS = {
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".mkv"), "libx264"),
    ".webm": "libvpx-vp9",
}
"""Of the video track, by the ending of the file."""
QUALITY = {
    "libx264": {"crf": "20", "preset": "veryfast"},
    "libvpx-vp9": {"crf": "30", "b": "0", "cpu-used": "5", "row-mt": "1"},
}
SUFFIXES = frozenset((*CODECS, ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".3gp"))
"""Endings of videos that are read, in small letters."""
MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
"""The matrices that libswscale knows for the colour spaces that files name."""

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
    time_s = -inf
    with _reading(source) as container:
        stream = _pictures(container, source)
        for index, (frame, pixels) in enumerate(_frames(container, stream)):
            job.progress("analysed", index, stream.frames)
            height, width = pixels.shape[:2]
            # Some files jump back; the times in here never do.
            time_s = max(time_s, _time_s(frame, index, stream))
            info = FrameInfo(index, time_s, width, height)
            try:
                update = job.analyse(pixels, index, time_s)
            except ObscuraError:
                yield info, None
            else:
                yield info, update


def _time_s(frame: Any, index: int, stream: Any) -> float:
    """Return a frame's time from the first; by its number where the file does not say it."""
    if frame.time is not None:
        return float(frame.time)
    return index / float(stream.average_rate or 25)


# ---- second pass ---------------------------------------------------------------------------------


def _write(source: Path, target: Path, job: Job, cover: CoverClip) -> Summary:
    """Write the covered frames and the sound.

    Raises:
        RedactionError: the video cannot be read again or the copy not be written.
    """
    with _reading(source) as given, _writing(source, target) as made:
        stream = _pictures(given, source)
        heard = () if job.mute else tuple(given.streams.audio)
        copy = _Copy(made, target.suffix.lower(), stream, heard)
        frames = covered = failed = 0
        for packet in given.demux(stream, *heard):
            if packet.stream.index != stream.index:
                copy.sound(packet)
                continue
            for frame in packet.decode():
                job.progress("covered", frames, len(cover))
                pixels = upright(frame, stream.sample_aspect_ratio)
                regions = _cover(pixels, cover, frames, job.how)
                copy.picture(frame, pixels, frames)
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


class _Copy:
    """The video that is written: one track of pictures, and the source's tracks of sound."""

    def __init__(self, made: Any, suffix: str, stream: Any, heard: tuple[Any, ...]) -> None:
        self._made, self._suffix, self._stream, self._heard = made, suffix, stream, heard
        self._track: Any = None
        self._sounds: dict[int, Any] = {}
        self._pts: float = -inf
        self._waiting: list[Any] = []  # sound from before the first picture

    def picture(self, given: Any, pixels: Pixels, index: int) -> None:
        """Encode a picture, at the time of the given frame."""
        if self._track is None:
            # All tracks are there before anything is written.
            self._track = _track(self._made, self._suffix, self._stream, given, pixels)
            self._sounds = _sounds(self._made, self._heard, self._suffix)
        # Encoders want times that ascend.
        self._pts = max(_pts(given, index, self._stream), self._pts + 1)
        coded = _coded(pixels, given, self._track)
        coded.time_base, coded.pts = self._stream.time_base, self._pts
        self._made.mux(self._track.encode(coded))
        waiting, self._waiting = self._waiting, []
        for packet in waiting:
            self.sound(packet)

    def sound(self, packet: Any) -> None:
        """Copy a packet of sound."""
        if packet.dts is None:  # the end of the track
            return
        if self._track is None:
            self._waiting.append(packet)
            return
        packet.stream = self._sounds[packet.stream.index]
        self._made.mux(packet)

    def finish(self) -> None:
        """Write what the encoder still holds."""
        if self._track is not None:
            self._made.mux(self._track.encode(None))


def _track(made: Any, suffix: str, stream: Any, frame: Any, pixels: Pixels) -> Any:
    """Add the track of pictures, like that of the source."""
    codec = CODECS[suffix]
    rate = stream.average_rate or Fraction(25)
    try:
        track = made.add_stream(codec, rate=rate, options=dict(QUALITY[codec]))
    except ValueError as error:
        raise RedactionError(
            f"This PyAV cannot write {suffix} files, for which it needs {codec}",
            remedy="Name another kind of video with --out, such as .webm.",
        ) from error
    height, width = _even(pixels).shape[:2]
    track.width, track.height, track.pix_fmt = width, height, "yuv420p"
    context = track.codec_context
    if codec == "libx264":
        # With several threads, the same pictures come out a little different from time to time.
        context.thread_count = 1
    context.time_base = stream.time_base
    context.colorspace, context.color_range = frame.colorspace, 1
    context.color_primaries, context.color_trc = frame.color_primaries, frame.color_trc
    return track


def _pts(given: Any, index: int, stream: Any) -> int:
    """Return the time of a frame in units of its track."""
    if given.pts is not None:
        return int(given.pts)
    return round(_time_s(given, index, stream) / float(stream.time_base))


def _coded(pixels: Pixels, given: Any, track: Any) -> Any:
    """Return a frame to be encoded, in the colours of the given one."""
    frame = pyav().VideoFrame.from_ndarray(_even(pixels), format="rgb24")
    frame = frame.reformat(
        track.width,  # in case the source's size changes on the way
        track.height,
        track.pix_fmt,
        dst_colorspace=MATRICES.get(given.colorspace, 5),
    )
    frame.colorspace, frame.color_range = given.colorspace, 1
    return frame


def _even(pixels: Pixels) -> Pixels:
    """Return pixels with even sides, which the encoder needs; the last row or column twice."""
    height, width = pixels.shape[:2]
    if not height % 2 and not width % 2:
        return pixels
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _sounds(made: Any, heard: tuple[Any, ...], suffix: str) -> dict[int, Any]:
    """Add a track for each of the source's sounds; return them by its index there."""
    av = pyav()
    try:
        return {stream.index: made.add_stream_from_template(stream) for stream in heard}
    except (av.FFmpegError, ValueError) as error:
        raise RedactionError(
            f"The sound cannot be copied into a {suffix} file",
            heard[0].container.name,
            remedy="Leave it out with --mute, or write an .mkv file.",
        ) from error


# ---- PyAV ----------------------------------------------------------------------------------------


def _frames(container: Any, stream: Any) -> Iterator[tuple[Any, Pixels]]:
    for packet in container.demux(stream):
        for frame in packet.decode():
            yield frame, upright(frame, stream.sample_aspect_ratio)


def _pictures(container: Any, source: Path) -> Any:
    try:
        return picture_track(pyav(), container, str(source))
    except SourceError as error:
        raise RedactionError(error.cause, source) from error


@contextmanager
def _reading(source: Path) -> Iterator[Any]:
    av = pyav()
    try:
        with av.open(str(source)) as container:
            yield container
    except (av.FFmpegError, OSError) as error:
        reason = error.strerror or error
        raise RedactionError(f"The video cannot be read: {reason}", source) from error


@contextmanager
def _writing(source: Path, target: Path) -> Iterator[Any]:
    av = pyav()
    try:
        with av.open(str(target), "w") as container:
            yield container
    except av.FFmpegError as error:
        words = f"The copy cannot be written: {error.strerror or error}"
        if isinstance(error, OSError):  # of the disk, not of what is written
            raise OutputError(words, target) from error
        raise RedactionError(words, source) from error
