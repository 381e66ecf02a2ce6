"""The graph less its resizing nodes, run by onnxruntime, against the whole one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import helper

from obscura.boxes import RESIZES, fit
from obscura.cards.card import CHANNELS, InputSpec, ModelCard, OpenForm
from obscura.errors import BackendError, ModelUnreadable
from obscura.graph.cut import Cut, blank, cut
from obscura.graph.inspect import Value, inspect
from obscura.graph.prepare import prepare

MODELS = Path(__file__).resolve().parents[2] / "models"
SIZE = (32, 24)  # width and height of the network's input


def run(model: bytes, **feeds: NDArray[Any]) -> dict[str, NDArray[Any]]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model, options, ["CPUExecutionProvider"])
    given = dict(zip([value.name for value in session.get_inputs()], feeds.values(), strict=True))
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, given), strict=True))


def noise(width: int, height: int) -> NDArray[np.uint8]:
    picture = np.random.default_rng(1).integers(0, 256, (1, height, width, 4), np.uint8)
    picture[..., 3] = 255
    return picture


def sized(picture: NDArray[np.uint8], wanted: InputSpec, pad: int) -> NDArray[np.float32]:
    """The picture at the network's size, as whoever resizes it has to make it."""
    height, width = picture.shape[1:3]
    placed = fit(wanted.resize, (width, height), (wanted.width, wanted.height))
    shown = round(width * placed.scale_x), round(height * placed.scale_y)
    stretch = prepare(InputSpec(*shown, "stretch"), OpenForm("pixels", layout="nhwc"))
    canvas = np.full((1, wanted.height, wanted.width, 4), pad, np.float32)
    left, top = int(placed.offset_x), int(placed.offset_y)
    canvas[:, top : top + shown[1], left : left + shown[0], :3] = run(stretch, a=picture)["pixels"]
    return canvas


@pytest.mark.parametrize("resize", RESIZES)
@pytest.mark.parametrize("channels", CHANNELS)
def test_what_is_left_of_a_preparation_does_the_rest(resize: str, channels: str) -> None:
    wanted = InputSpec(*SIZE, resize)
    whole = prepare(wanted, OpenForm("x", channels=channels, mean=(9, 8, 7), std=(3, 4, 5), pad=77))
    picture = noise(70, 41)

    rest = cut(whole, *SIZE)

    assert rest is not None
    assert rest.pad == (0 if resize == "stretch" else 77)
    answer = run(rest.model, a=sized(picture, wanted, rest.pad))
    np.testing.assert_allclose(answer["x"], run(whole, a=picture)["x"], atol=1e-4)


@pytest.mark.parametrize("name", ["cocossd", "centernet-320"])
def test_what_is_left_of_a_shipped_model_answers_alike(name: str) -> None:
    card = ModelCard.from_toml((MODELS / name / "model.toml").read_text(encoding="utf-8"))
    whole = (MODELS / name / card.file.name).read_bytes()
    picture = noise(200, 150)

    rest = cut(whole, card.input.width, card.input.height)

    assert rest is not None
    # To the weights, of which there is one file for all engines, nothing is added.
    assert len(rest.model) < len(whole)
    expected = run(whole, a=picture)
    answer = run(rest.model, a=sized(picture, card.input, rest.pad))
    for short, full in rest.unbatched.items():
        np.testing.assert_allclose(answer[short][None], expected[full], rtol=1e-3, atol=1e-3)
    assert sorted(rest.unbatched.values()) == ["boxes", "classes", "scores"]


def network(nodes: list[onnx.NodeProto], **constants: NDArray[Any]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("image", onnx.TensorProto.UINT8, [1, "h", "w", 4])],
        [helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, [1, 24, 32, 4])],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


RESIZE = helper.make_node("Resize", ["image", "", "", "size"], ["sized"])
CAST = helper.make_node("Cast", ["sized"], ["out"], to=onnx.TensorProto.FLOAT)
TARGET = np.array([1, 24, 32, 4])


def cut_of(nodes: list[onnx.NodeProto], **constants: NDArray[Any]) -> Cut | None:
    whole = network(nodes, **constants)
    onnx.checker.check_model(onnx.load_from_string(whole))
    return cut(whole, *SIZE)


def test_weights_that_no_one_needs_any_more_are_left_out() -> None:
    rest = cut_of([RESIZE, CAST], size=TARGET)

    assert rest is not None
    left = onnx.load_from_string(rest.model)
    assert [node.op_type for node in left.graph.node] == ["Cast"]
    assert not left.graph.initializer


def test_a_graph_that_does_not_begin_by_resizing_cannot_be_cut() -> None:
    assert cut_of([helper.make_node("Cast", ["image"], ["out"], to=1)]) is None


def test_a_graph_that_needs_the_whole_picture_later_cannot_be_cut() -> None:
    sides = helper.make_node("Shape", ["image"], ["sides"])
    back = helper.make_node("Resize", ["floats", "", "", "sides"], ["out"])
    floats = helper.make_node("Cast", ["sized"], ["floats"], to=1)
    assert cut_of([RESIZE, sides, floats, back], size=TARGET) is None


def test_what_a_branch_takes_from_around_it_is_kept() -> None:
    def branch(name: str) -> onnx.GraphProto:
        node = helper.make_node("Add", ["floats", "outer"], [name])
        value = helper.make_tensor_value_info(name, 1, [1, 24, 32, 4])
        return helper.make_graph([node], name, [], [value])

    floats = helper.make_node("Cast", ["sized"], ["floats"], to=1)
    if_ = helper.make_node("If", ["yes"], ["out"], then_branch=branch("a"), else_branch=branch("b"))
    rest = cut_of(
        [RESIZE, floats, if_],
        size=TARGET,
        yes=np.array(True),
        outer=np.array(5, np.float32),
    )

    assert rest is not None
    answer = run(rest.model, a=np.full((1, 24, 32, 4), 2, np.float32))
    assert (answer["out"] == 7).all()


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ModelUnreadable):
        cut(b"", *SIZE)


def test_room_is_made_for_each_tensor_in_whole_vectors() -> None:
    values = [
        Value("picture", "float32", (1, 3, 5)),
        Value("ids", "int64", (1, 7)),
        Value("half", "float16", (9,)),
    ]

    rooms = run(blank(values), a=np.array([3], np.float32))

    assert [room.nbytes for room in rooms.values()] == [64, 64, 32]
    assert all((room == 3).all() for room in rooms.values())


def test_no_room_is_made_for_what_may_vary() -> None:
    with pytest.raises(BackendError, match="boxes"):
        blank([Value("boxes", "float32", ("n", 4))])


def test_the_face_of_what_is_left_is_the_sized_picture() -> None:
    whole = (MODELS / "centernet-320" / "model.onnx").read_bytes()
    rest = cut(whole, 320, 320)

    assert rest is not None
    face = inspect(lambda start, stop: rest.model[start:stop], len(rest.model))
    assert [value.shape for value in face.inputs] == [(1, 320, 320, 4)]
    assert [value.shape for value in face.outputs] == [(100, 4), (100,), (100,)]
