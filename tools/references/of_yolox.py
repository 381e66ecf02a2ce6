"""YOLOX (Apache-2.0): its own export in both forms, and its own post-processing."""

from __future__ import annotations

from functools import partial
from typing import Any

from references import Reference, export, lively, noise, project, run

WIDTH, HEIGHT, CLASSES = 96, 64, 3
THRESHOLD, IOU = 0.3, 0.45
NANO = {"depth": 0.33, "width": 0.25, "depthwise": True}


def _network(classes: int, *, decoded: bool) -> Any:
    from yolox.models import YOLOPAFPN, YOLOX, YOLOXHead

    network = YOLOX(
        YOLOPAFPN(**NANO), YOLOXHead(classes, NANO["width"], depthwise=NANO["depthwise"])
    ).eval()
    network.head.decode_in_inference = decoded
    return network


def both(*, decoded: bool) -> Reference:
    """What `yolox.utils.postprocess` finds in boxes relative to their cells, or in pixels."""
    import torch
    from yolox.utils import postprocess

    network = _network(CLASSES, decoded=decoded)
    head = network.head
    lively(network, [*head.cls_preds, *head.obj_preds, *head.reg_preds], 1)
    picture = torch.from_numpy(noise(WIDTH, HEIGHT))
    model = export(network, [picture], ["images"], ["output"])
    outputs = run(model, {"images": picture.numpy()})
    rows = torch.from_numpy(outputs["output"].copy())
    if not decoded:
        rows = head.decode_outputs(rows, "torch.FloatTensor")
    (found,) = postprocess(rows, CLASSES, THRESHOLD, IOU)
    return Reference(
        (WIDTH, HEIGHT), outputs, found[:, :4].numpy(), (found[:, 4] * found[:, 5]).numpy(),
        found[:, 6].long().numpy(), THRESHOLD, IOU, project("yolox", "Apache-2.0"),
    )  # fmt: skip


def nano(*, decoded: bool, any_batch: bool = False) -> bytes:
    """YOLOX-Nano for COCO."""
    import torch

    dynamic = {"images": {0: "batch"}, "output": {0: "batch"}} if any_batch else None
    picture = torch.from_numpy(noise(416, 416))
    return export(_network(80, decoded=decoded), [picture], ["images"], ["output"], dynamic)


RECORDS = {
    "yolox-raw": partial(both, decoded=False),
    "yolox-decoded": partial(both, decoded=True),
}
FACES = {
    "yolox-nano": partial(nano, decoded=False),
    "yolox-nano-decoded": partial(nano, decoded=True),
    "yolox-nano-batch": partial(nano, decoded=False, any_batch=True),
}
