"""Hostile files: networks, cards and class names of any bytes give a result or an ObscuraError."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from obscura.cards.card import InputSpec, ModelCard, ModelFile, OpenForm
from obscura.cards.labels import embedded, parse
from obscura.errors import CardError, LabelsError, ObscuraError
from obscura.families.common.reading import Reading
from obscura.graph.inspect import Graph, Value, inspect
from obscura.graph.prepare import prepare
from obscura.identify.guess import card_of, guess, to_table

ROOT = Path(__file__).resolve().parents[2]
FILE = ModelFile("own.onnx", 1, "0" * 64)
# The same examples in each run, so that a change that fails has failed by itself.
FUZZ = settings(deadline=None, derandomize=True, database=None, max_examples=150)


def open_network() -> bytes:
    """A detector in YOLOX's layout, as small as can be."""
    weights = np.random.default_rng(0).normal(0, 0.01, (8, 3, 8, 8)).astype(np.float32)
    kernels = {"w8": weights, "w16": weights.repeat(2, 2).repeat(2, 3)}
    kernels["w32"] = kernels["w16"].repeat(2, 2).repeat(2, 3)
    nodes = [
        helper.make_node("Concat", ["r8", "r16", "r32"], ["logits"], axis=1),
        helper.make_node("Sigmoid", ["logits"], ["output"]),
    ]
    for stride in (32, 16, 8):
        nodes[:0] = [
            helper.make_node(
                "Conv", ["images", f"w{stride}"], [f"c{stride}"], strides=[stride] * 2
            ),
            helper.make_node("Reshape", [f"c{stride}", "shape"], [f"f{stride}"]),
            helper.make_node("Transpose", [f"f{stride}"], [f"r{stride}"], perm=[0, 2, 1]),
        ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 84, 8])],
        [numpy_helper.from_array(array, name) for name, array in kernels.items()]
        + [numpy_helper.from_array(np.array([1, 8, -1]), "shape")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {"names": "{0: 'a', 1: 'b', 2: 'c'}", "imgsz": "[64, 64]"})
    return bytes(model.SerializeToString())


NETWORKS = {
    "open": open_network(),
    "prepare": prepare(InputSpec(64, 48, "letterbox"), OpenForm("x", mean=(1, 2, 3))),
    "shipped": (ROOT / "models" / "cocossd" / "model.onnx").read_bytes(),
}


def look(data: bytes) -> Graph:
    return inspect(lambda start, stop: data[start:stop], len(data))


def understood(graph: Graph) -> None:
    """All that happens to a file before it runs."""
    for reading in guess(graph):
        card = card_of(reading, name="own", title="Own", file=FILE)
        assert ModelCard.from_dict(json.loads(json.dumps(to_table(card)))).open == card.open
        prepare(card.input, reading.open)


def test_the_open_network_is_understood_as_it_is() -> None:
    understood(look(NETWORKS["open"]))


