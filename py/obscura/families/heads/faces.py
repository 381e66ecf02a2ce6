"""Faces: BlazeFace (Bazarevsky et al. 2019, arXiv 1907.05047), in a crop or in a whole picture.

The outputs and their anchors are those of `obscura.families.detectors.mediapipe`. Each face has six
points: the person's right and left eye, nose, mouth, right and left ear.
"""

from __future__ import annotations

import numpy as np

from obscura.boxes import nms
from obscura.families.common.ops import NUMPY
from obscura.families.common.rows import Option, Spec
from obscura.families.detectors import mediapipe
from obscura.families.heads.answer import CropAnswer, HeadReading, Outputs

OPTIONS = {
    **mediapipe.OPTIONS,
    "threshold": Option(0.5, help="minimum score"),
    "iou": Option(0.3, help="overlap above which the worse of two boxes is dropped"),
}
MOST = 100
"""Faces in a crop at most, before suppression."""


def read(outputs: Outputs, card: HeadReading) -> CropAnswer:
    """See `HeadModule.read`."""
    spec = Spec(card.input.width, card.input.height, 1, MOST, card.options)
    rows = mediapipe.read(NUMPY, outputs, spec)
    assert rows.keypoints is not None  # `mediapipe` finds them in every network that it reads
    shown = rows.scores >= np.float32(card.options["threshold"])
    boxes = rows.boxes[shown].astype(np.float32)
    scores = rows.scores[shown].astype(np.float32)
    kept = nms(boxes, scores, card.options["iou"])
    points = rows.keypoints[shown][kept].astype(np.float32)
    return CropAnswer(boxes[kept], scores[kept], points, {})
