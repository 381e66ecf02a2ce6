"""Tracking quality: HOTA, MOTA and IDF1 as trackeval computes them, and the error of counts.

HOTA: Luiten et al. 2021, arXiv 2009.07736. MOTA: Bernardin and Stiefelhagen 2008. IDF1: Ristani et
al. 2016, arXiv 1609.01775.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from obscura.boxes import iou
from obscura.counting import Counter, Line, Shapes, Zone
from obscura.extras import ToolMissing
from obscura.tracking.assignment import assign
from obscura.tracking.tracker import NO_TRACK
from obscura.update import Update

SHAPES = Shapes(
    lines=(
        Line("left", (0.25, 1.0), (0.25, 0.0)),
        Line("middle", (0.5, 1.0), (0.5, 0.0)),
        Line("right", (0.75, 1.0), (0.75, 0.0)),
        Line("across", (0.0, 0.7), (1.0, 0.7)),
        Line("diagonal", (0.0, 1.0), (1.0, 0.2)),
    ),
    zones=(
        Zone("left third", ((0.0, 0.0), (1 / 3, 0.0), (1 / 3, 1.0), (0.0, 1.0))),
        Zone("centre", ((0.3, 0.4), (0.7, 0.4), (0.7, 0.9), (0.3, 0.9))),
        Zone("right half", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))),
    ),
)
"""The lines and zones of `count_error`, the same in every sequence, relative to its frames."""
SAME = 0.5
"""Overlap above which a detection is that of an object, as in MOTA."""


class TrackScores(NamedTuple):
    """Scores of tracking in a sequence.

    Attributes:
        hota, mota, idf1: in percent; 100 is best, and mota may be below 0.
        switches: number of times that the track of an object changes.
    """

    hota: float
    mota: float
    idf1: float
    switches: int


class CountError(NamedTuple):
    """Difference of counts from those of the ground truth.

    Attributes:
        wrong: sum over lines and directions, and over entries and exits of zones, of the absolute
            difference.
        true: number of crossings, entries and exits of the ground truth.
    """

    wrong: int
    true: int

    @property
    def percent(self) -> float | None:
        """Mean absolute error in percent of what there is to count; None if that is nothing."""
        return 100 * self.wrong / self.true if self.true else None


def score(truths: Sequence[Update], tracked: Sequence[Update]) -> TrackScores:
    """Compare tracks with the ground truth, frame by frame.

    Args:
        truths: the ground truth of each frame, with track_ids.
        tracked: the tracker's answer in the same frames. Rows whose track_id is below 0 are left
            out, and nothing that was not detected in a frame is added.

    Raises:
        ToolMissing: trackeval is not installed.
    """
    metrics = _metrics()
    true_ids, track_ids, overlaps = [], [], []
    true_number: dict[int, int] = {}
    track_number: dict[int, int] = {}
    for truth, answer in zip(truths, tracked, strict=True):
        true_ids.append(_numbers(truth, true_number))
        track_ids.append(_numbers(answer, track_number))
        boxes = answer.detections.xyxy[_tracked(answer)]
        overlaps.append(iou(truth.detections.xyxy, boxes).astype(np.float64))
    data = {
        "num_timesteps": len(truths),
        "num_gt_ids": len(true_number),
        "num_tracker_ids": len(track_number),
        "num_gt_dets": sum(map(len, true_ids)),
        "num_tracker_dets": sum(map(len, track_ids)),
        "gt_ids": true_ids,
        "tracker_ids": track_ids,
        "similarity_scores": overlaps,
    }
    with contextlib.redirect_stdout(io.StringIO()):  # the metrics print their settings
        hota = metrics.HOTA().eval_sequence(data)
        clear = metrics.CLEAR().eval_sequence(data)
        identity = metrics.Identity().eval_sequence(data)
    return TrackScores(
        100 * float(np.mean(hota["HOTA"])),
        100 * float(clear["MOTA"]),
        100 * float(identity["IDF1"]),
        int(clear["IDSW"]),
    )


def count_error(truths: Iterable[Update], tracked: Iterable[Update]) -> CountError:
    """Compare what is counted on `SHAPES` from tracks and from the ground truth."""
    expected, got = _counts(truths, stitches=False), _counts(tracked)
    wrong = sum(abs(expected.get(key, 0) - got.get(key, 0)) for key in expected | got)
    return CountError(wrong, sum(expected.values()))


def _counts(updates: Iterable[Update], *, stitches: bool = True) -> dict[tuple[str, str], int]:
    counter = Counter(SHAPES, stitches)
    for update in updates:
        counter.update(update)
    counts: dict[tuple[str, str], int] = {}
    for name, line in counter.lines.items():
        for direction in ("in", "out"):
            counts[name, direction] = sum(
                n for (_, way), n in line.counts.items() if way == direction
            )
    for name, zone in counter.zones.items():
        counts[name, "entries"] = zone.entries.total()
        counts[name, "exits"] = zone.exits.total()
    return counts


def _tracked(update: Update) -> Any:
    ids = update.detections.track_id
    if ids is None:
        raise ValueError("update: wanted one with track_ids, got one without")
    return ids >= 0


def with_true_ids(truths: Iterable[Update], detected: Iterable[Update]) -> Iterator[Update]:
    """Yield what was detected with the ids of the ground truth: no tracker can do better.

    In each frame a detection has the id of the object with which it is paired, so that the sum of
    the overlaps is largest; those that overlap no object by more than `SAME` have none.
    """
    for truth, update in zip(truths, detected, strict=True):
        ids = truth.detections.track_id
        assert ids is not None
        overlap = iou(update.detections.xyxy, truth.detections.xyxy).astype(np.float64)
        rows, objects = assign(overlap, SAME)
        track_id = np.full(len(update.detections), NO_TRACK, np.int64)
        track_id[rows] = ids[objects]
        yield replace(update, detections=update.detections.replace(track_id=track_id))


def _numbers(update: Update, numbers: dict[int, int]) -> Any:
    """Return the ids of an update as numbers from 0 without gaps, as trackeval needs them."""
    ids = update.detections.track_id
    assert ids is not None
    found = ids[_tracked(update)].tolist()
    return np.array([numbers.setdefault(each, len(numbers)) for each in found], int)


def _metrics() -> Any:
    try:
        import scipy.optimize  # noqa: F401  before the alias, which scipy would warn of

        # trackeval still uses the alias that numpy 1.24 removed.
        vars(np).setdefault("float", float)
        from trackeval import metrics  # here, because it is an extra
    except ImportError as error:
        raise ToolMissing(
            "trackeval is missing",
            remedy="Install what evaluation needs: python3 -m pip install trackeval",
        ) from error
    return metrics
