"""Videos, cameras and streams, decoded by FFmpeg through PyAV.

Every frame of a video comes, one after another, at the time that the file says less that of the
first: as on the page, to the tick. Of cameras and streams, frames that were not fetched in time are
lost, as these go on by themselves.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any, Self

import numpy as np

from obscura import places
from obscura.extras import need
from obscura.pictures import INTACT
from obscura.sources.errors import SourceError
from obscura.sources.source import Frame, Pixels, frame

CAMERAS = {"Linux": "v4l2", "Darwin": "avfoundation", "Windows": "dshow"}
"""FFmpeg's names for what reads a camera, by system."""
CONNECTED = "Check that it is connected, and that no other program uses it."
TIMEOUT_S = 10.0
"""A stream that sends nothing for so long has ended."""
EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
"""What a Matroska or WebM file begins with, and what follows that, each with its size."""
BT709, BT601 = 1, 5
MATRICES = {BT709: BT709, 4: 4, BT601: BT601, 6: BT601, 7: 7, 9: 9}
"""The matrices that libswscale knows, for the colour spaces that files name."""
HIGH = 720
"""Lines from which a video that names no colours has those of high definition."""
LONGEST_PIXEL = 16
"""Sides by which a pixel may be wider or higher; what a file says beyond it is not believed."""


class Video:
    """Frames of a video file."""

    moving = True

    def __init__(self, path: str, *, every: int = 1, fps: float | None = None) -> None:
        """
        Raises:
            SourceError: the file cannot be read or has no video. ToolMissing: PyAV is missing.
        """
        self.name = path
        self._every, self._fps = every, fps
        self._torn = False  # whether the last frame is there in part
        self._av = pyav()
        self._container = self._open()
        try:
            self._stream = picture_track(self._av, self._container, path)
        except SourceError:
            self.close()
            raise
        self.total: int = self._stream.frames

    def _open(self) -> Any:
        return opened(self._av, self.name)

    def __iter__(self) -> Iterator[Frame]:
        """
        Raises:
            SourceError: the video is damaged.
        """
        time_s = 0.0
        first: int | None = None
        frames = self._decoded()
        for index in count():
            try:
                decoded = next(frames, None)
            except (self._av.FFmpegError, OSError) as error:
                reason = error.strerror or error
                raise self._damaged(reason) from error
            if decoded is None:
                if self._torn or is_cut_off(self.name):
                    raise self._damaged("it breaks off")
                return
            if first is None:
                first = decoded.pts
            if index % self._every:
                continue
            if self._fps or decoded.pts is None or first is None:
                time_s = self._time_by_number(index)
            else:
                # Some files jump back.
                time_s = max(time_s, float((decoded.pts - first) * decoded.time_base))
            yield frame(upright(decoded, self._stream.sample_aspect_ratio), index, time_s)

    def _decoded(self) -> Iterator[Any]:
        """Yield the frames as PyAV has them. Raises its errors, after all frames before them."""
        for packet in self._whole(self._container.demux(self._stream)):
            yield from self._of(packet)

    def _whole(self, packets: Iterator[Any]) -> Iterator[Any]:
        """Yield packets, but for one at the end of the pictures of which a part is missing."""
        torn = None
        for packet in packets:
            if packet.stream.index == self._stream.index:
                if torn is not None and packet.size:
                    yield torn  # a broadcast that went on
                    torn = None
                if packet.is_corrupt:
                    torn = packet
                    continue
            yield packet
        self._torn = torn is not None

    def _of(self, packet: Any) -> Iterator[Any]:
        """Yield the frames that a packet completes."""
        try:
            yield from packet.decode()
        except self._av.FFmpegError:
            # Decoders hold some back, for their order and for their threads.
            with suppress(self._av.FFmpegError):
                yield from self._stream.codec_context.decode(None)
            raise

    def _damaged(self, reason: object) -> SourceError:
        return SourceError(f"The video is damaged: {reason}", self.name, remedy=INTACT)

    def _time_by_number(self, index: int) -> float:
        rate = float(self._fps or self._stream.average_rate or 0)
        if not rate:
            raise SourceError(
                "The number of frames per second is not known",
                self.name,
                remedy="Give it: --fps 25.",
            )
        return index / rate

    def close(self) -> None:
        """End the reading. May be called any number of times."""
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Stream(Video):
    """Frames of a camera (``camera:0``) or of an address."""

    def _open(self) -> Any:
        kind, _, rest = self.name.partition(":")
        if kind.lower() != "camera":
            return opened(self._av, self.name, timeout=TIMEOUT_S)
        system = platform.system()
        if system not in CAMERAS:
            raise SourceError("Cameras of this system cannot be read", system)
        device = {"Linux": f"/dev/video{rest}", "Darwin": rest}.get(system, f"video={rest}")
        return opened(
            self._av,
            device,
            name=self.name,
            what="The camera cannot be opened",
            remedy=CONNECTED,
            format=CAMERAS[system],
        )


