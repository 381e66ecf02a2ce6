"""The models as they lie in the repository: their contract, their cards, their answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from modelkit import coco
from modelkit.recipes import RECIPES
from obscura.cards import catalogue
from obscura.cards.card import ModelCard, verify
from obscura.detector import Detector
from obscura.engine.selfcheck import disagreement
from obscura.pictures import open_picture, to_rgba

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample.jpg"
NAMES = [recipe.name for recipe in RECIPES]


@pytest.fixture(params=NAMES)
def card(request: pytest.FixtureRequest) -> ModelCard:
    return catalogue.read_card(catalogue.find(request.param))


@pytest.fixture
def network(card: ModelCard) -> bytes:
    return (catalogue.find(card.name) / card.file.name).read_bytes()


@pytest.fixture
def session(network: bytes) -> ort.InferenceSession:
    return ort.InferenceSession(network)


@pytest.fixture
def sample() -> NDArray[np.uint8]:
    return to_rgba(open_picture(SAMPLE))


def run(session: ort.InferenceSession, image: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    names = [item.name for item in session.get_outputs()]
    return dict(zip(names, session.run(None, {"image": image[None]}), strict=True))


def test_every_recipe_is_shipped() -> None:
    assert set(NAMES) <= set(catalogue.known())


def test_the_card_tells_file_and_source(card: ModelCard, network: bytes) -> None:
    recipe = next(item for item in RECIPES if item.name == card.name)

    verify(card.file, network)  # raises if not
    assert card.source["integrity"] == recipe.origin.package.integrity
    assert card.labels == coco.LABELS
    assert (card.input.height, card.input.width) == recipe.size
    assert 0 < card.accuracy["ap"] < card.accuracy["ap50"] < 100


def test_cocos_ids_leave_out_the_ten_that_do_not_exist() -> None:
    assert len(coco.LABELS) == len(coco.IDS) == 80
    ids = dict(zip(coco.LABELS, coco.IDS, strict=True))
    # The first after each gap, as COCO's annotations number them.
    assert [ids[name] for name in ("stop sign", "backpack", "handbag", "bottle", "wine glass")] == [
        13, 27, 31, 44, 46,
    ]  # fmt: skip
    assert [ids[name] for name in ("dining table", "toilet", "tv", "book", "toothbrush")] == [
        67, 70, 72, 84, 90,
    ]  # fmt: skip


def test_the_contract_is_that_of_a_sealed_model(card: ModelCard, network: bytes) -> None:
    graph = onnx.load_from_string(network).graph

    (image,) = graph.input
    dims = [item.dim_param or item.dim_value for item in image.type.tensor_type.shape.dim]
    assert (image.name, dims) == ("image", [1, "height", "width", 4])
    assert image.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    found = {
        item.name: (
            item.type.tensor_type.elem_type,
            [dim.dim_value for dim in item.type.tensor_type.shape.dim],
        )
        for item in graph.output
    }
    assert found == {
        "boxes": (onnx.TensorProto.FLOAT, [1, card.top, 4]),
        "scores": (onnx.TensorProto.FLOAT, [1, card.top]),
        "classes": (onnx.TensorProto.INT32, [1, card.top]),
    }


def test_rows_are_ordered_and_within_range(
    card: ModelCard, session: ort.InferenceSession, sample: NDArray[np.uint8]
) -> None:
    rows = run(session, sample)

    assert (np.diff(rows["scores"][0]) <= 0).all()
    assert ((rows["scores"] >= 0) & (rows["scores"] <= 1)).all()
    assert ((rows["classes"] >= 0) & (rows["classes"] < len(card.labels))).all()
    assert np.isfinite(rows["boxes"]).all()


def test_the_answer_on_record_comes_again(card: ModelCard) -> None:
    assert card.check is not None
    assert card.check.picture == SAMPLE.name

    with Detector(card.name) as detector:
        found = detector.detect(SAMPLE)

    reason = disagreement(
        found,
        card.check.detections,
        threshold=card.threshold,
        score_tolerance=0.001,
        iou_at_least=0.99,
    )
    assert reason is None
    assert len(found) == len(card.check.detections)
    assert card.labels[found.class_id[0]] == "person"


def test_alpha_does_not_count(session: ort.InferenceSession, sample: NDArray[np.uint8]) -> None:
    clear = sample.copy()
    clear[..., 3] = 0

    first, second = run(session, sample), run(session, clear)

    assert all((first[name] == second[name]).all() for name in first)


def resized(network: bytes, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What the model's resizing makes of a picture."""
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(network))
    (resize,) = (node for node in model.graph.node if node.input[0] == "image")
    part = onnx.utils.Extractor(model).extract_model(["image"], list(resize.output))
    found: NDArray[np.uint8]
    (found,) = ort.InferenceSession(part.SerializeToString()).run(None, {"image": image[None]})
    return found[0]


def test_a_large_picture_is_averaged_not_sampled(card: ModelCard, network: bytes) -> None:
    """A fine chequerboard turns grey; to take every fifth pixel would keep it black and white."""
    height, width = 5 * card.input.height, 5 * card.input.width
    board = (np.indices((height, width)).sum(axis=0) % 2 * 255).astype(np.uint8)

    found = resized(network, np.repeat(board[..., None], 4, axis=2))

    assert found.shape == (card.input.height, card.input.width, 4)
    assert 117 < found.min() <= found.max() < 138


def test_a_picture_of_the_models_size_is_taken_as_it_is(card: ModelCard, network: bytes) -> None:
    shape = (card.input.height, card.input.width, 4)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)

    assert (resized(network, image) == image).all()


def test_all_sizes_of_centernet_have_the_same_weights() -> None:
    def weights(name: str) -> dict[str, bytes]:
        graph = onnx.load(catalogue.find(name) / "model.onnx").graph
        return {
            item.name: numpy_helper.to_array(item).tobytes()
            for item in graph.initializer
            if item.name.startswith("tower_0/")
        }

    fast, balanced, fine = (weights(f"centernet-{size}") for size in (320, 416, 512))

    assert len(fast) > 150
    assert fast == balanced == fine
