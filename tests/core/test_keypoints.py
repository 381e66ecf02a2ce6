"""Key points: from a network's outputs to pixels of the picture, and all that rows go through."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from obscura import Detections, Detector, families
from obscura.cards.card import ModelCard, ModelFile
from obscura.errors import BackendError, ModelMismatch
from obscura.families.decode import Outputs, decode, read
from obscura.flip import joined, mirrored
from obscura.graph.inspect import Graph, Value
from obscura.identify.guess import guess, to_table

from .references import card_of

SIZE = (64, 64)
CARD = card_of("yunet", SIZE, 1)


def rows(count: int) -> Outputs:
    """Boxes from left to right, falling in score, with two key points each, in their corners."""
    left = np.arange(count, dtype=np.float32) / 8
    boxes = np.stack([left, left * 0 + 0.25, left + 0.1, left * 0 + 0.75], 1)
    points = np.stack([np.c_[boxes[:, :2], left * 0 + 0.5], np.c_[boxes[:, 2:], left * 0 + 1]], 1)
    scores = 0.9 - left / 2
    return Outputs(boxes, scores, np.zeros(count, np.int32), points.astype(np.float32))


def test_key_points_are_in_pixels_of_the_picture_beside_their_boxes() -> None:
    found = decode(rows(2), CARD, (640, 320))

    assert found.data["keypoints"].dtype == np.float32
    np.testing.assert_allclose(
        found.data["keypoints"],
        [[[0, 80, 0.5], [64, 240, 1]], [[80, 80, 0.5], [144, 240, 1]]],
        atol=1e-3,
    )


def test_the_bars_of_a_letterbox_are_taken_off_points_too() -> None:
    card = replace(CARD, input=CARD.input._replace(resize="letterbox"))

    found = decode(rows(1), card, (640, 320))

    # The picture fills the width, and the middle half of the height.
    np.testing.assert_allclose(found.data["keypoints"][0, :, :2], [[0, 0], [64, 320]], atol=1e-3)


def test_points_stay_with_their_boxes_through_suppression_and_classes() -> None:
    boxes = np.array([[0.5, 0.5, 0.9, 0.9], [0, 0, 0.4, 0.4], [0, 0, 0.4, 0.41]], np.float32)
    points = np.repeat(boxes[:, None, :2], 2, 1)
    points = np.concatenate([points, np.ones((3, 2, 1), np.float32)], 2)
    outputs = Outputs(
        boxes, np.array([0.7, 0.6, 0.8], np.float32), np.array([1, 0, 0], np.int32), points
    )
    card = card_of("yolov8", SIZE, 2)

    found = decode(outputs, card, SIZE)
    only = decode(outputs, card, SIZE, classes=[1])

    assert len(found) == 2
    for kept in (found, only, found[::-1], Detections.concatenate([only, found]).sorted()):
        np.testing.assert_allclose(kept.data["keypoints"][:, 0, :2], kept.xyxy[:, :2], atol=1e-4)


def test_without_rows_there_are_no_points_but_their_number_is_known() -> None:
    assert decode(rows(3), CARD, SIZE, threshold=1).data["keypoints"].shape == (0, 2, 3)
    assert decode(rows(3)._replace(keypoints=None), CARD, SIZE).data == {}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_points_that_are_not_finite_are_the_backends_fault(value: float) -> None:
    outputs = rows(2)
    assert outputs.keypoints is not None
    outputs.keypoints[1, 0, 0] = value

    with pytest.raises(BackendError, match="key points"):
        decode(outputs, CARD, SIZE)
    assert len(decode(outputs, CARD, SIZE, threshold=0.88)) == 1  # the row is not asked for


def test_scores_of_points_are_clipped_and_points_themselves_are_not() -> None:
    outputs = rows(1)
    assert outputs.keypoints is not None
    outputs.keypoints[0] = [[-0.5, 1.5, -0.1], [0, 0, 1.001]]

    found = decode(outputs, CARD, (100, 100))

    np.testing.assert_allclose(found.data["keypoints"], [[[-50, 150, 0], [0, 0, 1]]], atol=1e-3)


def sealed_outputs(count: int, shape: tuple[int, ...]) -> dict[str, NDArray[Any]]:
    return {
        "boxes": np.zeros((1, count, 4), np.float32),
        "scores": np.zeros((1, count), np.float32),
        "classes": np.zeros((1, count), np.int32),
        "keypoints": np.ones(shape, np.float32),
    }


def test_a_sealed_network_may_return_them() -> None:
    sealed = replace(CARD, open=None, top=5)

    points = read(sealed_outputs(7, (1, 7, 4, 3)), sealed).keypoints

    assert points is not None
    assert points.shape == (5, 4, 3)
    for wrong in ((1, 6, 4, 3)[:3], (1, 4, 4, 3), (1, 7, 4, 2), (1, 7), (), (0, 7, 4, 3)):
        with pytest.raises(ModelMismatch, match="key points"):
            read(sealed_outputs(7, wrong), sealed)


def test_in_a_mirror_points_change_sides_and_left_and_right_change_places() -> None:
    face = [[10, 5, 0.1], [20, 5, 0.2], [15, 8, 0.3], [11, 9, 0.4], [19, 9, 0.5]]
    found = Detections(
        np.array([[5, 0, 30, 20]]), np.array([0.9]), np.array([0]),
        data={"keypoints": np.array([face], np.float32)},
    )  # fmt: skip
    pairs = families.keypoint_pairs(CARD, 5)

    mirror = mirrored(found, 100, pairs)

    np.testing.assert_allclose(
        mirror.data["keypoints"][0],
        [[80, 5, 0.2], [90, 5, 0.1], [85, 8, 0.3], [81, 9, 0.5], [89, 9, 0.4]],
    )
    assert np.array_equal(mirrored(mirror, 100, pairs).data["keypoints"], found.data["keypoints"])
    assert joined((found, mirrored(mirror, 100, pairs)), 0.5).data["keypoints"].shape == (1, 5, 3)


def test_which_points_are_left_and_right_is_known_of_faces_and_bodies() -> None:
    def body(family: str) -> ModelCard:
        return card_of(family, SIZE, 1)

    assert families.keypoint_pairs(body("yolov8"), 17)[0] == (1, 2)  # eyes
    assert families.keypoint_pairs(body("yolov8"), 17)[-1] == (15, 16)  # ankles
    assert families.keypoint_pairs(body("yolov8"), 4) == ()  # of something else
    assert families.keypoint_pairs(body("yolox"), 0) == ()


def test_a_detector_that_looks_twice_mirrors_points_back(tmp_path: Path) -> None:
    """Its network sees the same face in the same place, whatever it is shown."""
    table = np.zeros((1, 252, 16), np.float32)
    points = [10, 12, 22, 12, 16, 18, 12, 24, 20, 24]
    table[0, 7] = [16, 18, 16, 24, 0.9, *points, 1]
    picture = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 64, 64])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, table.shape)
    nodes = [
        helper.make_node("ReduceMin", ["image"], ["darkest"], keepdims=0),
        helper.make_node("Add", ["table", "darkest"], ["output"]),
    ]
    weights = [numpy_helper.from_array(table, "table")]
    graph = helper.make_graph(nodes, "face", [picture], [output], weights)
    opsets = [helper.make_opsetid("", 13)]
    network = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    options = {"points": 5, "extra": 10, "extra_first": True}
    card = replace(
        card_of("yolov5", SIZE, 1, **options),
        file=ModelFile("model.onnx", len(network), sha256(network).hexdigest()),
    )
    (tmp_path / "model.onnx").write_bytes(network)
    (tmp_path / "model.toml").write_text(tomli_w.dumps(to_table(card)), "utf-8")

    with Detector(tmp_path, flip=True) as detector:
        found = detector.detect(np.zeros((64, 64, 3), np.uint8))

    left, right = found[np.argsort(found.xyxy[:, 0])].data["keypoints"][:, :, :2]
    np.testing.assert_allclose(left.ravel(), points, atol=1e-3)
    eyes = [[64 - 22, 12], [64 - 10, 12]]
    mouth = [[64 - 20, 24], [64 - 12, 24]]
    np.testing.assert_allclose(right, [*eyes, [48, 18], *mouth], atol=1e-3)


def test_records_have_points_where_there_are_any() -> None:
    found = decode(rows(1), CARD, (100, 100))

    assert found.to_records(["face"], digits=1)[0]["keypoints"] == [
        [0.0, 25.0, 0.5],
        [10.0, 75.0, 1.0],
    ]
    assert "keypoints" not in found.replace(data={}).to_records(["face"])[0]


# ---- exports of `-pose` models -------------------------------------------------------------------


def pose(columns: int, seed: int = 0) -> NDArray[np.float32]:
    """Rows of a person each: box, score, and numbers in pixels, of which every third is 0..1."""
    chance = np.random.default_rng(seed)
    table = chance.uniform(0, 64, (84, columns)).astype(np.float32)
    table[:, 4] = chance.permutation(84) / 84
    return table


@pytest.mark.parametrize("numbers", [2, 3])
@pytest.mark.parametrize("turned", [False, True])
def test_points_of_yolov8_pose_are_those_of_its_columns(numbers: int, turned: bool) -> None:
    table = pose(5 + 4 * numbers)
    if numbers == 3:
        table[:, 7::3] /= 64
    card = card_of("yolov8", SIZE, 1, points=4, extra=4 * numbers)
    best = table[np.argsort(-table[:, 4])]

    found = read({"output0": (table if turned else table.T)[None]}, card).keypoints

    assert found is not None
    points = best[:, 5:].reshape(-1, 4, numbers)
    np.testing.assert_allclose(found[:, :, :2] * 64, points[:, :, :2], rtol=1e-5)
    np.testing.assert_allclose(found[:, :, 2], points[:, :, 2] if numbers == 3 else 1, rtol=1e-6)


def test_points_of_yolo26_pose_follow_the_class() -> None:
    table = pose(6 + 51)
    table[:, 5] = 0
    card = card_of("yolov10", SIZE, 1, points=17, extra=51)

    found = read({"output0": table[None]}, card).keypoints

    assert found is not None
    np.testing.assert_allclose(
        found[0, :, :2] * 64,
        table[table[:, 4].argmax(), 6:].reshape(17, 3)[:, :2],
        rtol=1e-5,
    )


def test_points_that_do_not_fit_their_columns_are_refused() -> None:
    card = card_of("yolov8", SIZE, 1, points=5, extra=12)

    with pytest.raises(ModelMismatch, match="key points"):
        read({"output0": pose(17).T[None]}, card)


@pytest.mark.parametrize(
    ("shape", "metadata", "family", "points"),
    [
        ((1, 56, 8400), {"task": "pose", "kpt_shape": "[17, 3]"}, "yolov8", 17),
        ((1, 13, 8400), {"task": "pose", "kpt_shape": "[4, 2]"}, "yolov8", 4),
        ((1, 20, 8400), {"task": "pose", "kpt_shape": "[5, 3]"}, "yolov8", 5),
        ((1, 56, 8400), {}, "yolov8", 17),
        ((1, 300, 57), {"task": "pose", "kpt_shape": "[17, 3]"}, "yolov10", 17),
        ((1, 300, 14), {"task": "pose", "kpt_shape": "[4, 2]"}, "yolov10", 4),
    ],
)
def test_exports_for_pose_are_read_with_their_points(
    shape: tuple[int, ...], metadata: dict[str, str], family: str, points: int
) -> None:
    network = Graph(
        (Value("images", "float32", (1, 3, 640, 640)),), (Value("output0", "float32", shape),),
        metadata, {"": 17}, frozenset({"Conv", "Sigmoid"}), (), "", 1,
    )  # fmt: skip

    best = guess(network)[0]

    assert (best.family, best.open.options["points"]) == (family, points)


def test_masks_are_no_points() -> None:
    values = (
        Value("output0", "float32", (1, 116, 8400)),
        Value("output1", "float32", (1, 32, 160, 160)),
    )
    network = Graph(
        (Value("images", "float32", (1, 3, 640, 640)),), values, {"task": "segment"},
        {"": 17}, frozenset({"Conv", "Sigmoid"}), (), "", 1,
    )  # fmt: skip

    assert "points" not in guess(network)[0].open.options
