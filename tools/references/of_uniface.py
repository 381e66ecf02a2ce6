"""UniFace (MIT), which reads SCRFD, RetinaFace and YOLOv5-face.

No weights are at hand, so what is read are numbers at random in the layout of each network's
export. Suppression is left out: UniFace counts pixels at both ends of a box.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from references import Reference, project

WIDTH, HEIGHT = 160, 96  # of the input, in pixels
THRESHOLD = 0.9


def _of(kind: type[Any], **settings: Any) -> Any:
    """Return a detector of UniFace without its network."""
    detector = object.__new__(kind)
    usual = {"confidence_threshold": THRESHOLD, "nms_threshold": 1.0}
    vars(detector).update(usual | settings)
    return detector


def _reference(
    outputs: dict[str, Any], detections: Any, keypoints: Any, threshold: float = THRESHOLD
) -> Reference:
    return Reference(
        (WIDTH, HEIGHT), outputs, detections[:, :4], detections[:, 4],
        np.zeros(len(detections), np.int64), threshold, 1.0, project("uniface", "MIT"),
        keypoints=keypoints,
    )  # fmt: skip


def scrfd() -> Reference:
    """Two anchors in each cell of three strides, without a batch axis."""
    from uniface.detection.scrfd import SCRFD

    chance = np.random.default_rng(0)
    rows = [2 * (WIDTH // stride) * (HEIGHT // stride) for stride in (8, 16, 32)]
    columns = {"score": 1, "bbox": 4, "kps": 10}
    outputs = {
        f"{what}_{stride}": (
            chance.random((count, 1)) if what == "score"
            else chance.uniform(0.1, 3, (count, width)) if what == "bbox"
            else chance.normal(0, 2, (count, width))
        ).astype(np.float32)
        for what, width in columns.items()
        for stride, count in zip((8, 16, 32), rows, strict=True)
    }  # fmt: skip
    detector = _of(
        SCRFD, _num_feature_maps=3, _feat_stride_fpn=[8, 16, 32], _num_anchors=2, _center_cache={}
    )
    scores, boxes, points = detector.postprocess(list(outputs.values()), (HEIGHT, WIDTH))
    detections = np.hstack([np.vstack(boxes), np.vstack(scores)])
    return _reference(outputs, detections, np.vstack(points))


def retinaface() -> Reference:
    """Offsets from two anchors in each cell of three strides."""
    from uniface.common import generate_anchors
    from uniface.detection.retinaface import RetinaFace

    chance = np.random.default_rng(1)
    priors = generate_anchors(image_size=(HEIGHT, WIDTH))
    rows = len(priors)
    face = chance.random((1, rows, 1))
    outputs = {
        "loc": chance.normal(0, 1, (1, rows, 4)).astype(np.float32),
        "conf": np.concatenate([1 - face, face], 2).astype(np.float32),
        "landms": chance.normal(0, 2, (1, rows, 10)).astype(np.float32),
    }
    detector = _of(RetinaFace, pre_nms_topk=5000, post_nms_topk=5000)
    detector._priors = priors
    detections, points = detector.postprocess(list(outputs.values()), 1.0, (WIDTH, HEIGHT))
    return _reference(outputs, detections, points)


def yolov5_face() -> Reference:
    """Decoded rows: box, objectness, five points, and the score of the class, which is 1 because
    UniFace leaves it out."""
    from uniface.detection.yolov5 import YOLOv5Face

    chance = np.random.default_rng(2)
    rows = sum(3 * (WIDTH // stride) * (HEIGHT // stride) for stride in (8, 16, 32))
    size = [WIDTH, HEIGHT]
    table = np.concatenate(
        [
            chance.random((rows, 2)) * size,
            chance.random((rows, 2)) * size / 2 + 1,
            chance.random((rows, 1)),
            chance.random((rows, 10)) * (size * 5),
            np.ones((rows, 1)),
        ],
        1,
    ).astype(np.float32)[None]
    detector = _of(YOLOv5Face, nms_mode="numpy", max_det=5000)
    detections, points = detector.postprocess(table.copy(), 1.0, (0, 0))
    return _reference({"output": table}, detections, points)


RECORDS = {"scrfd": scrfd, "retinaface": retinaface, "yolov5-face": yolov5_face}
