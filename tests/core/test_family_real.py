"""Real weights on the sample picture, most from the file to boxes: nobody says what they are."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from PIL import Image

from obscura import Detector
from obscura.cards.card import ModelFile
from obscura.detections import Detections
from obscura.engine.native import NativeSession
from obscura.families import spec
from obscura.families.common import anchors
from obscura.families.common.anchor_sets import SETS
from obscura.families.decode import decode, read
from obscura.graph.inspect import inspect
from obscura.identify import guess

from .references import assert_same, card_of

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT.parent / "shared" / "data" / "models"
NANO, YUNET = MODELS / "yolox_nano_kazuhito.onnx", MODELS / "yunet_n_dynamic.onnx"


def detect(path: Path) -> Detections:
    """Read a file as the page does: guess, take the guess if it is certain, run, decode."""
    network = path.read_bytes()
    readings = guess.guess(inspect(lambda start, stop: network[start:stop], len(network)))
    assert guess.certain(readings)
    file = ModelFile(path.name, len(network), sha256(network).hexdigest())
    card = guess.card_of(readings[0], name="real", title="Real", file=file)
    picture = np.asarray(Image.open(ROOT / "assets" / "sample.jpg").convert("RGBA"))
    session = NativeSession(card, network)
    outputs = read(session.run(picture), card)
    return decode(outputs, card, (picture.shape[1], picture.shape[0]))


@pytest.mark.skipif(not NANO.exists(), reason="the real YOLOX-Nano is not on this machine")
def test_yolox_nano_finds_the_astronaut() -> None:
    found = detect(NANO)

    assert found.class_id[0] == 0  # a person, over more than half of the picture
    assert found.score[0] > 0.8
    assert found.xyxy[0, 3] - found.xyxy[0, 1] > 256


@pytest.mark.skipif(not YUNET.exists(), reason="the real YuNet is not on this machine")
def test_yunet_finds_her_face() -> None:
    found = detect(YUNET)

    assert len(found) == 1
    x1, y1, x2, y2 = found.xyxy[0]
    assert (150 < x1 < 220, 50 < y1 < 120, 230 < x2 < 300, 140 < y2 < 220) == (True,) * 4


def test_coco_ssd_undecoded_sees_what_it_sees_decoded() -> None:
    """The shipped network's own head has TensorFlow's anchors from its file."""
    model = onnx.load(ROOT / "models" / "cocossd" / "model.onnx")
    (given,) = [weight for weight in model.graph.initializer if weight.name == "head/anchors"]
    names = ["head/offsets", "head/logits"]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    picture = np.asarray(Image.open(ROOT / "assets" / "sample.jpg").convert("RGBA"))
    size = (picture.shape[1], picture.shape[0])
    offsets, logits = session.run(names, {"image": picture[None]})
    background = np.full((1917, 1), -9, np.float32)  # the head drops its column
    outputs = {
        "box_encodings": offsets[None],
        "class_predictions": np.concatenate([background, logits], 1)[None],
    }
    card = card_of("ssd_raw", (300, 300), logits.shape[1], anchors="tensorflow", scores="sigmoid")
    chosen = SETS["tensorflow"]

    placed = anchors.place(spec(card), chosen.strides, chosen.shapes(spec(card)), whole=True)
    found = decode(read(outputs, card), card, size, threshold=0.2)
    with Detector("cocossd", threshold=0.2, iou=0.5) as detector:
        expected = detector.detect(picture)

    np.testing.assert_allclose(
        np.concatenate(placed, 1), numpy_helper.to_array(given), rtol=1e-3, atol=1e-5
    )
    assert_same(found, expected, tolerance=0.5)
