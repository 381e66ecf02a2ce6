"""LibreYOLO (MIT): YOLOv9 with and without NMS, YOLOv7's and PicoDet's maps.

It ports the first three from MultimediaTechLab/YOLO (MIT), the last from PaddleDetection
(Apache-2.0), and stands for these here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references import Reference, export, lively, noise, project, run

WIDTH, HEIGHT, CLASSES = 96, 64, 3
THRESHOLD, IOU, MOST = 0.6, 0.5, 1000


def _recorded(
    network: Any,
    names: list[str],
    iou: float,
    found: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Reference:
    import torch

    picture = torch.from_numpy(noise(WIDTH, HEIGHT))
    outputs = run(export(network, [picture], ["images"], names), {"images": picture.numpy()})
    answer = found({name: torch.from_numpy(array) for name, array in outputs.items()})

    def array(key: str, dtype: Any) -> NDArray[Any]:
        return np.array(answer[key], dtype)

    return Reference(
        (WIDTH, HEIGHT), outputs, array("boxes", np.float32).reshape(-1, 4),
        array("scores", np.float32), array("classes", np.int64), THRESHOLD, iou,
        project("libreyolo", "MIT"),
    )  # fmt: skip


def yolov9() -> Reference:
    """All rows, which need NMS."""
    from libreyolo.models.yolo9.nn import LibreYOLO9Model
    from libreyolo.postprocess.yolo9 import postprocess

    network = LibreYOLO9Model("t", nb_classes=CLASSES)
    return _dense(network, network.head.cv2, network.head.cv3, postprocess, IOU)


def yolov9_e2e() -> Reference:
    """All rows of a network that needs no NMS."""
    from libreyolo.models.yolo9_e2e.nn import LibreYOLO9E2EModel
    from libreyolo.postprocess.yolo9_e2e import postprocess

    network = LibreYOLO9E2EModel("t", nb_classes=CLASSES)
    head = network.head
    return _dense(network, head.one2one_cv2, head.one2one_cv3, postprocess, 1.0)


def _dense(network: Any, boxes: Any, scores: Any, postprocess: Any, iou: float) -> Reference:
    lively(network, [branch[-1] for branch in boxes], 2)
    lively(network, [branch[-1] for branch in scores], 1)
    network.head.export = True
    size = (HEIGHT, WIDTH)
    return _recorded(
        network, ["output"], iou,
        lambda out: postprocess({"predictions": out["output"]}, THRESHOLD, iou, size, None, MOST),
    )  # fmt: skip


def yolov7() -> Reference:
    """The maps of three strides, three anchors a cell."""
    from libreyolo.models.yolo7.net import YOLOv7Model
    from libreyolo.postprocess.yolo7 import postprocess

    network = YOLOv7Model(CLASSES)
    lively(network, network.layers[network._head_index].heads, 2)
    return _recorded(
        network, ["p3", "p4", "p5"], IOU,
        lambda out: postprocess(
            list(out.values()), network.anchors, network.strides, CLASSES, THRESHOLD, IOU,
            (HEIGHT, WIDTH), None, max_det=MOST,
        ),
    )  # fmt: skip


_LEVELS = 4
_MAPS = [f"{kind}_{level}" for kind in ("cls", "reg") for level in range(_LEVELS)]


def picodet() -> Reference:
    """The maps of four strides, scores before the sigmoid and distances in bins."""
    from libreyolo.models.picodet.nn import LibrePICODETModel
    from libreyolo.postprocess.picodet import postprocess

    network = LibrePICODETModel("s", CLASSES)
    lively(network, network.head.gfl_cls, 1)
    return _recorded(
        network, _MAPS, IOU,
        lambda out: postprocess(
            (list(out.values())[:_LEVELS], list(out.values())[_LEVELS:]), THRESHOLD, IOU,
            (HEIGHT, WIDTH), max_det=MOST,
        ),
    )  # fmt: skip


def exported(name: str, size: str) -> bytes:
    """What its own exporter writes, metadata and all."""
    import libreyolo

    model = getattr(libreyolo, name)(None, size=size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        model.export(format="onnx", output_path=str(path), simplify=False)
        return path.read_bytes()


def picodet_maps() -> bytes:
    """PicoDet-S for COCO, undecoded."""
    import torch
    from libreyolo.models.picodet.nn import LibrePICODETModel

    picture = torch.from_numpy(noise(320, 320))
    return export(LibrePICODETModel("s", 80), [picture], ["image"], _MAPS)


RECORDS = {
    "yolov9": yolov9, "yolov9-e2e": yolov9_e2e, "yolov7-maps": yolov7, "picodet-maps": picodet,
}  # fmt: skip
FACES = {
    "libreyolo-yolox": partial(exported, "LibreYOLOX", "n"),
    "libreyolo-yolov7": partial(exported, "LibreYOLO7", "b"),
    "libreyolo-yolov9": partial(exported, "LibreYOLO9", "t"),
    "libreyolo-yolov9-e2e": partial(exported, "LibreYOLO9E2E", "t"),
    "libreyolo-picodet": partial(exported, "LibrePICODET", "s"),
    "picodet-s": picodet_maps,
}
