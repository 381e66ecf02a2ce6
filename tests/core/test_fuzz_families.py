"""Whatever a network returns, a family makes rows and Detections of it, or says what is wrong.

Each family is given outputs of about the right shapes, in all types, with numbers that no network
should return; shapes, types and options are then bent.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from obscura import families
from obscura.cards.card import InputSpec, ModelCard, ModelFile, OpenForm
from obscura.cards.labels import known
from obscura.errors import BackendError, CardError, ModelMismatch, ObscuraError
from obscura.families import decode
from obscura.families.common.rows import Option, cells

# The same examples in each run, so that a change that fails has failed by itself.
FUZZ = settings(deadline=None, derandomize=True, database=None, max_examples=25)

Shapes = dict[str, tuple[int, ...]]
SIDE = 64  # pixels of the input: 64, 16, 4 and 1 cells of strides 8 to 64
CELLS = {8: 64, 16: 16, 32: 4, 64: 1}
# The others tell three apart.
CLASSES = {"yunet": 1, "scrfd": 1, "retinaface": 1, "mediapipe": 1}
OUTPUTS: dict[str, Shapes] = {
    "ssd": {"boxes": (1, 50, 4), "scores": (1, 50, 4)},
    "centernet": {"heat": (1, 3, 16, 16), "wh": (1, 2, 16, 16), "reg": (1, 2, 16, 16)},
    "yolox": {"output": (1, 84, 8)},
    "yolov5": {"output": (1, 252, 8)},
    "yolov8": {"output": (1, 7, 84)},
    "yolov10": {"output": (1, 300, 6)},
    "nanodet": {"output": (1, 85, 35)},
    "picodet": {
        f"{what}{stride}": (1, cells, columns)
        for what, columns in (("scores", 3), ("sides", 32))
        for stride, cells in CELLS.items()
    },
    "fastestdet": {"output": (1, 8, 4, 4)},
    "yunet": {
        f"{what}_{stride}": (1, CELLS[stride], columns)
        for what, columns in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for stride in (8, 16, 32)
    },
    "scrfd": {
        f"{what}_{stride}": (2 * CELLS[stride], columns)
        for what, columns in (("score", 1), ("bbox", 4), ("kps", 10))
        for stride in (8, 16, 32)
    },
    "retinaface": {"loc": (1, 168, 4), "conf": (1, 168, 2), "landms": (1, 168, 10)},
    "mediapipe": {"regressors": (1, 224, 16), "classificators": (1, 224, 1)},
    "fastestv2": {"fine": (1, 4, 4, 18), "coarse": (1, 2, 2, 18)},
    "ssd_raw": {"box_encodings": (1, 96, 4), "class_predictions": (1, 96, 4)},
    "rtdetr": {"labels": (1, 30), "boxes": (1, 30, 4), "scores": (1, 30)},
    "detr": {"logits": (1, 30, 3), "boxes": (1, 30, 4)},
    "efficientdet": {
        f"{what}_{level}": (1, channels, side, side)
        for what, channels in (("class", 27), ("box", 36))
        for level, side in enumerate((8, 4, 2, 1, 1))
    },
    "end2end": {"boxes": (30, 4), "scores": (30,), "classes": (30,)},
}  # fmt: skip
FILLS = {
    "usual": lambda rng, shape: rng.random(shape),
    "bell": lambda rng, shape: rng.normal(0, 10, shape),
    "huge": lambda rng, shape: rng.normal(0, 1e38, shape),
    "zeros": lambda _, shape: np.zeros(shape),
    "nan": lambda _, shape: np.full(shape, np.nan),
    "infinite": lambda _, shape: np.full(shape, np.inf),
    "a few that are not finite": lambda rng, shape: np.where(
        rng.random(shape) < 0.05, rng.choice([np.nan, np.inf, -np.inf], shape), rng.random(shape)
    ),
}
TYPES = ("float32", "float32", "float32", "float16", "float64", "int64", "int32", "uint8", "bool")


def card_of(family: str, options: dict[str, Any], top: int = 100) -> ModelCard:
    return ModelCard(
        name="own", title="Own", summary="own", family=family,
        labels=known(CLASSES.get(family, 3)).labels, license="NOASSERTION",
        file=ModelFile("own.onnx", 1, "0" * 64), source={},
        input=InputSpec(SIDE, SIDE, "letterbox"), open=OpenForm("x", options=options),
        top=top, threshold=0.3, iou=0.5, check=None, accuracy={},
    )  # fmt: skip


def filled(fill: str, shape: tuple[int, ...], dtype: str, seed: int = 0) -> NDArray[Any]:
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        return np.asarray(FILLS[fill](np.random.default_rng(seed), shape)).astype(dtype)


def option(told: Option) -> st.SearchStrategy[Any]:
    if told.choices:
        return st.sampled_from(told.choices)
    if isinstance(told.default, list):
        item = type(told.default[0])
        return st.lists(st.sampled_from([8, 16, 32, 64, 1, 1000]).map(item), min_size=1, max_size=6)
    if isinstance(told.default, str):
        return st.sampled_from(["", "boxes", "scores", "labels", "classes", "x"])
    return st.sampled_from([-(10**5), -1, 0, 1, 3, 10**5]).map(type(told.default))


@st.composite
def bent(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
    size = st.sampled_from([0, 1, 2, 4, 7, 100])
    sizes = [draw(size) if draw(st.integers(0, 4)) == 0 else old for old in shape]
    how = draw(st.sampled_from(["same", "same", "same", "deeper", "flatter", "none"]))
    return {"same": (*sizes,), "deeper": (1, *sizes), "flatter": (*sizes[1:],), "none": ()}[how]


def survives(outputs: dict[str, NDArray[Any]], card: ModelCard, threshold: float | None) -> None:
    try:
        rows = decode.read(outputs, card)
        found = decode.decode(rows, card, (640, 480), threshold=threshold)
    except ObscuraError:
        return
    assert rows.boxes.shape == (len(rows.scores), 4)
    assert rows.scores.shape == rows.classes.shape
    assert len(rows.scores) <= card.top
    assert np.isfinite(found.xyxy).all()
    if rows.keypoints is not None:
        points = found.data["keypoints"]
        assert points.shape == (len(found), rows.keypoints.shape[1], 3)
        assert np.isfinite(points).all()
        assert ((points[:, :, 2] >= 0) & (points[:, :, 2] <= 1)).all()
    assert ((found.xyxy >= 0) & (found.xyxy <= (640, 480, 640, 480))).all()
    assert ((found.score >= 0) & (found.score <= 1.01)).all()
    assert set(found.class_id.tolist()) <= set(range(len(card.labels)))


def test_every_family_is_tried() -> None:
    assert set(OUTPUTS) == set(families.FAMILIES)


@pytest.mark.parametrize("family", OUTPUTS)
def test_the_shapes_are_those_that_the_family_reads(family: str) -> None:
    """Else what follows would try little more than the complaint about shapes."""
    outputs = {name: filled("usual", shape, "float32") for name, shape in OUTPUTS[family].items()}

    assert len(decode.read(outputs, card_of(family, {})).scores) > 0


@pytest.mark.parametrize("family", OUTPUTS)
@pytest.mark.parametrize("fill", FILLS)
def test_any_numbers_give_detections_or_an_error(family: str, fill: str) -> None:
    for dtype in sorted(set(TYPES)):
        outputs = {name: filled(fill, shape, dtype) for name, shape in OUTPUTS[family].items()}

        survives(outputs, card_of(family, {}), threshold=0)


@pytest.mark.parametrize("family", OUTPUTS)
@FUZZ
@given(data=st.data())
def test_bent_outputs_and_options_give_detections_or_an_error(
    family: str, data: st.DataObject
) -> None:
    told = families.module(family).OPTIONS
    options = data.draw(st.fixed_dictionaries({}, optional={n: option(told[n]) for n in told}))
    outputs = {
        name: filled(
            data.draw(st.sampled_from(list(FILLS))),
            data.draw(bent(shape) | st.just(shape)),
            data.draw(st.sampled_from(TYPES)),
        )
        for name, shape in OUTPUTS[family].items()
        if data.draw(st.integers(0, 9))
    }
    card = card_of(family, options, top=data.draw(st.sampled_from([1, 100, 10_000])))

    survives(outputs, card, threshold=data.draw(st.sampled_from([None, 0, 1])))


@pytest.mark.parametrize("count", [0, 10_000])
@pytest.mark.parametrize("family", ["yolov10", "end2end", "rtdetr", "detr", "ssd"])
def test_no_rows_and_ten_thousand_are_as_good_as_any(family: str, count: int) -> None:
    shapes = {
        name: tuple(count if size in (30, 50, 300) else size for size in shape)
        for name, shape in OUTPUTS[family].items()
    }
    outputs = {name: filled("usual", shape, "float32") for name, shape in shapes.items()}

    survives(outputs, card_of(family, {}, top=10_000), threshold=0)


def test_ten_thousand_boxes_of_one_class_are_suppressed_without_a_matrix_of_them_all() -> None:
    """10,000 squared would be 400 MB for each step, and browsers have little."""
    import tracemalloc

    rng = np.random.default_rng(0)
    corners = rng.random((10_000, 2), np.float32)
    rows = decode.Outputs(
        np.concatenate([corners, corners + 0.05], 1), rng.random(10_000, np.float32),
        np.zeros(10_000, np.int32),
    )  # fmt: skip

    tracemalloc.start()
    found = decode.decode(rows, card_of("ssd", {}), (640, 480), threshold=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 100 < len(found) < 10_000
    assert peak < 100e6


def test_a_card_cannot_ask_for_cells_without_end() -> None:
    card = card_of("yolox", {"strides": [1] * 64})
    card = ModelCard(**{**vars(card), "input": InputSpec(8192, 8192, "stretch")})

    with pytest.raises(CardError, match="too many cells"):
        cells(families.spec(card), [1] * 64)
    with pytest.raises(ObscuraError):
        decode.read({"x": np.zeros((1, 84, 8), np.float32)}, card)


def test_scores_that_are_none_are_refused() -> None:
    """Such as logits that lack their sigmoid: a reading that is wrong must not pass for certain."""
    rows = filled("usual", (1, 84, 8), "float32") * 20

    with pytest.raises(ModelMismatch, match=r"not in 0\.\.1"):
        decode.decode(
            decode.read({"x": rows}, card_of("yolox", {})), card_of("yolox", {}), (64, 64)
        )


def sealed(card: ModelCard) -> ModelCard:
    return ModelCard(**{**vars(card), "open": None})


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"boxes": np.zeros((1, 5, 4)), "scores": np.zeros((1, 5))},
        {"boxes": np.zeros((1, 5, 4)), "scores": np.zeros((1, 4)), "classes": np.zeros((1, 5))},
        {"boxes": np.zeros((1, 5, 5)), "scores": np.zeros((1, 5)), "classes": np.zeros((1, 5))},
        {"boxes": np.zeros((0, 5, 4)), "scores": np.zeros((0, 5)), "classes": np.zeros((0, 5))},
        {"boxes": np.zeros(4), "scores": np.zeros(()), "classes": np.zeros(())},
        {"boxes": [1], "scores": np.zeros(5), "classes": np.zeros(5)},
        {"boxes": np.array([["a"]]), "scores": np.zeros((1, 5)), "classes": np.zeros((1, 5))},
    ],
)  # fmt: skip
def test_a_network_that_is_not_sealed_though_its_card_says_so_is_refused(outputs: Any) -> None:
    with pytest.raises(ModelMismatch):
        decode.read(outputs, sealed(card_of("ssd", {})))


def test_of_more_rows_than_its_card_says_a_sealed_network_gives_the_first() -> None:
    rows = {
        "boxes": np.tile(np.float32([0, 0, 1, 1]), (1, 10_000, 1)),
        "scores": np.linspace(1, 0, 10_000, dtype=np.float32)[None],
        "classes": np.zeros((1, 10_000), np.int32),
    }

    assert decode.read(rows, sealed(card_of("ssd", {}))).scores.tolist() == (
        rows["scores"][0, :100].tolist()
    )


def test_scores_above_one_are_the_backends_fault_if_the_network_is_sealed() -> None:
    rows = decode.Outputs(
        np.zeros((1, 4), np.float32), np.array([7], np.float32), np.zeros(1, np.int32)
    )

    with pytest.raises(BackendError, match=r"not in 0\.\.1"):
        decode.decode(rows, sealed(card_of("ssd", {})), (64, 64))