@FUZZ
@given(st.binary(max_size=300))
def test_random_bytes_are_no_network(data: bytes) -> None:
    with pytest.raises(ObscuraError):
        look(data)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A network with some bits turned, bytes lost or put in; near the ends is its structure."""
    data = bytearray(NETWORKS[draw(st.sampled_from(sorted(NETWORKS)))])
    place = st.integers(0, 4000) | st.integers(-4000, -1) | st.integers(0, len(data))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(place) % max(len(data), 1)
        how = draw(st.sampled_from(["turn", "turn", "lose", "put", "cut"]))
        if how == "turn" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "lose":
            del data[at : at + draw(st.integers(1, 20))]
        elif how == "put":
            data[at:at] = draw(st.binary(min_size=1, max_size=8))
        elif how == "cut":
            del data[at:]
    return bytes(data)


@FUZZ
@given(damaged())
def test_damaged_networks_are_understood_or_refused(data: bytes) -> None:
    try:
        understood(look(data))
    except ObscuraError:
        return


sizes = st.sampled_from([1, 2, 3, 4, 6, 8, 85, 300, 2**31, 2**62, "n", ""])
values = st.builds(
    Value,
    st.text(max_size=8) | st.sampled_from(["images", "boxes", "scores", "labels", "num_dets"]),
    st.sampled_from(["float32", "float16", "uint8", "int64", "", "bool"]),
    st.lists(sizes, max_size=6).map(tuple)
    | st.tuples(st.just(1), st.just(3), sizes, sizes)
    | st.tuples(st.just(1), sizes, sizes),
)
METADATA = (
    "names", "imgsz", "task", "stride", "description", "kpt_shape", "model_family",
    "libreyolo_version", "letterbox_pad", "nc",
)  # fmt: skip
faces = st.builds(
    Graph,
    inputs=st.lists(values, max_size=3).map(tuple),
    outputs=st.lists(values, min_size=1, max_size=12).map(tuple),
    metadata=st.dictionaries(
        st.sampled_from(METADATA),
        st.text(max_size=40)
        | st.sampled_from(["{0: 'a'}", "[640, 640]", "detect", "segment", "pose", "yolov8", "32"])
        | st.sampled_from(["9" * 5000, "[" + "9" * 5000 + ", 3]", "yolo7", "yolox", "rfdetr"]),
    ),
    opsets=st.just({"": 17}),
    operators=st.just(frozenset({"Conv"})),
    external=st.lists(st.text(max_size=5), max_size=1).map(tuple),
    producer=st.text(max_size=5),
    size=st.just(1000),
)


@settings(FUZZ, max_examples=250)
@given(faces)
@example(
    Graph(
        (Value("images", "float32", (1, 3, 64, 64)),),
        (Value("output0", "float32", (1, 56, 84)),),
        {"task": "pose", "kpt_shape": f"[{'9' * 5000}, 3]"},
        {"": 17},
        frozenset(),
        (),
        "",
        1000,
    )
)
def test_any_face_is_understood_or_refused(face: Graph) -> None:
    try:
        understood(face)
    except ObscuraError:
        return


@pytest.mark.parametrize("shape", [(1, 3), (1, 5, 4), (1, 2, 8, 8), (1,)])
def test_a_network_of_very_many_outputs_is_refused_at_once(shape: tuple[int, ...]) -> None:
    outputs = tuple(Value(f"y{i}", "float32", shape) for i in range(50_000))
    images = Value("images", "float32", (1, 3, 64, 64))

    with pytest.raises(ObscuraError):
        guess(Graph((images,), outputs, {}, {"": 17}, frozenset(), (), "", 10**7))


SESSION = """
import random, resource, sys
import numpy as np
from hashlib import sha256
from obscura import ObscuraError
from obscura.cards.card import ModelFile
from obscura.engine.native import NativeSession
from obscura.families.decode import decode, read
from obscura.graph.inspect import inspect
from obscura.identify.guess import card_of, guess

resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
whole = sys.stdin.buffer.read()
reading = guess(inspect(lambda a, b: whole[a:b], len(whole)))[0]
picture = np.full((48, 64, 4), 99, np.uint8)
counts = {}
for seed in range(400):
    dice, data = random.Random(seed), bytearray(whole)
    if seed % 4 == 1:
        del data[dice.randrange(len(data)) :]
    elif seed:
        for _ in range(seed % 3 + 1):
            data[dice.choice([dice.randrange(len(data)), -dice.randrange(1, 500)])] ^= (
                1 << dice.randrange(8)
            )
    file = ModelFile("own.onnx", max(len(data), 1), sha256(data).hexdigest())
    card = card_of(reading, name="own", title="Own", file=file)
    try:
        session = NativeSession(card, bytes(data), threads=1)
        decode(read(session.run(picture), card), card, (64, 48), threshold=0)
        result = "Detections"
    except ObscuraError as error:
        result = error.code
    counts[result] = counts.get(result, 0) + 1
