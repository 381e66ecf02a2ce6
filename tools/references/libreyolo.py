"""LibreYOLO's networks and post-processing; needs libreyolo 1.6.0 (MIT).

It ports YOLOv9 and v7 from MultimediaTechLab/YOLO (MIT) and PicoDet from PaddleDetection
(Apache-2.0), and stands for these here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from libreyolo.models.picodet.model import LibrePICODET
from libreyolo.models.picodet.nn import LibrePICODETModel
from libreyolo.models.yolo7.model import LibreYOLO7
from libreyolo.models.yolo7.net import YOLOv7Model
from libreyolo.models.yolo9.model import LibreYOLO9
from libreyolo.models.yolo9.nn import LibreYOLO9Model
from libreyolo.models.yolo9_e2e.model import LibreYOLO9E2E
from libreyolo.models.yolo9_e2e.nn import LibreYOLO9E2EModel
from libreyolo.models.yolox.model import LibreYOLOX
from libreyolo.postprocess import picodet, yolo7, yolo9, yolo9_e2e
from torch import nn

from references.exporting import enliven, export, picture, run
from references.record import Face, Reference

SOURCE = "libreyolo 1.6.0, MIT"
WIDTH, HEIGHT, CLASSES, THRESHOLD, IOU = 96, 64, 3, 0.4, 0.5
_MOST = 1000


def references() -> Iterator[Reference]:
    """YOLOv9, YOLOv9 E2E (without NMS), YOLOv7's maps, PicoDet's maps."""
    yield _dense("yolov9", LibreYOLO9Model("t", nb_classes=CLASSES), yolo9.postprocess, IOU)
    yield _dense(
        "yolov9-e2e", LibreYOLO9E2EModel("t", nb_classes=CLASSES), yolo9_e2e.postprocess, 1.0
    )
    yield _yolov7()
    yield _picodet()


def _dense(name: str, network: nn.Module, postprocess: Any, iou: float) -> Reference:
    torch.manual_seed(1)
    sample = picture(WIDTH, HEIGHT)
    head = network.head
    last = head.one2one_cv3 if hasattr(head, "one2one_cv3") else head.cv3
    enliven(network, sample, [branch[-1] for branch in last], spread=0.8)
    head.export = True
    outputs = run(export(network, sample, ["output"]), sample)
    found = postprocess(
        {"predictions": torch.from_numpy(outputs["output"])}, THRESHOLD, iou, (HEIGHT, WIDTH),
        None, _MOST,
    )  # fmt: skip
    return _reference(name, outputs, iou, found)


def _yolov7() -> Reference:
    torch.manual_seed(1)
    network, sample = YOLOv7Model(CLASSES), picture(WIDTH, HEIGHT)
    heads = network.layers[network._head_index].heads
    enliven(network, sample, [_last_convolution(head) for head in heads], spread=0.2)
    outputs = run(export(network, sample, ["p3", "p4", "p5"]), sample)
    found = yolo7.postprocess(
        [torch.from_numpy(map_) for map_ in outputs.values()], network.anchors, network.strides,
        CLASSES, THRESHOLD, IOU, (HEIGHT, WIDTH), None, max_det=_MOST,
    )  # fmt: skip
    return _reference("yolov7-maps", outputs, IOU, found)


def _picodet() -> Reference:
    torch.manual_seed(1)
    network, sample = LibrePICODETModel("s", CLASSES), picture(WIDTH, HEIGHT)
    enliven(network, sample, network.head.gfl_cls, spread=0.3)
    levels = len(network.head.strides)
    names = [f"{kind}_{level}" for kind in ("cls", "reg") for level in range(levels)]
    outputs = run(export(network, sample, names), sample)
    maps = [torch.from_numpy(array) for array in outputs.values()]
    found = picodet.postprocess(
        (maps[:levels], maps[levels:]), THRESHOLD, IOU, (HEIGHT, WIDTH), max_det=_MOST
    )
    return _reference("picodet", outputs, IOU, found)


def _last_convolution(part: nn.Module) -> nn.Conv2d:
    return [inner for inner in part.modules() if isinstance(inner, nn.Conv2d)][-1]


def _reference(name: str, outputs: dict[str, Any], iou: float, found: dict[str, Any]) -> Reference:
    return Reference(
        name, SOURCE, WIDTH, HEIGHT, CLASSES, outputs, THRESHOLD, iou,
        np.array(found["boxes"], np.float32).reshape(-1, 4),
        np.array(found["scores"], np.float32), np.array(found["classes"], np.int64),
    )  # fmt: skip


def faces() -> Iterator[Face]:
    """What its own exporter writes, metadata and all, and PicoDet's maps."""
    kinds: dict[str, Any] = {
        "libreyolo-yolox": LibreYOLOX(None, size="n"),
        "libreyolo-yolov7": LibreYOLO7(None),
        "libreyolo-yolov9": LibreYOLO9(None, size="t"),
        "libreyolo-yolov9-e2e": LibreYOLO9E2E(None, size="t"),
        "libreyolo-picodet": LibrePICODET(None, size="s"),
    }
    for name, model in kinds.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            model.export(format="onnx", output_path=str(path), simplify=False)
            yield Face(name, onnx.load(path))
    names = [f"{kind}_{level}" for kind in ("cls", "reg") for level in range(4)]
    network = LibrePICODETModel("s", 80).eval()
    yield Face("picodet-maps", export(network, picture(320, 320), names))
