"""Videos: a copy with other pixels, every frame at its own time and the sound as it was.

Needs PyAV. Nothing else is written: no metadata, no attached pictures, no subtitles and no other
tracks. Whoever copies the same video with the same pixels gets the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from obscura.export.errors import OutputError
from obscura.sources.errors import SourceError
from obscura.sources.source import Pixels
from obscura.sources.video import MATRICES, Video, matrix_of

CODECS = {
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".mkv"), "libx264"),
    ".webm": "libvpx-vp9",
}
"""Of the track of pictures, by the ending of the file."""
QUALITY = {
    "libx264": {
        "crf": "20",
        "preset": "veryfast",
        # With B-frames, MP4 files say that they end where the last but two frames begin, which is
        # seconds too early where frames are far apart.
        "bf": "0",
        # With its arithmetic for AVX-512, x264 makes a different file of the same pictures once in
        # ten to fifty times, measured at 320 x 240. What all processors have is as fast.
        "x264-params": "cpu-independent=1",
    },
    "libvpx-vp9": {"crf": "30", "b": "0", "cpu-used": "5"},
}
FRAME_DURATION = 1 << 8
"""FFmpeg's flag by which encoders keep how long each frame lasts."""
USUAL_RATE = Fraction(25)
"""Frames per second, where a file does not say it."""


class CannotCopy(SourceError):
    """A video cannot be copied into a file of this kind. It has the code of its base class."""


class VideoCopy(Video):
    """Frames of a video, and a copy that is written on the way. A `Source`.

    The pixels of a frame may be changed; `put` writes them before the next frame is taken. A copy
    that was not ended with `finish` is not whole.
    """

    def __init__(
        self, path: str | os.PathLike[str], target: Path, *, every: int = 1, mute: bool = False
    ) -> None:
        """
        Args:
            path: the video.
            target: where the copy goes; its ending, one of `CODECS`, says what kind it is.
            every: use only every nth frame.
            mute: whether the sound is left out.

        Raises:
            SourceError: the file cannot be read or has no video. OutputError: the copy cannot be
                written. ToolMissing: PyAV is missing.
        """
        self._made: Any = None
        super().__init__(os.fspath(path), every=every)
        self._target = target
        self._heard = () if mute else tuple(self._container.streams.audio)
        self._given: Any = None  # the frame that was given last, as PyAV has it
        self._track: Any = None
        self._sounds: dict[int, Any] = {}
        self._pts: float = -inf
        self._number = 0
        self._waiting: list[Any] = []  # sound from before the first picture
        try:
            with self._writing():
                # Without the random numbers that some formats have, and the names of programs.
                options = {"fflags": "+bitexact"}
                self._made = self._av.open(str(target), "w", options=options)
        except OutputError:
            super().close()
            raise

    def _decoded(self) -> Iterator[Any]:
        for packet in self._whole(self._container.demux(self._stream, *self._heard)):
            if packet.stream.index != self._stream.index:
                self._sound(packet)
                continue
            for frame in self._of(packet):
                self._given = frame
                yield frame

    def put(self, pixels: Pixels) -> None:
        """Write the frame that was given last.

        Args:
            pixels: uint8, ``(height, width, 3)`` RGB, upright. Odd sides get one row or column
                more.

        Raises:
            CannotCopy: the kind of file does not take the pictures or the sound.
            OutputError: the copy cannot be written.
        """
        with self._writing():
            if self._track is None:
                # All tracks are there before anything is written.
                self._track = self._new_track(pixels)
                self._sounds = self._new_sounds()
            # Encoders want times that ascend.
            self._pts = max(pts_of(self._given, self._number, self._stream), self._pts + 1)
            self._number += 1
            coded = self._coded(pixels)
            coded.time_base, coded.pts = self._given.time_base, self._pts
            coded.duration = self._given.duration  # of the last one, it ends the video
            self._made.mux(self._track.encode(coded))
            waiting, self._waiting = self._waiting, []
        for packet in waiting:
            self._sound(packet)

    def finish(self) -> None:
        """Write what the encoder still holds, and end the copy.

        Raises:
            OutputError: it cannot be written.
        """
        with self._writing():
            if self._track is not None:
                self._made.mux(self._track.encode(None))
            self._made.close()

    def close(self) -> None:
        """End the reading and the writing. May be called any number of times."""
        super().close()
        if self._made is not None:
            # Once it is finished, this does nothing; and before, what is there is not whole.
            with suppress(OutputError, CannotCopy), self._writing():
                self._made.close()

    def _sound(self, packet: Any) -> None:
        """Copy a packet of sound."""
        if packet.dts is None:  # the end of the track
            return
        if self._track is None:
            self._waiting.append(packet)
            return
        with self._writing():
            packet.stream = self._sounds[packet.stream.index]
            self._made.mux(packet)

    def _new_track(self, pixels: Pixels) -> Any:
        """Add the track of pictures, like that of the source."""
        suffix = self._target.suffix.lower()
        codec = CODECS[suffix]
        rate = self._stream.average_rate or USUAL_RATE
        try:
            track = self._made.add_stream(codec, rate=rate, options=dict(QUALITY[codec]))
        except ValueError as error:
            raise CannotCopy(
                f"This PyAV cannot write {suffix} files, for which it needs {codec}",
                remedy="Name another kind of video with --out, such as .webm.",
            ) from error
        height, width = _even(pixels).shape[:2]
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        context = track.codec_context
        context.thread_count = 1  # with as many as the machine has, the file would depend on it
        context.time_base = self._given.time_base
        context.flags |= FRAME_DURATION
        context.colorspace, context.color_range = self._colours(), 1
        context.color_primaries = self._given.color_primaries
        context.color_trc = self._given.color_trc
        return track

    def _new_sounds(self) -> dict[int, Any]:
        """Add a track for each of the source's sounds; return them by its index there."""
        try:
            return {
                stream.index: self._made.add_stream_from_template(stream) for stream in self._heard
            }
        except (self._av.FFmpegError, ValueError) as error:
            raise CannotCopy(
                f"The sound cannot be copied into a {self._target.suffix.lower()} file",
                self.name,
                remedy="Leave it out with --mute, or write an .mkv file.",
            ) from error

    def _colours(self) -> int:
        """Return the colour space of the copy: the source's, also where only its size says it."""
        known: int = self._given.colorspace
        return known if known in MATRICES else matrix_of(self._given)

    def _coded(self, pixels: Pixels) -> Any:
        """Return a frame to be encoded, in the colours of the given one."""
        frame = self._av.VideoFrame.from_ndarray(_even(pixels), format="rgb24")
        frame = frame.reformat(
            self._track.width,  # in case the source's size changes on the way
            self._track.height,
            self._track.pix_fmt,
            dst_colorspace=matrix_of(self._given),
        )
        frame.colorspace, frame.color_range = self._colours(), 1
        return frame

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except self._av.FFmpegError as error:
            words = f"The copy cannot be written: {error.strerror or error}"
            if isinstance(error, OSError):  # of the disk, not of what is written
                raise OutputError(words, self._target) from error
            raise CannotCopy(words, self.name, remedy="Name another kind of file.") from error


def pts_of(given: Any, index: int, stream: Any) -> int:
    """Return the time of a frame in units of its track; by its number where the file does not say
    it."""
    if given.pts is not None:
        return int(given.pts)
    return int(index / (stream.average_rate or USUAL_RATE) / stream.time_base)


def _even(pixels: Pixels) -> Pixels:
    """Return pixels with even sides, which the encoder needs; the last row or column twice."""
    height, width = pixels.shape[:2]
    if not height % 2 and not width % 2:
        return pixels
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