print(counts)
"""


def test_damaged_networks_run_or_are_refused() -> None:
    """In a process of its own with little memory: what they do to the runtime should hit no one."""
    done = subprocess.run(
        [sys.executable, "-c", SESSION],
        input=NETWORKS["open"],
        env={"PYTHONPATH": str(ROOT / "py")},
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr.decode()[-2000:]
    counts = done.stdout.decode()
    assert "Detections" in counts
    assert "backend" in counts


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
absurd = plain | st.sampled_from(
    [
        2**63,
        -(2**63),
        10**400,
        1e300,
        float("nan"),
        float("inf"),
        "",
        "..",
        "../x",
        "/x",
        "C:x",
        "a\0",
        "NUL",
        "\ud800",
        "x" * 10_000,
        [],
        {},
        [1] * 10_000,
        {"a": {"a": {}}},
    ]
)
OPEN_CARD = to_table(
    card_of(
        Reading("yolox", InputSpec(64, 64, "letterbox"), OpenForm("x"), 3, 1.0, ""),
        name="own", title="Own", file=FILE,
    )
) | {
    "check": {
        "picture": "a.jpg", "size": [9, 9],
        "detections": [{"class_id": 0, "score": 0.5, "box": [1, 2, 3, 4]}],
    },
    "accuracy": {"ap": 30.0, "dataset": "x"},
}  # fmt: skip


def places(table: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a card: keys of tables, and of arrays the numbers."""
    inner = (
        table.items()
        if isinstance(table, dict)
        else enumerate(table)
        if isinstance(table, list)
        else ()
    )
    return [p for key, value in inner for p in ((*path, key), *places(value, (*path, key)))]


def put(table: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(table))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return copy


@pytest.mark.parametrize("path", places(OPEN_CARD), ids=lambda path: ".".join(map(str, path)))
@settings(FUZZ, max_examples=15)
@given(value=absurd)
def test_a_card_with_any_value_anywhere_is_read_or_refused(
    path: tuple[Any, ...], value: Any
) -> None:
    try:
        card = ModelCard.from_dict(put(OPEN_CARD, path, value))
    except CardError as error:
        assert len(str(error)) < 2000  # noqa: PT017
        return
    prepare(card.input._replace(width=64, height=64), card.open)
    assert "/" not in card.name + card.file.name
    assert "\\" not in card.name + card.file.name


@FUZZ
@given(
    st.dictionaries(st.text(max_size=5) | st.sampled_from(sorted(OPEN_CARD)), absurd, max_size=15)
)
def test_any_table_is_a_card_or_refused(table: dict[str, Any]) -> None:
    with pytest.raises(CardError):
        ModelCard.from_dict(table)


@FUZZ
@given(st.text(max_size=200) | st.text("[]{}=\"'\n,.x0_-:# ", max_size=200))
@example("a = 0x" + "f" * 10_000)
@example("labels = [0x" + "f" * 10_000 + "]")
@example("a = 1979-13-99")
def test_any_text_is_a_card_or_refused(text: str) -> None:
    with pytest.raises(CardError) as caught:
        ModelCard.from_toml(text)
    assert str(caught.value)


ENDINGS = (".txt", ".json", ".toml", ".yaml", ".pbtxt", ".names", ".exe", "")


def read_or_refused(name: str, data: bytes) -> None:
    try:
        names = parse(name, data)
    except LabelsError as error:
        assert len(str(error)) < 1000  # noqa: PT017
        return
    assert len(set(names)) == len(names) > 0
    "".join(names).encode()


@settings(FUZZ, max_examples=300)
@given(
    st.sampled_from(ENDINGS),
    st.binary(max_size=100)
    | st.text("[]{}=\"'\n,.ab01_-:#\\ ", max_size=100).map(str.encode)
    | plain.map(json.dumps).map(str.encode)
    | st.dictionaries(
        st.sampled_from(["names", "labels", "categories", "0", "1"]), absurd, max_size=3
    )
    .map(json.dumps)
    .map(str.encode),
)
def test_any_class_file_is_read_or_refused(ending: str, data: bytes) -> None:
    read_or_refused(f"classes{ending}", data)


@FUZZ
@given(st.text("[]{}\"'\n,ab01:\\ ", max_size=60))
def test_any_metadata_holds_names_or_none(text: str) -> None:
    names = embedded(text)

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "part",
    ["a", " ", "'", '"', "\\", "0:", "0: ", "'a',", "{", "[{", "\n", "- a\n", "item {", "names: ["],
)
def test_no_class_file_takes_for_ever(ending: str, part: str) -> None:
    """Patterns that look again and again at what they have seen would take hours over these."""
    text = part * 60_000

    read_or_refused(f"x{ending}", text.encode())
    read_or_refused(f"x{ending}", f"names:\n{text}!".encode())
    embedded(text)
    embedded(f"[{text}!]")
