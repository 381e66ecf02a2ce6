"""Families read raw outputs as the projects that made the networks do."""

from __future__ import annotations

from typing import Any

import pytest

from obscura.boxes import area, clip
from obscura.detections import Detections

from .references import RECORDINGS, assert_same, card_of, read, recorded


# recording, family, classes on the card, options
@pytest.mark.parametrize(
    ("name", "family", "classes", "options"), RECORDINGS, ids=[row[0] for row in RECORDINGS]
)
def test_what_a_family_reads_is_what_the_project_reads(
    name: str, family: str, classes: int, options: dict[str, Any]
) -> None:
    reference = recorded(name)
    card = card_of(family, reference.size, classes, top=1000, **options)

    found = read(card, reference.outputs, reference.threshold, reference.iou)

    assert len(reference.found) > 2
    assert_same(found, cut(reference.found, reference.size))


def cut(found: Detections, size: tuple[int, int]) -> Detections:
    """Cut boxes at the picture's edges, as `families.decode` does; not all projects do."""
    xyxy = clip(found.xyxy, *size)
    kept = area(xyxy) > 0
    return found.replace(xyxy=xyxy)[kept]
