"""The heads as they lie in the repository: their contract, their cards, their answers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from modelkit.head_recipes import HEADS, HeadRecipe
from obscura.cards import catalogue
from obscura.cards.card import verify
from obscura.cards.head_card import HeadCard, load_head, shipped
from obscura.engine.native import NativeSession
from obscura.families import heads
from obscura.graph.cut import cut
from obscura.pictures import open_picture, to_rgba

ROOT = Path(__file__).resolve().parents[2]
NAMES = [recipe.name for recipe in HEADS]
SMALLEST_DETECTOR = "centernet-320"


@pytest.fixture(params=HEADS, ids=NAMES)
def recipe(request: pytest.FixtureRequest) -> HeadRecipe:
    found: HeadRecipe = request.param
    return found


@pytest.fixture
def card(recipe: HeadRecipe) -> HeadCard:
    return load_head(recipe.name)[0]


@pytest.fixture
def network(recipe: HeadRecipe) -> bytes:
    return load_head(recipe.name)[1].read_bytes()


@pytest.fixture(scope="module")
def sample() -> NDArray[np.uint8]:
    return to_rgba(open_picture(ROOT / "assets" / "sample.jpg"))


@pytest.fixture(scope="module")
def session() -> NativeSession:
    detector = catalogue.read_card(catalogue.find(SMALLEST_DETECTOR))
    return NativeSession(detector, catalogue.read_network(catalogue.find(detector.name), detector))


def same(found: heads.CropAnswer, expected: heads.CropAnswer, tolerance: float = 2e-3) -> None:
    """Assert that two answers agree; ages within as many tenths of a year."""
    for ours, theirs in zip(found[:3], expected[:3], strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=tolerance)
    assert found.values.keys() == expected.values.keys()
    for name, value in expected.values.items():
        scale = 100 if name == "age" else 1
        np.testing.assert_allclose(found.values[name], value, atol=tolerance * scale)


def test_every_recipe_is_shipped_and_nothing_else() -> None:
    assert sorted(NAMES) == shipped()


def test_no_head_is_taken_for_a_detector() -> None:
    assert not set(NAMES) & set(catalogue.known())


def test_the_card_tells_file_and_source(recipe: HeadRecipe, card: HeadCard, network: bytes) -> None:
    verify(card.file, network)  # raises if not
    assert card.source == {
        "package": f"{recipe.package.registry}:{recipe.package.name}",
        "version": recipe.package.version,
        "path": recipe.path,
        "integrity": recipe.package.integrity,
        "license": recipe.license,
        "origin": recipe.credit,
    }
    assert recipe.license in ("Apache-2.0", "MIT")
    assert card.open is None
    assert (card.input, card.labels, card.crop) == (recipe.input, recipe.labels, recipe.crop)
    assert len(card.weak_at) > 80
    assert len(card.trained_on) > 40


def test_the_contract_is_that_of_a_sealed_network(network: bytes) -> None:
    graph = onnx.load_from_string(network).graph

    (image,) = graph.input
    dims = [item.dim_param or item.dim_value for item in image.type.tensor_type.shape.dim]
    assert (image.name, dims) == ("image", [1, "height", "width", 4])
    assert image.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    for output in graph.output:
        assert output.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
        assert all(dim.dim_value for dim in output.type.tensor_type.shape.dim)


def test_a_gpu_can_do_the_resizing(card: HeadCard, network: bytes) -> None:
    """Its answers do not depend on the crop's size, which an engine on the GPU does not tell it."""
    rest = cut(network, card.input.width, card.input.height)

    assert rest is not None
    onnx.checker.check_model(onnx.load_from_string(rest.model), full_check=True)


def answer(
    session: NativeSession, card: HeadCard, network: bytes, picture: NDArray[np.uint8]
) -> heads.CropAnswer:
    """What a head says of the part of a picture that its card names, as the product runs it."""
    assert card.check is not None
    session.open_head(card.name, network, card)
    try:
        session.run(picture)
        crop = card.check.crop
        outputs = session.run_crops(card.name, np.array([crop], np.float32))
        (found,) = heads.read(outputs, card, [(crop[2] - crop[0], crop[3] - crop[1])])
    finally:
        session.close_head(card.name)
    return found


def test_the_answer_on_record_comes_again(
    card: HeadCard, network: bytes, session: NativeSession, sample: NDArray[np.uint8]
) -> None:
    assert card.check is not None
    assert card.check.picture == "sample.jpg"
    assert card.check.size == (512, 512)

    same(answer(session, card, network, sample), card.check.answer)


