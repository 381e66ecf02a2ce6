"""The face of an ONNX file: what `inspect` reads is what the onnx package reads, and no weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, external_data_helper, helper, numpy_helper

from obscura.errors import ModelUnreadable
from obscura.graph import wire
from obscura.graph.inspect import TYPES, Graph, Value, inspect
from obscura.graph.wire import bytes_field, varint

# The same examples in each run, so that a change that fails has failed by itself.
FIXED = settings(deadline=None, derandomize=True, database=None, max_examples=60)

names = st.text("abcXYZ/.:_0189äß猫", min_size=1, max_size=12)
shapes = st.none() | st.lists(
    st.integers(1, 2**40) | names | st.none() | st.just(0), max_size=5
)  # fmt: skip


def look(data: bytes) -> Graph:
    return inspect(lambda start, stop: data[start:stop], len(data))


def value_info(name: str, dtype: str, shape: Any) -> Any:
    code = next(code for code, known in TYPES.items() if known == dtype)
    return helper.make_tensor_value_info(name, code, shape)


@st.composite
def models(draw: st.DrawFn) -> ModelProto:
    """Any ONNX model, whether a runtime would take it or not."""
    values = st.tuples(names, st.sampled_from(sorted(TYPES.values())), shapes)
    one_of_each = draw(st.lists(values, min_size=1, max_size=6, unique_by=lambda value: value[0]))
    outputs = draw(st.integers(1, len(one_of_each)))
    infos = [value_info(*value) for value in one_of_each]
    inner = helper.make_graph(
        [helper.make_node(draw(names), [], ["y"], domain=draw(names))], "inner", [], infos[:1]
    )
    nodes = [
        helper.make_node(draw(names), ["x"], ["y"], domain=draw(st.sampled_from(["", "ai.onnx"]))),
        helper.make_node("If", ["c"], ["y"], then_branch=inner, alpha=0.5, axes=[1, 2], mode="m"),
    ]
    array = np.array(draw(st.lists(st.integers(0, 255), max_size=40)), np.uint8)
    named = draw(st.sampled_from([infos[-1].name, "elsewhere"]))
    graph = helper.make_graph(
        nodes,
        draw(names),
        infos[outputs:],
        infos[:outputs],
        [numpy_helper.from_array(array, named)],
    )
    opsets = draw(
        st.dictionaries(st.sampled_from(["", "ai.onnx", "com.x"]), st.integers(1, 99), min_size=1)
    )
    model = helper.make_model(
        graph,
        producer_name=draw(names),
        opset_imports=[helper.make_opsetid(*item) for item in opsets.items()],
    )
    helper.set_model_props(model, draw(st.dictionaries(names, st.text(max_size=30), max_size=3)))
    return model


def as_onnx_reads_it(model: ModelProto) -> Graph:
    def size(dim: Any) -> int | str:
        return dim.dim_param or (dim.dim_value if dim.dim_value > 0 else "")

    def value(info: Any) -> Value:
        tensor = info.type.tensor_type
        return Value(
            info.name, TYPES.get(tensor.elem_type, ""), tuple(size(dim) for dim in tensor.shape.dim)
        )

    def operator(node: Any) -> str:
        return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}:{node.op_type}"

    graph = model.graph
    inner = [a.g for node in graph.node for a in node.attribute if a.HasField("g")]
    nodes = [*graph.node, *(node for one in inner for node in one.node)]
    initialized = {tensor.name for tensor in graph.initializer}
    return Graph(
        inputs=tuple(value(info) for info in graph.input if info.name not in initialized),
        outputs=tuple(value(info) for info in graph.output),
        metadata={prop.key: prop.value for prop in model.metadata_props},
        opsets={
            "" if one.domain == "ai.onnx" else one.domain: one.version for one in model.opset_import
        },
        operators=frozenset(operator(node) for node in nodes),
        external=(),
        producer=model.producer_name,
        size=len(model.SerializeToString()),
    )


@FIXED
@given(models(), st.sampled_from([1, 7, 64, wire.WINDOW]))
def test_it_reads_what_onnx_reads_through_windows_of_any_size(
    model: ModelProto, window: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "WINDOW", window)

        assert look(model.SerializeToString()) == as_onnx_reads_it(model)


def small(**initializers: np.ndarray) -> ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "small",
        [value_info("x", "float32", [1])],
        [value_info("y", "float32", [1])],
        [numpy_helper.from_array(array, name) for name, array in initializers.items()],
    )
    return helper.make_model(graph)


def test_weights_are_passed_over() -> None:
    data = small(w=np.ones(3_000_000, np.float32)).SerializeToString()
    taken = []

    def read(start: int, stop: int) -> bytes:
        taken.append(stop - start)
        return data[start:stop]

    inspect(read, len(data))

    assert sum(taken) < 4 * wire.WINDOW < len(data) / 40


def test_weights_in_other_files_are_found_wherever_they_hide() -> None:
    model = small(w=np.ones(1000, np.float32), v=np.ones(2000, np.float32))
    for tensor, file in zip(model.graph.initializer, ("w.bin", "v.bin"), strict=True):
        external_data_helper.set_external_data(tensor, file)
        tensor.ClearField("raw_data")
    constant = TensorProto(name="c", data_type=1, dims=[5])
    constant.raw_data = b"\0" * 20
    external_data_helper.set_external_data(constant, "c.bin")
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=constant))

    assert look(model.SerializeToString()).external == ("c.bin", "v.bin", "w.bin")


def test_inputs_that_are_no_tensors_have_neither_type_nor_shape() -> None:
    model = small()
    model.graph.input.append(
        helper.make_tensor_sequence_value_info("images", TensorProto.FLOAT, None)
    )

    assert look(model.SerializeToString()).inputs[1] == Value("images", "", ())


def nested(depth: int) -> bytes:
    graph = bytes_field(11, b"")
    for _ in range(depth):
        graph = bytes_field(1, bytes_field(5, bytes_field(6, graph)))
    return bytes_field(7, graph + bytes_field(12, bytes_field(1, "y"))) + bytes_field(
        8, varint(2, 17)
    )


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not an ONNX"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not an ONNX"),
        (b"PK\x03\x04" + bytes(100), "not an ONNX|damaged"),
        (b"<!doctype html><html></html>", "not an ONNX|damaged"),
        (bytes_field(7, b"") + bytes_field(8, varint(2, 17)), "not an ONNX"),  # no outputs
        (bytes_field(7, bytes_field(12, b"")), "not an ONNX"),  # no opset
        (varint(7, 1), "no message"),
        (bytes_field(7, varint(1, 1)), "no message"),
        (varint(2, 7), "no text"),
        (bytes_field(14, varint(1, 5)), "no text"),
        (b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "damaged or cut off"),
        (b"\xff" * 20, "without an end"),
        (bytes_field(2, b"x" * (1 << 21)), "absurdly long"),
        (nested(9), "too deeply"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(ModelUnreadable, match=complaint):
        look(data)


def test_a_file_of_endless_small_parts_is_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_FIELDS", 1000)

    with pytest.raises(ModelUnreadable, match="too many parts"):
        look(bytes_field(7, bytes_field(1, b"") * 2000))


def test_a_file_cut_anywhere_is_damaged() -> None:
    data = small(w=np.ones(4, np.float32)).SerializeToString()

    for end in range(len(data) - 1):
        with pytest.raises(ModelUnreadable):
            look(data[:end])


def test_negative_sizes_are_unknown() -> None:
    model = small()
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1

    assert look(model.SerializeToString()).inputs[0].shape == ("",)
