"""OpenCV (Apache-2.0), which runs YuNet of libfacedetection (Apache-2.0).

The network is the published one, `face_detection_yunet_2023mar` exported for inputs of any size;
the environment variable YUNET says where it lies. Its outputs are recorded, not its weights.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from references import DATA, Reference, project, run

PICTURE = DATA.parents[1] / "assets" / "sample.jpg"


def yunet() -> Reference:
    """What `FaceDetectorYN` finds in the sample picture, which shows a face."""
    import cv2

    width, height, threshold, iou = 192, 160, 0.1, 0.3
    pixels = cv2.resize(cv2.imread(str(PICTURE)), (width, height), interpolation=cv2.INTER_AREA)
    detector = cv2.FaceDetectorYN.create(
        os.environ["YUNET"], "", (width, height), threshold, iou, 5000
    )
    _, faces = detector.detect(pixels)
    corners = np.concatenate([faces[:, :2], faces[:, :2] + faces[:, 2:4]], 1)
    planes = pixels.transpose(2, 0, 1)[None].astype(np.float32)
    network = Path(os.environ["YUNET"]).read_bytes()
    return Reference(
        (width, height), run(network, {"input": planes}), corners, faces[:, -1],
        np.zeros(len(faces), np.int64), threshold, iou,
        project("opencv-python-headless", "Apache-2.0"), network,
        keypoints=faces[:, 4:14].reshape(-1, 5, 2),
    )  # fmt: skip


RECORDS = {"yunet": yunet}
