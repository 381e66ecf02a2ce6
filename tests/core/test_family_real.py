"""Real weights, from the file to boxes on the sample picture: nobody says what the network is."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from obscura.cards.card import ModelFile
from obscura.detections import Detections
from obscura.engine.native import NativeSession
from obscura.families.decode import decode, read
from obscura.graph.inspect import inspect
from obscura.identify import guess

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
