"""The reference that YOLOX is compared with, on its real outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import reference
from PIL import Image

from obscura import Detections
from obscura.boxes import area, clip
from obscura.engine.native import NativeSession
from obscura.evaluation import LOW
from obscura.families import overlap
from obscura.families.decode import decode, read

ROOT = Path(__file__).resolve().parents[2]
NANO = ROOT.parent / "shared" / "data" / "models" / "yolox_nano_kazuhito.onnx"


@pytest.mark.skipif(not NANO.exists(), reason="the real YOLOX-Nano is not on this machine")
def test_a_thorough_reading_is_that_of_yolox_itself() -> None:
    data = NANO.read_bytes()
    card = reference.yolox_card(data)
    picture = np.asarray(Image.open(ROOT / "assets" / "sample.jpg").convert("RGBA"))
    size = (picture.shape[1], picture.shape[0])
    outputs = NativeSession(card, data).run(picture, keep=False)

    found = decode(
        read(outputs, card, thorough=True), card, size,
        threshold=LOW, iou=overlap(card, thorough=True),
    )  # fmt: skip

    rows = next(iter(outputs.values()))[0]
    wanted = cut(reference.reference(rows, (card.input.width, card.input.height), size), size)
    assert len(found) == len(wanted) > 20
    np.testing.assert_allclose(found.score, wanted.score, atol=1e-5)
    np.testing.assert_array_equal(found.class_id, wanted.class_id)
    np.testing.assert_allclose(found.xyxy, wanted.xyxy, atol=0.05)


def cut(found: Detections, size: tuple[int, int]) -> Detections:
    """Cut boxes at the picture's edges, which YOLOX does not."""
    xyxy = clip(found.xyxy, *size)
    return found.replace(xyxy=xyxy)[area(xyxy) > 0]