def opened(
    av: Any,
    where: Any,
    *,
    name: str | None = None,
    what: str = "The video cannot be read",
    remedy: str | None = None,
    **options: Any,
) -> Any:
    """Open what FFmpeg reads.

    Args:
        where: a path, an address or an open file.
        name: what messages call it; None for ``where``.
        what, remedy: how messages begin and end.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        return av.open(where, **options)
    except av.InvalidDataError as error:
        empty = isinstance(where, str) and places.is_file(where) and not Path(where).stat().st_size
        reason = "it is empty" if empty else "it is damaged, or not a video"
        raise SourceError(f"{what}: {reason}", name or where, remedy=remedy or INTACT) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        raise SourceError(f"{what}: {reason}", name or where, remedy=remedy) from error


def is_cut_off(path: str) -> bool:
    """Whether a Matroska or WebM file is shorter than it says, which FFmpeg does not report."""
    try:
        with Path(path).open("rb") as file:
            head, whole = file.read(4096), os.fstat(file.fileno()).st_size
    except OSError:  # an address
        return False
    if not head.startswith(EBML):
        return False
    size, at = _number(head, len(EBML))
    if size is None or head[at + size : at + size + len(SEGMENT)] != SEGMENT:
        return False
    size, at = _number(head, at + size + len(SEGMENT))
    return size is not None and at + size > whole


def _number(data: bytes, at: int) -> tuple[int | None, int]:
    """Return a number of EBML, None if it is not known, and where it ends."""
    length = 9 - data[at].bit_length() if at < len(data) else 9
    if length > 8 or at + length > len(data):
        return None, at
    most = (1 << 7 * length) - 1
    value = int.from_bytes(data[at : at + length], "big") & most
    return (None if value == most else value), at + length


def picture_track(av: Any, container: Any, where: str) -> Any:
    """Return the track of pictures, which is no attached cover.

    Raises:
        SourceError: there is none.
    """
    cover = av.stream.Disposition.attached_pic
    for stream in container.streams.video:
        if not stream.disposition & cover:
            stream.thread_type = "AUTO"
            return stream
    raise SourceError("The file has no video", where, remedy="Name one that has pictures.")


def upright(decoded: Any, pixel: Fraction | None) -> Pixels:
    """Return the pixels of a frame as people see it: upright, where phones turn it by a note in the
    file, and square, as in browsers, where it is stored with wide or high ones.

    Args:
        decoded: what PyAV returns.
        pixel: the width of a stored pixel by its height; None or 0 where the file does not say it.
    """
    width, height = square(decoded.width, decoded.height, pixel)
    pixels: Pixels = decoded.to_ndarray(
        format="rgb24", width=width, height=height, src_colorspace=matrix_of(decoded)
    )
    return np.ascontiguousarray(_laid(pixels, decoded))


def _laid(pixels: Pixels, decoded: Any) -> Pixels:
    """Return pixels turned and mirrored by quarters, as a frame's matrix says."""
    kind = next((each for each in decoded.side_data if each.type.name == "DISPLAYMATRIX"), None)
    if kind is None:
        return pixels
    # Where a step to the right and one down lead in the picture that is shown; ISO 14496-12.
    (a, b), (c, d) = np.frombuffer(kind, np.int32).reshape(3, 3)[:2, :2].tolist()
    if abs(b) > abs(a):
        pixels, a, d = pixels.swapaxes(0, 1), c, b
    return pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]


def matrix_of(decoded: Any) -> int:
    """Return the matrix between the colours of a frame and RGB, as libswscale numbers them; where
    the file does not name it, the one that browsers take for the size."""
    usual = BT709 if decoded.height >= HIGH else BT601
    return MATRICES.get(decoded.colorspace, usual)


def square(width: int, height: int, pixel: Fraction | None) -> tuple[int, int]:
    """Return the size of a picture in square pixels, in which no side is shorter than before.

    >>> square(720, 576, Fraction(16, 15))
    (768, 576)
    """
    if not pixel or not 1 / LONGEST_PIXEL <= pixel <= LONGEST_PIXEL:
        return width, height
    if pixel > 1:
        return int(width * pixel + Fraction(1, 2)), height
    return width, int(height / pixel + Fraction(1, 2))


def pyav() -> Any:
    """Import PyAV, which is an extra.

    Raises:
        ToolMissing: it is not installed.
    """
    return need(
        "av",
        "Videos are read with PyAV",
        "obscura[video]",
        otherwise="Or give a folder of frames, which needs nothing more.",
    )
