"""torchvision's SSDLite and Faster R-CNN (BSD-3-Clause): before and after their suppression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from references import Reference, export, noise, project, run

SIDE = 96
CLASSES = 5


def ssd() -> Reference:
    """SSDLite's decoded boxes and softmax scores, and what `postprocess_detections` keeps."""
    import torch
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large
    from torchvision.ops import clip_boxes_to_image

    threshold, iou = 0.6, 0.45
    model = ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=1 + CLASSES,
        score_thresh=threshold, nms_thresh=iou,
    )  # fmt: skip

    class Raw(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.head = model.backbone, model.head

        def forward(self, picture: Any) -> Any:
            maps = list(self.backbone(picture).values())
            made = self.head(maps)
            logits = made["cls_logits"]
            logits = (logits - logits.mean(1, keepdim=True)) / logits.std(1, keepdim=True) * 2
            return made["bbox_regression"] * 10, logits

    class Decoded(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.raw = Raw()

        def forward(self, picture: Any) -> Any:
            offsets, logits = self.raw(picture)
            maps = list(model.backbone(picture).values())
            anchors = model.anchor_generator(_list(picture), maps)[0]
            boxes = model.box_coder.decode_single(offsets[0], anchors)
            return clip_boxes_to_image(boxes, (SIDE, SIDE))[None], torch.softmax(logits, -1)

    model.eval()
    picture = torch.from_numpy(noise(SIDE, SIDE))
    network = export(Decoded(), [picture], ["images"], ["boxes", "scores"])
    outputs = run(network, {"images": picture.numpy()})
    with torch.no_grad():
        offsets, logits = Raw().eval()(picture)
        maps = list(model.backbone(picture).values())
        anchors = model.anchor_generator(_list(picture), maps)
        (found,) = model.postprocess_detections(
            {"bbox_regression": offsets, "cls_logits": logits}, anchors, [(SIDE, SIDE)]
        )
    return Reference(
        (SIDE, SIDE), outputs, found["boxes"].numpy(), found["scores"].numpy(),
        found["labels"].numpy() - 1, threshold, iou,
        project("torchvision", "BSD-3-Clause"), network,
    )  # fmt: skip


def faster_rcnn() -> Reference:
    """Finished boxes, labels and scores: what the model returns is what it means."""
    import torch
    from torchvision.models.detection import fasterrcnn_mobilenet_v3_large_320_fpn

    threshold = 0.5
    model = fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=1 + CLASSES, min_size=SIDE, max_size=SIDE,
        box_score_thresh=0.1, rpn_pre_nms_top_n_test=50, rpn_post_nms_top_n_test=20,
    )  # fmt: skip

    class Spread(torch.nn.Module):
        """Random weights are never sure of anything."""

        def forward(self, x: Any) -> Any:
            return (x - x.mean(0, keepdim=True)) / x.std(0, keepdim=True).clamp_min(1e-9) * 2

    predictor = model.roi_heads.box_predictor
    predictor.cls_score = torch.nn.Sequential(predictor.cls_score, Spread())
    model.eval()
    picture = torch.from_numpy(noise(SIDE, SIDE)[0])
    network = export(
        model, [[picture]], ["image"], ["boxes", "labels", "scores"],
        {"boxes": {0: "n"}, "labels": {0: "n"}, "scores": {0: "n"}},
    )  # fmt: skip
    outputs = run(network, {"image": picture.numpy()})
    # What it returns is final, but for the threshold; labels count from 1.
    kept = outputs["scores"] > threshold
    return Reference(
        (SIDE, SIDE), outputs, outputs["boxes"][kept], outputs["scores"][kept],
        outputs["labels"][kept] - 1, threshold, 1.0,
        project("torchvision", "BSD-3-Clause"), network,
    )  # fmt: skip


def _list(picture: Any) -> Any:
    from torchvision.models.detection.image_list import ImageList

    return ImageList(picture, [(SIDE, SIDE)])


RECORDS: dict[str, Callable[[], Reference]] = {"ssdlite": ssd, "faster-rcnn": faster_rcnn}
