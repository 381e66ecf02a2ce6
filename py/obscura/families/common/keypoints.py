"""Key points of rows, as `Rows.keypoints` has them."""

from __future__ import annotations

from collections.abc import Mapping

from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import number
from obscura.families.common.rows import Option, Spec, mismatch

COCO_BODY = (17, 3)
"""Number of points, and of numbers for each, of COCO's people: x, y and visibility."""

POINTS = Option(0, help="key points among the extra columns: x, y and perhaps a score of each")


def fractions(ops: Ops, xy: Array, spec: Spec) -> Array:
    """Convert (n, points, 2) from pixels of the network's input to 0..1 of it, with the score 1."""
    return scored(ops, xy / ops.constant([spec.width, spec.height]))


def scored(ops: Ops, xy: Array) -> Array:
    """Give (n, points, 2) the score 1."""
    return ops.concat([xy, xy[:, :, 0:1] * ops.constant(0) + ops.constant(1)], 2)


def from_columns(ops: Ops, columns: Array, spec: Spec) -> Array | None:
    """Return the key points that a card's option ``points`` finds in extra columns.

    Args:
        columns: (n, extra): for each point x, y in pixels of the input, and perhaps a score.

    Returns:
        (n, points, 3), or None if there are no points.

    Raises:
        ModelMismatch: the columns are not two or three for each point.
    """
    points = spec.options["points"]
    if not points:
        return None
    count = columns.shape[1]
    if points < 0 or count not in (2 * points, 3 * points):
        raise mismatch({"columns": columns}, f"2 or 3 columns for each of {points} key points")
    found = ops.reshape(columns, [-1, points, count // points])
    xy = fractions(ops, found[:, :, 0:2], spec)
    return xy if count == 2 * points else ops.concat([xy[:, :, 0:2], found[:, :, 2:3]], 2)


def stated(metadata: Mapping[str, str]) -> tuple[int, int]:
    """Return numbers of points and of numbers for each that Ultralytics' metadata states, or COCO's
    if it states none."""
    sizes = metadata.get("kpt_shape", "").strip("[]() ").split(",")
    points, numbers = number(sizes[0]), number(sizes[-1])
    return (points, numbers) if points and len(sizes) == 2 and numbers in (2, 3) else COCO_BODY
