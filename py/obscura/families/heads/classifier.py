"""Classifiers: one score for each class, of the crop as a whole."""

from __future__ import annotations

import numpy as np

from obscura.families.common.ops import NUMPY
from obscura.families.common.rows import Option, first_output, mismatch
from obscura.families.heads.answer import CropAnswer, HeadReading, Outputs, values

OPTIONS = {
    "scores": Option(
        "probabilities",
        choices=("probabilities", "logits", "either"),
        help="what the network returns; either: logits unless they are in 0..1 and add up to 1",
    )
}
_CLOSE = 0.01  # to 1, of a sum of probabilities in half precision


def read(outputs: Outputs, card: HeadReading) -> CropAnswer:
    """See `HeadModule.read`. The value "probabilities" is ``(classes,)``, which add up to 1."""
    scores = first_output(outputs)
    classes = len(card.labels)
    if scores.size != classes or scores.shape.count(1) < scores.ndim - 1:
        raise mismatch(outputs, f"one number for each of {classes} classes, [1, {classes}]")
    flat = scores.reshape(-1)
    kind = card.options["scores"]
    if kind == "logits" or (kind == "either" and not _probabilities(flat)):
        flat = NUMPY.softmax(flat, 0)
    return values(probabilities=flat.astype(np.float32))


def _probabilities(scores: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bool:
    return bool(scores.min() >= 0 and abs(float(scores.sum()) - 1) < _CLOSE)
