"""Annotated copies: pictures and videos with boxes and labels drawn on them.

>>> from obscura import Detector
>>> from obscura.export.annotate import annotated, save_picture
>>> from obscura.sources import open_source
>>> with Detector("cocossd") as detector, open_source("street.jpg") as source:
...     for frame in source:
...         image = annotated(frame.pixels, detector.detect(frame.pixels), detector.labels)
...         save_picture(image, "street-boxes.png")

`annotate_video` does the same for all frames of a video.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from obscura import pictures, places
from obscura.detections import Detections
from obscura.export.errors import OutputError
from obscura.export.formats import KEPT, beside
from obscura.export.reading import RecordsError, from_record
from obscura.export.video import CODECS, VideoCopy
from obscura.sources.errors import SourceError
from obscura.sources.opening import open_source
from obscura.sources.source import Frame, Pixels
from obscura.update import Update

Find = Callable[[Frame], Detections]
Labels = Sequence[str]
SAME_S = 0.0005
"""Times that differ by less are those of one frame: records have four decimals."""
STAYS_S = 0.5
"""Time for which boxes stay on frames that have no record of their own."""
MOST_CLASSES = 65_535
Progress = Callable[[int, int], None]
"""Receives the number of frames done and of all frames; 0 if not known."""


# ---- pictures ------------------------------------------------------------------------------------


def annotated(pixels: Pixels, found: Detections, labels: Sequence[str]) -> Any:
    """Return a Pillow image of a frame with its boxes and labels.

    Args:
        pixels: uint8, ``(height, width, 3 or 4)`` RGB or RGBA.
        found: in these pixels.
        labels: names of the classes, by class_id.
    """
    from PIL import Image

    return pictures.annotated(Image.fromarray(pixels), found, labels)


def crops(pixels: Pixels, found: Detections) -> list[Any]:
    """Return a Pillow image of each detection, in their order; those without area left out."""
    from PIL import Image

    height, width = pixels.shape[:2]
    image = Image.fromarray(pixels[..., :3])
    made = []
    for x1, y1, x2, y2 in found.xyxy.tolist():
        left, top = max(0, int(x1)), max(0, int(y1))
        right, bottom = min(width, int(x2 + 1)), min(height, int(y2 + 1))
        if left < right and top < bottom:
            made.append(image.crop((left, top, right, bottom)))
    return made


def save_picture(image: Any, target: str | Path, suffix: str | None = None, **options: Any) -> None:
    """Write a Pillow image to a file, which takes its place once it is whole. A link stays one, and
    what is no file, such as a pipe, is written to where it is.

    Args:
        target: the file, whatever it is called.
        suffix: the ending that names the format, one of `suffixes`; None for the target's.
        options: those of Pillow for the format.

    Raises:
        OSError, ValueError: it cannot be written, or the format cannot hold it.
    """
    # Of a file that it writes to itself, Pillow takes no notice if the disk takes half.
    data = io.BytesIO()
    image.save(data, suffixes()[(suffix or Path(target).suffix).lower()], **options)
    place = Path(os.path.realpath(target))
    if places.exists(place) and not places.is_file(place):
        place.write_bytes(data.getvalue())
        return
    made = beside(place, same=True)
    try:
        made.write_bytes(data.getvalue())
        made.replace(place)
    finally:
        made.unlink(missing_ok=True)


def annotate_picture(source: str | Path, target: str | Path, find: Find, labels: Labels) -> None:
    """Write a copy of a picture with boxes.

    Args:
        source: the picture; ``-`` for standard input.
        target: the copy; its ending, one of `suffixes`, says in which format.
        find: returns what was found in the frame, in its pixels.
        labels: names of the classes, by class_id; may grow while ``find`` is called.

    Raises:
        PictureError: the source cannot be read. OutputError: the copy cannot be written.
    """
    with open_source(source) as opened:
        for frame in opened:
            image = annotated(frame.pixels, find(frame), labels)
            try:
                save_picture(image, target)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or error
                raise OutputError(f"The copy cannot be written: {reason}", target) from error


@cache
def suffixes() -> dict[str, str]:
    """Return the endings of pictures that Pillow can write, in small letters, and their formats."""
    from PIL import Image

    known = Image.registered_extensions()
    return {suffix: kind for suffix, kind in known.items() if kind in Image.SAVE}


# ---- records -----------------------------------------------------------------------------------


class Recorded:
    """Finds in a frame what records say is in it, for `annotate_video`. Records are read as they
    are needed, in the order of their times, so that memory does not grow with their number.

    Attributes:
        labels: names of the classes, by class_id, of all records that were read.
        used: number of records that belong to the video.
    """

    def __init__(self, records: Iterable[dict[str, Any]], name: str) -> None:
        """
        Args:
            records: those of `export.records`, of the page or of the library.
            name: of the video; records of other sources are left out, by their file's name.
        """
        self.labels: list[str] = []
        self.used = 0
        self._name = Path(name).name
        self._others: list[str] = []  # one name at the most
        self._coming = self._mine(records)
        self._next = next(self._coming, None)
        self._now: Update | None = None

    def __call__(self, frame: Frame) -> Detections:
        """Return what the latest record has that is not later than a frame and at most `STAYS_S`
        older.

        Raises:
            RecordsError: a record is damaged, or of a video of another size.
        """
        time_s = frame.info.time_s + SAME_S
        while self._next is not None and self._next.frame.time_s <= time_s:
            self._now, self._next = self._next, next(self._coming, None)
        now = self._now
        if now is None or now.frame.time_s < frame.info.time_s - STAYS_S:
            return Detections.empty()
        size = (frame.info.width, frame.info.height)
        if (now.frame.width, now.frame.height) != size:
            raise RecordsError(
                f"The records are of a video of {now.frame.width} x {now.frame.height} pixels",
                f"this one has {size[0]} x {size[1]}",
                remedy="Give those of this video.",
            )
        return now.detections

    def check(self) -> None:
        """
        Raises:
            RecordsError: no record belongs to the video.
        """
        if not self.used:
            other = f" They are of {self._others[0]}." if self._others else ""
            raise RecordsError(
                f"No record is of {self._name}", remedy=f"Give those of this video.{other}"
            )

    def _mine(self, records: Iterable[dict[str, Any]]) -> Iterator[Update]:
        for record in records:
            source = str(record.get("source", ""))
            if source and Path(source).name != self._name:
                self._others = [source]
                continue
            update = from_record(record)
            self._learn(record["detections"])
            self.used += 1
            yield update

    def _learn(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            class_id = row["class_id"]
            if class_id > MOST_CLASSES:
                raise RecordsError("A record has a class that no model has", class_id)
            self.labels += [""] * (class_id + 1 - len(self.labels))
            self.labels[class_id] = str(row.get("label", ""))


# ---- videos --------------------------------------------------------------------------------------


def annotate_video(
    source: str | Path,
    target: str | Path,
    find: Find,
    labels: Labels,
    *,
    every: int = 1,
    mute: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write a copy of a video with boxes on its frames, each at its own time, and with its sound.

    The copy takes its place at the end, also if the source breaks off or Ctrl-C is pressed: then
    with what came before. It is made on one thread, and the same each time.

    >>> from obscura import Detector
    >>> from obscura.export.annotate import annotate_video
    >>> with Detector("cocossd") as detector:
    ...     find = lambda frame: detector.detect(frame.pixels)
    ...     annotate_video("street.mp4", "street-boxes.mp4", find, detector.labels)
    20

    Args:
        source: the video.
        target: the copy, which ends in .mp4, .m4v, .mov, .mkv or .webm.
        find: returns what was found in a frame, in its pixels; called for each in order.
        labels: names of the classes, by class_id; may grow while ``find`` is called.
        every: use only every nth frame.
        mute: whether the sound is left out.
        progress: called after every frame.

    Returns:
        the number of frames that were written.

    Raises:
        SourceError: the source cannot be read, or not to its end, or has no frames; or the copy
            cannot hold it. OutputError: the copy cannot be written. ToolMissing: PyAV is missing.
        ValueError: the target has another ending.
    """
    source, target = os.fspath(source), Path(target)
    if target.suffix.lower() not in CODECS:
        raise ValueError(f"target: wanted {', '.join(CODECS)}, got {target.suffix!r}")
    if target.exists() and os.path.exists(source) and target.samefile(source):  # noqa: PTH110
        raise OutputError("The copy would overwrite the original", target)
    done = 0
    with (
        _copied_to(target) as (made, place),
        VideoCopy(source, made, every=every, mute=mute) as copy,
    ):
        try:
            for frame in copy:
                image = annotated(frame.pixels, find(frame), labels)
                copy.put(np.asarray(image))
                done += 1
                if progress is not None:
                    progress(done, copy.total)
        except KEPT as error:
            if done and not isinstance(error, OutputError):
                copy.finish()
                made.replace(place)
            raise
        if not done:
            raise SourceError("The video has no frames", source)
        copy.finish()
        made.replace(place)
    return done


@contextmanager
def _copied_to(target: Path) -> Iterator[tuple[Path, Path]]:
    """Give a file for a copy, to be deleted unless it is moved, and the place where it belongs: a
    link stays one.

    Raises:
        OutputError: it cannot be written.
    """
    place, made = Path(os.path.realpath(target)), None
    try:
        made = beside(place, target.suffix)
        yield made, place
    except OutputError as error:  # names what the copy is called until it is whole
        raise OutputError(error.cause, target) from error
    except OSError as error:
        raise OutputError(f"The copy cannot be written: {error.strerror}", target) from error
    finally:
        if made is not None:
            made.unlink(missing_ok=True)
