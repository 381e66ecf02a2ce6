"""YuNet as OpenCV runs it; needs opencv-python-headless 5.0 (Apache-2.0).

The network is the published one, `face_detection_yunet` of the OpenCV Zoo with inputs of any size
(Apache-2.0); its path comes in the environment variable YUNET. Its outputs are recorded, not it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch

from references.exporting import run
from references.record import Face, Reference

SOURCE = f"OpenCV {cv2.__version__}, Apache-2.0; YuNet of libfacedetection, Apache-2.0"
PICTURE = Path(__file__).resolve().parents[2] / "assets" / "sample.jpg"


def references() -> Iterator[Reference]:
    """The sample picture, which shows a face, at 192 x 160."""
    width, height, threshold, iou = 192, 160, 0.1, 0.3
    pixels = cv2.resize(cv2.imread(str(PICTURE)), (width, height), interpolation=cv2.INTER_AREA)
    detector = cv2.FaceDetectorYN.create(
        os.environ["YUNET"], "", (width, height), threshold, iou, 5000
    )
    _, faces = detector.detect(pixels)
    xywh = faces[:, :4]
    sample = torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(np.float32))
    yield Reference(
        "yunet", SOURCE, width, height, 1, run(onnx.load(os.environ["YUNET"]), sample), threshold,
        iou, np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], 1), faces[:, -1],
        np.zeros(len(faces), np.int64),
    )  # fmt: skip


def faces() -> Iterator[Face]:
    """The published network, whose input is of any size."""
    yield Face("yunet", onnx.load(os.environ["YUNET"]))
