"""What networks of each family return, for tests that make such networks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

SIZE = 64  # pixels a side of every network's input


class Raw(NamedTuple):
    """What a network of some family returns: shapes by name; those in `whole` are int64."""

    classes: int
    outputs: dict[str, tuple[int, ...]]
    options: Mapping[str, Any] = MappingProxyType({})
    whole: tuple[str, ...] = ()


def per_stride(strides: tuple[int, ...], **columns: int) -> dict[str, tuple[int, ...]]:
    """Outputs ``[1, cells, columns]`` for each stride."""
    return {
        f"{name}_{stride}": (1, (SIZE // stride) ** 2, width)
        for name, width in columns.items()
        for stride in strides
    }


EFFICIENTDET = {
    f"{name}{side}{'' if level < 4 else ' of the last level'}": (1, channels, side, side)
    for name, channels in (("logits", 27), ("offsets", 36))
    for level, side in enumerate((8, 4, 2, 1, 1))
}
RAW: dict[str, Raw] = {
    "ssd": Raw(3, {"boxes": (1, 30, 4), "scores": (1, 30, 4)}),
    "centernet": Raw(5, {"hm": (1, 5, 16, 16), "wh": (1, 2, 16, 16), "reg": (1, 2, 16, 16)}),
    "centernet of logits, channels last": Raw(
        5,
        {"heat": (1, 16, 16, 5), "reach": (1, 16, 16, 4)},
        {"layout": "nhwc", "logits": True, "unit": 1.0},
    ),
    "yolox": Raw(3, {"output": (1, 84, 8)}),
    "yolox decoded by itself": Raw(3, {"output": (1, 84, 8)}, {"decoded": True}),
    "yolov5": Raw(3, {"output": (1, 252, 8)}),
    "yolov5 as maps": Raw(3, {str(side): (1, 3, side, side, 8) for side in (8, 4, 2)}),
    "yolov8": Raw(3, {"output0": (1, 7, 84)}),
    "yolov8 with key points": Raw(1, {"output0": (1, 20, 84)}, {"points": 5, "extra": 15}),
    "yolov10": Raw(3, {"output0": (1, 30, 6)}),
    "yolov10 of all rows": Raw(3, {"output0": (1, 7, 84)}, {"dense": True}),
    "nanodet": Raw(3, {"output": (1, 85, 35)}),
    "picodet": Raw(3, per_stride((8, 16, 32, 64), scores=3, boxes=32)),
    "fastestdet": Raw(3, {"output": (1, 8, 4, 4)}),
    "yunet": Raw(1, per_stride((8, 16, 32), cls=1, obj=1, bbox=4, kps=10)),
    "scrfd": Raw(
        1,
        {
            f"{name}_{stride}": (2 * (SIZE // stride) ** 2, width)
            for name, width in (("score", 1), ("bbox", 4), ("kps", 10))
            for stride in (8, 16, 32)
        },
    ),
    "retinaface": Raw(1, {"loc": (1, 168, 4), "conf": (1, 168, 2), "landms": (1, 168, 10)}),
    "mediapipe": Raw(1, {"regressors": (1, 224, 16), "classificators": (1, 224, 1)}),
    "fastestv2": Raw(3, {"fine": (1, 4, 4, 18), "coarse": (1, 2, 2, 18)}),
    "ssd_raw": Raw(3, {"box_encodings": (1, 96, 4), "class_predictions": (1, 96, 4)}),
    "yolov5 with key points": Raw(
        1, {"output": (1, 252, 16)}, {"points": 5, "extra": 10, "extra_first": True}
    ),
    "yolov5 with key points in maps": Raw(
        1,
        {str(side): (1, 3, side, side, 16) for side in (8, 4, 2)},
        {"points": 5, "extra": 10, "extra_first": True},
    ),
    "rtdetr": Raw(
        3,
        {"labels": (1, 30), "boxes": (1, 30, 4), "scores": (1, 30)},
        whole=("labels",),
    ),
    "detr": Raw(5, {"logits": (1, 30, 5), "boxes": (1, 30, 4)}),
    "detr of softmax": Raw(
        5, {"logits": (1, 30, 6), "boxes": (1, 30, 4)}, {"scores": "softmax", "none": "last"}
    ),
    "efficientdet": Raw(3, EFFICIENTDET),
    "end2end": Raw(
        3,
        {"num_dets": (1, 1), "boxes": (1, 20, 4), "scores": (1, 20), "classes": (1, 20)},
        whole=("num_dets", "classes"),
    ),
    "end2end in rows": Raw(3, {"dets": (1, 20, 5), "labels": (1, 20)}, whole=("labels",)),
}
