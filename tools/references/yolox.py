"""YOLOX's own post-processing; needs yolox 0.3.0 (Apache-2.0)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from yolox.models import YOLOPAFPN, YOLOX, YOLOXHead
from yolox.utils import postprocess

from references.exporting import enliven, export, picture, run
from references.record import Face, Reference

SOURCE = "yolox 0.3.0, Apache-2.0"
_DEPTH, _WIDTH = 0.33, 0.25  # YOLOX-Nano


def _network(classes: int, *, decoded: bool) -> YOLOX:
    torch.manual_seed(1)
    network = YOLOX(
        YOLOPAFPN(_DEPTH, _WIDTH, depthwise=True),
        YOLOXHead(classes, _WIDTH, depthwise=True),
    ).eval()
    network.head.decode_in_inference = decoded
    return network


def references() -> Iterator[Reference]:
    """Both kinds of export; the answer is `yolox.utils.postprocess`'s."""
    width, height, classes, threshold, iou = 96, 64, 3, 0.3, 0.45
    for decoded in (False, True):
        network = _network(classes, decoded=decoded)
        sample = picture(width, height, scale=255)
        head = network.head
        enliven(network, sample, [*head.cls_preds, *head.obj_preds], spread=0.8)
        enliven(network, sample, head.reg_preds, spread=0.2)
        outputs = run(export(network, sample, ["output"]), sample)
        raw = torch.from_numpy(outputs["output"].copy())
        if not decoded:
            raw = head.decode_outputs(raw, "torch.FloatTensor")
        (rows,) = postprocess(raw, classes, threshold, iou)
        yield Reference(
            f"yolox-{'decoded' if decoded else 'raw'}", SOURCE, width, height, classes, outputs,
            threshold, iou, rows[:, :4].numpy(), (rows[:, 4] * rows[:, 5]).numpy(),
            rows[:, 6].long().numpy(),
        )  # fmt: skip


def faces() -> Iterator[Face]:
    """YOLOX-Nano for COCO in both kinds of export, and one of any batch."""
    sample = picture(416, 416)
    batch = {"images": {0: "batch"}, "output": {0: "batch"}}
    for name, decoded, dynamic in (
        ("yolox-raw", False, None), ("yolox-decoded", True, None), ("yolox-batch", False, batch),
    ):  # fmt: skip
        network = _network(80, decoded=decoded)
        yield Face(name, export(network, sample, ["output"], dynamic=dynamic))
