"""Reads video sequences in the format of MOTChallenge (Leal-Taixé et al. 2015, arXiv 1504.01942).

A sequence is a folder with ``seqinfo.ini``, ``det/det.txt`` (detections) and ``gt/gt.txt`` (ground
truth). Both tables have rows of frame, id, left, top, width, height, score, and more that is not
used.
"""

from __future__ import annotations

import configparser
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.evaluation.errors import SequencesError
from obscura.update import FrameInfo, Update

Floats = NDArray[np.float64]
COLUMNS = 7
FRAME, ID, LEFT, TOP, WIDTH, HEIGHT, SCORE = range(COLUMNS)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A video sequence with detections and ground truth.

    Attributes:
        name: of its folder.
        frames: number of frames.
        rate: frames per second.
        width, height: of the frames in pixels.
        detected: rows of ``det.txt``, ``(n, 7)`` float64.
        truth: rows of ``gt.txt`` to be found, ``(n, 7)`` float64: those of score 0 are left out,
            because MOTChallenge does not evaluate them.
    """

    name: str
    frames: int
    rate: float
    width: int
    height: int
    detected: Floats
    truth: Floats

    def updates(self, every: int = 1) -> Iterator[Update]:
        """Yield what was detected in every nth frame, in pixels. All are of class 0."""
        for frame, rows in self._rows(self.detected, every):
            yield Update(frame, to_detections(rows))

    def truths(self, every: int = 1) -> Iterator[Update]:
        """Yield the ground truth of the same frames, with its ids as track_id."""
        for frame, rows in self._rows(self.truth, every):
            found = to_detections(rows)
            yield Update(frame, found.replace(track_id=rows[:, ID].astype(np.int64)))

    def _rows(self, table: Floats, every: int) -> Iterator[tuple[FrameInfo, Floats]]:
        for index in range(0, self.frames, every):
            frame = FrameInfo(index, index / self.rate, self.width, self.height)
            yield frame, table[table[:, FRAME] == index + 1]  # MOTChallenge counts from 1


def read_sequences(folder: Path) -> list[Sequence]:
    """Return the sequences in a folder, by name.

    Raises:
        SequencesError: it has none, or a file is missing or damaged.
    """
    try:
        found = sorted(path.parent for path in folder.glob("*/seqinfo.ini"))
    except OSError as error:
        raise SequencesError(f"The folder cannot be read: {error.strerror}", folder) from error
    if not found:
        raise SequencesError("The folder has no sequences", folder)
    return [_read(path) for path in found]


class Info(NamedTuple):
    """What ``seqinfo.ini`` says of a sequence.

    Attributes:
        frames: number of frames.
        rate: frames per second.
        width, height: of the frames in pixels.
        pictures: name of the folder of its frames, beside the file.
    """

    frames: int
    rate: float
    width: int
    height: int
    pictures: str


def read_info(settings: Path) -> Info:
    """Return what a ``seqinfo.ini`` says.

    Raises:
        SequencesError: it is missing or damaged.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(settings.read_text(encoding="utf-8"))
        section = parser["Sequence"]
        frames, width, height = (
            int(section[name]) for name in ("seqLength", "imWidth", "imHeight")
        )
        rate = float(section["frameRate"])
    except OSError as error:
        raise SequencesError(f"The file cannot be read: {error.strerror}", settings) from error
    except (configparser.Error, KeyError, ValueError) as error:
        raise SequencesError("The file has no valid values", settings) from error
    if min(frames, width, height) < 1 or not 0 < rate < float("inf"):
        raise SequencesError("The file has a size or rate that is not above 0", settings)
    return Info(frames, rate, width, height, section.get("imDir", "img1"))


def _read(folder: Path) -> Sequence:
    info = read_info(folder / "seqinfo.ini")
    detected = read_table(folder / "det" / "det.txt", info.frames)
    truth = read_table(folder / "gt" / "gt.txt", info.frames)
    truth = truth[truth[:, SCORE] != 0]
    if not len(truth):
        raise SequencesError("The file has no objects", folder / "gt" / "gt.txt")
    check_ids(truth, folder / "gt" / "gt.txt")
    return Sequence(folder.name, info.frames, info.rate, info.width, info.height, detected, truth)


def check_ids(table: Floats, path: Path) -> None:
    """
    Raises:
        SequencesError: an id is twice in a frame.
    """
    pairs = np.unique(table[:, [FRAME, ID]], axis=0)
    if len(pairs) < len(table):
        raise SequencesError("An id is twice in a frame", path)


def read_table(path: Path, frames: int) -> Floats:
    """Return the rows of a ``det.txt`` or ``gt.txt``, ``(n, 7)`` float64.

    Args:
        frames: number of frames.

    Raises:
        SequencesError: the file is missing or damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a file without rows, which is valid
            table = np.loadtxt(path, delimiter=",", ndmin=2, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "missing"
        raise SequencesError(f"The file cannot be read: {reason}", path) from error
    except ValueError as error:
        raise SequencesError("The file is not a table of numbers", path) from error
    if not table.size:
        return np.zeros((0, COLUMNS))
    if table.shape[1] < COLUMNS:
        raise SequencesError(f"Rows have {table.shape[1]} columns, not {COLUMNS} or more", path)
    table = table[:, :COLUMNS]
    if not np.isfinite(table).all():
        raise SequencesError("A value is not finite", path)
    if not ((table[:, FRAME] >= 1) & (table[:, FRAME] <= frames)).all():
        raise SequencesError(f"A frame is not in 1..{frames}", path)
    if not (table[:, [WIDTH, HEIGHT]] >= 0).all():
        raise SequencesError("A box has a negative size", path)
    return table


def to_detections(rows: Floats) -> Detections:
    """Return rows of a table as detections of class 0, in pixels."""
    corners = rows[:, [LEFT, TOP, LEFT, TOP]]
    corners[:, 2:] += rows[:, [WIDTH, HEIGHT]]
    score = rows[:, SCORE].astype(np.float32)
    return Detections(corners.astype(np.float32), score, np.zeros(len(rows), np.int32))
