"""Decoding: from a network's outputs to its best K rows, and from these to Detections."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.boxes import area, fit, nms
from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.errors import BackendError, ModelMismatch
from obscura.families import of, read_rows


class Outputs(NamedTuple):
    """The best K rows of a model for one picture, best first."""

    boxes: NDArray[np.float32]  # (K, 4) xyxy in 0..1 of the model's input
    scores: NDArray[np.float32]  # (K,) confidence in 0..1
    classes: NDArray[np.int32]  # (K,) index into the card's labels
    keypoints: NDArray[np.float32] | None = None
    """(K, points, 3) x, y in 0..1 of the model's input, score in 0..1; None without any."""


_NO_CLASS = 2**31 - 1
_MAX_SCORE = 1.01  # half precision and quantisation can exceed 1 slightly
_MAX_DISTANCE = 1000.0
"""How far outside the picture boxes may reach, in sizes of the picture: areas stay finite."""


def read(outputs: Mapping[str, Any], card: ModelCard, *, thorough: bool = False) -> Outputs:
    """Return the best rows of a network's outputs.

    Args:
        outputs: arrays of one run, by name, in the graph's order: boxes, scores and classes of a
            sealed network; of an open one whatever its family reads.
        card: the model's card.
        thorough: return all rows, and those of all classes of a box if the family's authors do so
            when they measure average precision: slower, and for measuring. A sealed network
            returns the rows that it was sealed with in any case.

    Raises:
        ModelMismatch: the outputs are not what the card says.
        CardError: the family is unknown, or an option on the card is unknown or invalid.
    """
    for name, array in outputs.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
            raise ModelMismatch("The network returns something other than numbers", name)
    if card.open is None:
        return _sealed(outputs, card)
    from obscura.families.common.ops import NUMPY

    with np.errstate(all="ignore"):  # `decode` checks for overflow
        # Families handle two types only, and neither wraps around when its sign is changed.
        plain = {
            name: array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
            for name, array in outputs.items()
        }
        rows = read_rows(NUMPY, plain, card, thorough=thorough)
        return Outputs(
            rows.boxes.astype(np.float32),
            rows.scores.astype(np.float32),
            np.clip(rows.classes, -1, _NO_CLASS).astype(np.int32),
            None if rows.keypoints is None else rows.keypoints.astype(np.float32),
        )


def _sealed(outputs: Mapping[str, NDArray[Any]], card: ModelCard) -> Outputs:
    """Return a sealed network's rows, at most ``card.top``; the first are the best."""
    try:
        boxes, scores, classes = (
            outputs[name][0, : card.top] for name in ("boxes", "scores", "classes")
        )
    except (KeyError, IndexError):
        raise ModelMismatch(
            "The network is not sealed, although its card says so", ", ".join(outputs)
        ) from None
    count = len(scores)
    if (boxes.shape, scores.shape, classes.shape) != ((count, 4), (count,), (count,)):
        raise ModelMismatch(
            "The sealed network's outputs have the wrong shape",
            f"boxes {list(boxes.shape)}, scores {list(scores.shape)}, "
            f"classes {list(classes.shape)}",
        )
    points = outputs.get("keypoints")
    if points is not None:
        points = points[0, : card.top] if points.ndim == 4 and len(points) else points
        if points.shape[::2] != (count, 3) or points.ndim != 3:
            raise ModelMismatch(
                "The sealed network's key points have the wrong shape", list(points.shape)
            )
    return Outputs(boxes, scores, classes, points)


