"""Sealing open networks: whatever the family, the sealed form answers as the open one does."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from modelkit.builder import Builder
from modelkit.errors import ConversionError
from modelkit.seal_open import Sealed, seal_open
from obscura import families
from obscura.cards.card import Feed, InputSpec, ModelCard, ModelFile, OpenForm
from obscura.engine.native import NativeSession
from obscura.families import FAMILIES
from obscura.families.decode import Outputs, read

from .raw_outputs import RAW, SIZE, Raw

Array = NDArray[Any]
TOP = 10
NANO = (
    Path(__file__).resolve().parents[3] / "shared" / "data" / "models" / "yolox_nano_kazuhito.onnx"
)


def network(raw: Raw, *, dtype: str = "float32", opset: int = 13) -> onnx.ModelProto:
    """A network of these outputs: numbers at random, and brighter pictures raise them a little.

    Its tensors bear the very names that the sealed form gives to its own.
    """
    code = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    random = np.random.default_rng(7)
    nodes = [
        helper.make_node("ReduceMean", ["pixels"], ["image"], keepdims=0),
        helper.make_node("Mul", ["image", "little"], ["scores.again1"]),
    ]
    constants = [numpy_helper.from_array(np.array(0.1, dtype), "little")]
    outputs = []
    for name, shape in raw.outputs.items():
        whole = name in raw.whole
        value = random.uniform(0, 2.9, shape).astype(np.int64 if whole else dtype)
        constants.append(numpy_helper.from_array(value, f"head/{name}"))
        if whole:
            nodes.append(helper.make_node("Identity", [f"head/{name}"], [name]))
        else:
            nodes.append(helper.make_node("Add", [f"head/{name}", "scores.again1"], [name]))
        kind = TensorProto.INT64 if whole else code
        outputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
    inputs = [helper.make_tensor_value_info("pixels", code, [1, 3, SIZE, SIZE])]
    graph = helper.make_graph(nodes, "net", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def card_of(family: str, model: onnx.ModelProto, raw: Raw, **form: Any) -> ModelCard:
    data = model.SerializeToString()
    usual: dict[str, Any] = {"input": "pixels", "std": (255.0,) * 3, "options": raw.options}
    return ModelCard(
        name="made",
        title="Made",
        summary="by a test",
        family=family,
        labels=tuple(f"class {number}" for number in range(raw.classes)),
        license="Apache-2.0",
        file=ModelFile("model.onnx", len(data), sha256(data).hexdigest()),
        source={},
        input=InputSpec(SIZE, SIZE, "letterbox"),
        open=OpenForm(**usual | form),
        top=TOP,
        threshold=0.4,
        iou=0.5,
        check=None,
        accuracy={},
    )


def pictures() -> list[Array]:
    """A bright one, a dark one, and one in between, of several sizes."""
    random = np.random.default_rng(3)
    return [
        random.integers(low, high, (height, width, 4), np.uint8)
        for low, high, width, height in ((200, 256, 90, 70), (0, 20, 64, 64), (0, 256, 30, 80))
    ]


def sealed_and_open(
    model: onnx.ModelProto, card: ModelCard
) -> tuple[Sealed, list[tuple[Outputs, Outputs]]]:
    """The sealed form, and what it and the open form answer for each of `pictures`."""
    opened = NativeSession(card, model.SerializeToString(), 1)
    sealed = seal_open(model, card, [opened.run(picture) for picture in pictures()])
    data = sealed.model.SerializeToString()
    file = ModelFile("model.onnx", len(data), sha256(data).hexdigest())
    sealed_card = replace(card, open=None, file=file, top=sealed.top)
    closed = NativeSession(sealed_card, data, 1)
    return sealed, [
        (read(closed.run(picture), sealed_card), read(opened.run(picture), card))
        for picture in pictures()
    ]


def assert_same(found: Outputs, wanted: Outputs, atol: float = 1e-4) -> None:
    """The same rows; those that a sealed model has beyond them are empty."""
    rows = len(wanted.scores)
    np.testing.assert_allclose(found.boxes[:rows], wanted.boxes, rtol=1e-4, atol=atol)
    np.testing.assert_allclose(found.scores[:rows], wanted.scores, rtol=1e-4, atol=atol)
    np.testing.assert_array_equal(found.classes[:rows], wanted.classes)
    assert not found.scores[rows:].any()
    assert (found.keypoints is None) == (wanted.keypoints is None)
    if found.keypoints is not None and wanted.keypoints is not None:
        np.testing.assert_allclose(found.keypoints[:rows], wanted.keypoints, rtol=1e-4, atol=atol)


def test_there_is_a_case_for_every_family() -> None:
    assert {name.split()[0] for name in RAW} == set(FAMILIES)


@pytest.mark.parametrize("case", RAW)
def test_the_sealed_form_answers_as_the_open_one(case: str) -> None:
    raw, family = RAW[case], case.split()[0]
    model = network(raw)

    sealed, answers = sealed_and_open(model, card_of(family, model, raw))

    for found, wanted in answers:
        assert_same(found, wanted)
        assert found.boxes.shape == (sealed.top, 4)
        assert (found.boxes.dtype, found.classes.dtype) == (np.float32, np.int32)
        assert (np.diff(found.scores) <= 0).all()
    bright, dark = (np.c_[found.boxes, found.scores] for found, _ in answers[:2])
    assert not np.array_equal(bright, dark), "the picture counts"


def test_the_sealed_form_has_the_face_of_all_sealed_models() -> None:
    model = network(RAW["yolox"])

    sealed, _ = sealed_and_open(model, card_of("yolox", model, RAW["yolox"]))

    onnx.checker.check_model(sealed.model, full_check=True)
    face = {
        value.name: [size.dim_value or size.dim_param for size in value.type.tensor_type.shape.dim]
        for value in (*sealed.model.graph.input, *sealed.model.graph.output)
    }
    assert face == {
        "image": [1, "height", "width", 4],
        "boxes": [1, TOP, 4],
        "scores": [1, TOP],
        "classes": [1, TOP],
    }


def test_the_sealed_form_of_a_network_that_finds_key_points_returns_them() -> None:
    model = network(RAW["yunet"])

    sealed, answers = sealed_and_open(model, card_of("yunet", model, RAW["yunet"]))

    onnx.checker.check_model(sealed.model, full_check=True)
    last = sealed.model.graph.output[-1]
    assert last.name == "keypoints"
    assert [size.dim_value for size in last.type.tensor_type.shape.dim] == [1, TOP, 5, 3]
    assert all(found.keypoints is not None for found, _ in answers)


def test_fewer_rows_than_wanted_make_a_smaller_k() -> None:
    raw = Raw(3, {"output0": (1, 4, 8)})
    model = network(raw)

    sealed, answers = sealed_and_open(model, card_of("yolov5", model, raw))

    assert sealed.top == 4
    assert_same(*answers[0])


@pytest.mark.parametrize(
    "form",
    [{"dtype": "float16"}, {"channels": "bgr"}, {"mean": (1.0, 2.0, 3.0), "std": (50.0,) * 3}],
    ids=str,
)
def test_the_picture_is_fed_as_the_card_says(form: dict[str, Any]) -> None:
    raw = RAW["yolov8"]
    model = network(raw, dtype=form.get("dtype", "float32"))

    _, answers = sealed_and_open(model, card_of("yolov8", model, raw, **form))

    for found, wanted in answers:
        assert_same(found, wanted, atol=2e-3 if "dtype" in form else 1e-4)


@pytest.mark.parametrize("opset", [11, 13, 17, 18, 21])
def test_networks_of_old_and_new_opsets_are_sealed(opset: int) -> None:
    raw = RAW["yolov8"]
    model = network(raw)
    if opset > 17:  # since 18 the axes of ReduceMean are an input
        model = onnx.version_converter.convert_version(model, opset)
    model.opset_import[0].version = opset

    sealed, answers = sealed_and_open(model, card_of("yolov8", model, raw))

    assert sealed.model.opset_import[0].version == max(opset, 18)
    assert_same(*answers[0])


# ---- networks that suppress by themselves --------------------------------------------------------


def suppressing() -> onnx.ModelProto:
    """Six boxes apart from each other, whose scores are the picture's brightness and less."""
    builder = Builder()
    left = np.arange(6, dtype=np.float32) * 10
    boxes = np.stack([left, left, left + 8, left + 8], 1)
    every = builder.constant(boxes[None], "every")
    bright = builder.node("ReduceMean", ["pixels"], "bright", keepdims=0)
    less = builder.constant(np.linspace(0, 0.5, 6, dtype=np.float32).reshape(1, 1, 6), "less")
    sure = builder.node("Sub", [bright, less], "sure")
    limits = [
        builder.constant(np.array([value]), "limit")
        for value in (100, np.float32(0.5), np.float32(0.1))
    ]
    chosen = builder.node("NonMaxSuppression", [every, sure, *limits], "chosen")
    column = [builder.constant(np.array([n]), "n") for n in (2, 3, 1)]
    rows = builder.node(
        "Squeeze", [builder.node("Slice", [chosen, *column], "cut"), column[2]], "rows"
    )
    axis = builder.constant(np.array([0, 1]), "axis")
    flat = builder.node("Squeeze", [sure, axis], "flat")
    builder.node("Gather", [builder.constant(boxes, "boxes6"), rows], "dets_boxes")
    builder.node("Gather", [flat, rows], "dets_scores")
    builder.node("Mul", [rows, builder.constant(np.array(0), "none")], "dets_classes")
    shape = helper.make_tensor_value_info
    return builder.model(
        "suppressing",
        [shape("pixels", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [
            shape("dets_boxes", TensorProto.FLOAT, ["n", 4]),
            shape("dets_scores", TensorProto.FLOAT, ["n"]),
            shape("dets_classes", TensorProto.INT64, ["n"]),
        ],
    )


def test_what_a_picture_returns_fewer_of_is_filled_up_with_empty_rows() -> None:
    model = suppressing()

    sealed, answers = sealed_and_open(model, card_of("end2end", model, Raw(1, {})))

    assert [len(wanted.scores) for _, wanted in answers] == [6, 0, 4]
    for found, wanted in answers:
        assert len(found.scores) == sealed.top == TOP
        assert_same(found, wanted)


def test_a_family_that_makes_sizes_of_what_it_sees_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end2end = families.module("end2end")
    read = end2end.read

    def forgetful(ops: Any, outputs: Any, spec: Any) -> Any:
        rows = read(ops, outputs, spec)
        return rows._replace(boxes=rows.boxes + ops.constant(np.zeros((len(rows.boxes), 4))))

    monkeypatch.setattr(end2end, "read", forgetful)
    model = suppressing()

    with pytest.raises(ConversionError, match="depends on how much is seen"):
        sealed_and_open(model, card_of("end2end", model, Raw(1, {})))


# ---- what does not seal, and what is left out ----------------------------------------------------


def test_further_inputs_are_fed_or_missed() -> None:
    raw = RAW["yolov8"]
    model = network(raw)
    model.graph.input.append(helper.make_tensor_value_info("sizes", TensorProto.INT64, [1, 2]))
    node = helper.make_node("Cast", ["sizes"], ["unused"], to=TensorProto.FLOAT)
    model.graph.node.append(node)
    card = card_of("yolov8", model, raw, feeds=(Feed("sizes", "size_wh", "int64"),))

    _, answers = sealed_and_open(model, card)

    assert_same(*answers[0])
    with pytest.raises(ConversionError, match="its input 'sizes'"):
        seal_open(model, card_of("yolov8", model, raw), [{"output0": np.zeros((1, 7, 84))}])


def test_what_leads_nowhere_is_left_out() -> None:
    raw = Raw(3, {"output0": (1, 7, 84), "masks": (1, 32, 16, 16)})
    model = network(raw)

    sealed, _ = sealed_and_open(model, card_of("yolov8", model, raw))

    assert not [item.name for item in sealed.model.graph.initializer if "masks" in item.name]
    assert not [node for node in sealed.model.graph.node if "net/masks" in node.output]


def test_weights_that_only_a_graph_within_reads_come_along() -> None:
    raw = RAW["yolov8"]
    model = network(raw)
    branches = [
        helper.make_graph(
            [helper.make_node("Add", [name, "head/output0"], [f"{branch}.sum"])],
            branch,
            [],
            [helper.make_tensor_value_info(f"{branch}.sum", TensorProto.FLOAT, [1, 7, 84])],
        )
        for branch, name in (("then", "scores.again1"), ("else", "little"))
    ]
    del model.graph.node[2:]
    yes = numpy_helper.from_array(np.array(True), "yes")
    model.graph.initializer.append(yes)
    model.graph.node.append(
        helper.make_node(
            "If", ["yes"], ["output0"], then_branch=branches[0], else_branch=branches[1]
        )
    )

    _, answers = sealed_and_open(model, card_of("yolov8", model, raw))

    for found, wanted in answers:
        assert_same(found, wanted)


@pytest.mark.skipif(not NANO.exists(), reason="the real YOLOX-Nano is not on this machine")
def test_a_real_network_answers_alike() -> None:
    model = onnx.load(NANO)
    raw = Raw(80, {})
    card = card_of("yolox", model, raw, input="images", channels="bgr", std=(1.0,) * 3)
    card = replace(card, input=InputSpec(416, 416, "letterbox-corner"))

    _, answers = sealed_and_open(model, card)

    for found, wanted in answers:
        assert_same(found, wanted, atol=1e-5)