def test_the_answer_on_record_is_right() -> None:
    """It shows a smiling woman of 35, her face, her pose, and a name tag."""
    checks = {name: load_head(name)[0].check for name in NAMES}
    answers = {name: check.answer for name, check in checks.items() if check is not None}
    face = np.array([175, 65, 280, 180]) / 512
    for name in ("faces", "faces-far"):
        (box,) = answers[name].boxes
        assert np.abs(box - face).max() < 0.06
        eyes = answers[name].points[0, :2]
        assert np.abs(eyes - [[203 / 512, 101 / 512, 1], [247 / 512, 104 / 512, 1]]).max() < 0.02
    emotion = load_head("emotion")[0]
    assert emotion.labels[answers["emotion"].values["probabilities"].argmax()] == "happy"
    assert abs(answers["age-gender"].values["age"][0] - 35) < 5
    assert answers["age-gender"].values["male"][0] < 0.3
    nose, left_eye, right_eye = answers["pose"].points[0, :3]
    assert np.abs(nose[:2] - [225 / 512, 125 / 512]).max() < 0.03
    assert left_eye[0] > nose[0] > right_eye[0]  # she looks at us
    (tag,) = answers["text"].boxes * 256 + 256
    assert np.abs(tag - [284, 363, 316, 378]).max() < 8


def test_a_crop_of_one_pixel_has_an_answer(
    card: HeadCard, network: bytes, session: NativeSession, sample: NDArray[np.uint8]
) -> None:
    session.open_head(card.name, network, card)
    session.run(sample)

    outputs = session.run_crops(card.name, np.array([[3, 3, 4, 4], [0, 0, 512, 1]], np.float32))
    found = heads.read(outputs, card, [(1, 1), (512, 1)])

    assert len(found) == 2
    session.close_head(card.name)


def test_the_numbers_that_tell_faces_apart_are_cut_off() -> None:
    """faceres also returns 1024 numbers of identity; here nothing returns them."""
    graph = onnx.load(load_head("age-gender")[1]).graph

    sizes = {o.name: [dim.dim_value for dim in o.type.tensor_type.shape.dim] for o in graph.output}
    assert sizes == {"age": [1, 100], "male": [1, 1]}


def test_no_weight_lies_in_a_file_unused(network: bytes) -> None:
    graph = onnx.load_from_string(network).graph
    read = {name for node in graph.node for name in node.input}
    read |= {output.name for output in graph.output}

    assert {tensor.name for tensor in graph.initializer} <= read
    assert {name for node in graph.node for name in node.output} <= read


def test_weights_lie_in_a_file_as_float16(network: bytes) -> None:
    graph = onnx.load_from_string(network).graph
    large = [tensor for tensor in graph.initializer if np.prod(tensor.dims) > 2048]

    assert large
    assert {numpy_helper.to_array(tensor).dtype.name for tensor in large} == {"float16"}


NODE = """
import * as ort from "onnxruntime-web/wasm";
import { readFileSync, writeFileSync } from "node:fs";
const [network, pixels, side, out] = process.argv.slice(2);
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(readFileSync(network));
const image = new ort.Tensor("uint8", readFileSync(pixels), [1, +side, +side, 4]);
const outputs = await session.run({ image });
const values = session.outputNames.flatMap((name) => [...outputs[name].data]);
writeFileSync(out, Float32Array.from(values));
"""


def test_the_browsers_runtime_has_its_operators(
    recipe: HeadRecipe, network: bytes, sample: NDArray[np.uint8], tmp_path: Path
) -> None:
    """WebAssembly, under Node: its numbers are those of the native runtime."""
    modules = ROOT / "node_modules"
    if shutil.which("node") is None or not (modules / "onnxruntime-web").exists():
        pytest.skip("node or onnxruntime-web is not installed")
    x1, y1, x2, y2 = recipe.check
    crop = np.ascontiguousarray(sample[y1:y2, x1:x2])
    (tmp_path / "node_modules").symlink_to(modules.resolve())
    (tmp_path / "run.mjs").write_text(NODE)
    (tmp_path / "model.onnx").write_bytes(network)
    (tmp_path / "pixels").write_bytes(crop.tobytes())

    done = subprocess.run(
        ["node", "run.mjs", "model.onnx", "pixels", str(len(crop)), "out"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()
    expected = ort.InferenceSession(network).run(None, {"image": crop[None]})
    flat = np.concatenate([array.ravel() for array in expected])
    found = np.frombuffer((tmp_path / "out").read_bytes(), np.float32)
    np.testing.assert_allclose(found, flat, atol=5e-3, rtol=1e-3)