def decode(
    outputs: Outputs,
    card: ModelCard,
    source_size: tuple[int, int],
    *,
    threshold: float | None = None,
    iou: float | None = None,
    classes: Collection[int] | None = None,
) -> Detections:
    """Turn a model's outputs into Detections.

    Args:
        outputs: the model's K rows.
        card: the model's card.
        source_size: width and height of the picture in pixels, before it was fitted to the input.
        threshold: minimum score; None for the card's.
        iou: of two boxes of a class that overlap by more than this, the better one is kept; None
            for the card's.
        classes: class_ids to keep; None for all.

    Returns:
        Detections in pixels of the picture, clipped to its edges, best first. Boxes wholly outside
        are dropped. If the model finds key points, `Detections.data` has them as "keypoints",
        ``(n, points, 3)`` float32: x, y in pixels of the picture, not clipped, and the score in
        0..1 (1 if the model has none).

    Raises:
        CardError: the family is unknown.
        BackendError: the outputs contain NaN, infinity, a score above 1, or a class that the card
            lacks. No model returns these, but a faulty backend does, and must be noticed.
        ModelMismatch: scores of an open network are above 1, so its card is wrong.
    """
    # Ufuncs and their `reduce`, here and below: numpy's functions that wrap them take longer than
    # what they compute.
    family = of(card)
    boxes, scores, class_ids = outputs[:3]
    if class_ids.size:
        least, most = np.minimum.reduce(class_ids), np.maximum.reduce(class_ids)
        if not 0 <= least <= most < len(card.labels):
            raise BackendError(
                f"The backend returned a class outside 0..{len(card.labels) - 1}",
                f"{least}..{most}",
            )

    wanted = scores >= (card.threshold if threshold is None else threshold)
    if classes is not None:
        chosen = np.zeros(len(card.labels), np.bool_)
        chosen[list(classes)] = True
        wanted &= chosen[class_ids]
    rows = wanted.nonzero()[0]
    boxes = boxes[rows]
    if not (_finite(scores) and _finite(boxes)):
        raise BackendError("The backend returned numbers that are not finite")
    if scores.size and (best := np.maximum.reduce(scores)) > _MAX_SCORE:
        raise (ModelMismatch if card.open else BackendError)(
            "The network's scores are not in 0..1", f"{best:.3g}"
        )
    size = (card.input.width, card.input.height)
    if not len(rows):
        points = _keypoints(outputs.keypoints, rows, card.input.resize, source_size, size)
        return Detections(boxes, scores[rows], class_ids[rows], data=points)
    scores, class_ids = scores[rows], class_ids[rows]
    np.minimum(boxes, _MAX_DISTANCE, out=boxes)
    np.maximum(boxes, -_MAX_DISTANCE, out=boxes)
    if family.nms:
        order = nms(boxes, scores, card.iou if iou is None else iou, class_ids)
    else:
        order = (-scores).argsort(kind="stable")
    xyxy = _to_source(boxes[order], card.input.resize, source_size, size)
    visible = area(xyxy) > 0
    if not np.logical_and.reduce(visible):
        xyxy, order = xyxy[visible], order[visible]
    points = _keypoints(outputs.keypoints, rows[order], card.input.resize, source_size, size)
    return Detections.owning(
        xyxy.astype(np.float32, copy=False),
        scores[order].astype(np.float32, copy=False),
        class_ids[order].astype(np.int32, copy=False),
        data=points,
    )


def _finite(values: NDArray[np.float32]) -> bool:
    """Whether no value is NaN or infinite."""
    return bool(np.logical_and.reduce(np.isfinite(values), axis=None))


def _keypoints(
    points: NDArray[np.float32] | None,
    rows: NDArray[np.int64],
    mode: str,
    source: tuple[int, int],
    size: tuple[int, int],
) -> dict[str, NDArray[np.float32]]:
    """Return these rows' key points, mapped to pixels of the source, as part of `Detections.data`.

    Raises:
        BackendError: they contain NaN or infinity.
    """
    if points is None:
        return {}
    points = points[rows]
    if not _finite(points):
        raise BackendError("The backend returned key points that are not finite")
    whole, offsets, scales, _ = _frame(mode, source, size)[:, :2]
    xy = (points[:, :, :2].clip(-_MAX_DISTANCE, _MAX_DISTANCE) * whole - offsets) / scales
    return {"keypoints": np.concatenate([xy, points[:, :, 2:].clip(0, 1)], 2)}


def _to_source(
    boxes: NDArray[np.float32], mode: str, source: tuple[int, int], size: tuple[int, int]
) -> NDArray[np.float32]:
    """Map boxes from 0..1 of a model's input to pixels of the source, clipped to its edges."""
    whole, offsets, scales, edges = _frame(mode, source, size)
    xyxy: NDArray[np.float32] = boxes * whole
    xyxy -= offsets
    xyxy /= scales
    np.maximum(xyxy, 0, out=xyxy)
    np.minimum(xyxy, edges, out=xyxy)
    return xyxy


@lru_cache(maxsize=8)
def _frame(mode: str, source: tuple[int, int], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return rows to compute with xyxy: size of the input, offsets and scales of `fit`, and size
    of the source.

    Cached, because they are the same for every frame of a source.
    """
    placed = fit(mode, source, size)
    pairs = [size, (placed.offset_x, placed.offset_y), (placed.scale_x, placed.scale_y), source]
    return np.array([[*pair, *pair] for pair in pairs], np.float32)
