"""Families read raw outputs as the projects that made the networks do."""

from __future__ import annotations

from typing import Any

import pytest

from obscura.boxes import area, clip
from obscura.detections import Detections

from .references import assert_same, card_of, read, recorded

# recording, family, classes on the card, options
RECORDINGS: list[tuple[str, str, int, dict[str, Any]]] = [
    ("centernet", "centernet", 5, {"logits": True}),
    ("ssdlite", "ssd", 5, {"order": "xyxy", "pixels": True}),
    ("efficientdet", "efficientdet", 5, {"anchor_scale": 3.0}),
    ("detr", "detr", 5, {"scores": "softmax", "none": "last"}),
    ("deformable-detr", "detr", 5, {}),
    ("rtdetr-raw", "detr", 5, {}),
    ("rfdetr", "detr", 6, {}),  # its head has a column more than there are classes
    ("rtdetr", "rtdetr", 5, {}),
    ("dfine", "rtdetr", 5, {}),
    ("faster-rcnn", "end2end", 5, {"first": 1}),
]


@pytest.mark.parametrize(
    ("name", "family", "classes", "options"), RECORDINGS, ids=[row[0] for row in RECORDINGS]
)
def test_what_a_family_reads_is_what_the_project_reads(
    name: str, family: str, classes: int, options: dict[str, Any]
) -> None:
    reference = recorded(name)
    card = card_of(family, reference.size, classes, top=1000, **options)

    found = read(card, reference.outputs, reference.threshold, reference.iou)

    assert len(reference.found) > 5
    assert_same(found, cut(reference.found, reference.size))


def cut(found: Detections, size: tuple[int, int]) -> Detections:
    """Cut boxes at the picture's edges, as `families.decode` does; not all projects do."""
    xyxy = clip(found.xyxy, *size)
    kept = area(xyxy) > 0
    return Detections(xyxy[kept], found.score[kept], found.class_id[kept])
