"""The graph that prepares pictures, run by onnxruntime, against the same steps written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from obscura.boxes import RESIZES, fit
from obscura.cards.card import CHANNELS, INPUT_TYPES, LAYOUTS, Feed, InputSpec, OpenForm
from obscura.graph.prepare import PICTURE, prepare

# The same examples in each run, so that a change that fails has failed by itself.
FIXED = settings(deadline=None, derandomize=True, database=None, max_examples=100)

MEAN, STD = (10.0, 20.0, 30.0), (2.0, 4.0, 8.0)
Pixels = NDArray[np.uint8]


def run(wanted: InputSpec, form: OpenForm, picture: Pixels) -> dict[str, NDArray[Any]]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(prepare(wanted, form), options, ["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {PICTURE: picture[None]}), strict=True))


def resized(picture: Pixels, width: int, height: int) -> NDArray[np.float64]:
    """Each pixel is the mean of those below it, weighted by a triangle that widens in shrinking;
    beyond the edges the outermost pixels go on."""

    def weights(old: int, new: int) -> NDArray[np.float64]:
        step = max(old / new, 1.0)
        centre = (np.arange(new)[:, None] + 0.5) * old / new
        below = np.arange(-old, 2 * old)
        triangle = np.maximum(1 - np.abs((below + 0.5 - centre) / step), 0)
        made = np.zeros((new, old))
        np.add.at(made, (slice(None), np.clip(below, 0, old - 1)), triangle)
        return made / made.sum(1, keepdims=True)

    rows, columns = weights(picture.shape[0], height), weights(picture.shape[1], width)
    return np.einsum("ah,bw,hwc->abc", rows, columns, picture.astype(np.float64))


def written_out(wanted: InputSpec, form: OpenForm, picture: Pixels) -> NDArray[np.float64]:
    height, width = picture.shape[:2]
    placed = fit(wanted.resize, (width, height), (wanted.width, wanted.height))
    scaled = round(width * placed.scale_x), round(height * placed.scale_y)
    left, top = int(placed.offset_x), int(placed.offset_y)
    canvas = np.full((wanted.height, wanted.width, 3), float(form.pad))
    canvas[top : top + scaled[1], left : left + scaled[0]] = resized(picture, *scaled)[..., :3]
    if form.channels == "bgr":
        canvas = canvas[..., ::-1]
    elif form.channels == "grey":
        canvas = canvas @ np.array([[0.299], [0.587], [0.114]])
    if form.dtype != "uint8":
        count = canvas.shape[2]
        canvas = (canvas - np.array(form.mean)[:count]) / np.array(form.std)[:count]
    if form.layout == "nhwc":
        return canvas[None]
    planes = canvas.transpose(2, 0, 1)
    return planes if form.layout == "chw" else planes[None]


def noise(width: int, height: int) -> Pixels:
    return np.random.default_rng(7).integers(0, 256, (height, width, 4), np.uint8)


@pytest.mark.parametrize("resize", RESIZES)
@pytest.mark.parametrize("size", [(23, 41), (90, 20), (16, 12), (5, 3)])
def test_pictures_of_any_shape_fill_the_input_as_the_card_says(
    resize: str, size: tuple[int, int]
) -> None:
    wanted, form, picture = InputSpec(16, 12, resize), OpenForm("x"), noise(*size)

    (made,) = run(wanted, form, picture).values()

    assert made.shape == (1, 3, 12, 16)
    np.testing.assert_allclose(made, written_out(wanted, form, picture), atol=1.01)  # of 255


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("dtype", INPUT_TYPES)
def test_every_form_is_made(layout: str, channels: str, dtype: str) -> None:
    wanted, picture = InputSpec(16, 12, "letterbox"), noise(30, 30)
    form = OpenForm("x", layout, channels, dtype, MEAN, STD, pad=77)

    (made,) = run(wanted, form, picture).values()

    assert made.dtype == dtype
    expected = written_out(wanted, form, picture)
    assert made.shape == expected.shape
    np.testing.assert_allclose(made, expected, atol=1.6 if dtype == "uint8" else 0.6)


def test_alpha_is_dropped() -> None:
    picture = noise(16, 12)
    clear = picture.copy()
    clear[..., 3] = 0

    one, other = (
        run(InputSpec(16, 12, "stretch"), OpenForm("x"), p)["x"] for p in (picture, clear)
    )

    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("value", "dtype", "fed"),
    [
        ("size_wh", "int64", [[16, 12]]),
        ("size_hw", "float32", [[12, 16]]),
        ("scale", "float32", [[1, 1]]),
        ("mask", "bool", np.ones((1, 12, 16), bool)),
        ("mask", "int64", np.ones((1, 12, 16), int)),
        ("size_wh", "int32", [[16, 12]]),
    ],
)
def test_further_inputs_are_filled(value: str, dtype: str, fed: Any) -> None:
    form = OpenForm("images", feeds=(Feed("more", value, dtype),))

    made = run(InputSpec(16, 12, "stretch"), form, noise(16, 12))

    assert list(made) == ["images", "more"]
    assert made["more"].dtype == dtype
    assert made["more"].tolist() == np.asarray(fed).tolist()


def test_the_graph_is_valid_onnx_and_the_same_each_time() -> None:
    form = OpenForm("x", mean=MEAN, std=STD, feeds=(Feed("m", "mask", "bool"),))
    wanted = InputSpec(16, 12, "letterbox")

    onnx.checker.check_model(onnx.load_from_string(prepare(wanted, form)), full_check=True)
    assert prepare(wanted, form) == prepare(wanted, form)


@pytest.fixture(scope="module")
def placed_at() -> Any:
    """Where a picture lies in a letterbox, as the graph has it: ``(left, top, right, bottom)``."""
    sessions: dict[tuple[int, int, str], ort.InferenceSession] = {}

    def place(source: tuple[int, int], wanted: InputSpec) -> tuple[int, int, int, int]:
        if wanted not in sessions:
            form = OpenForm("x", layout="nhwc", dtype="uint8", pad=0)
            sessions[wanted] = ort.InferenceSession(
                prepare(wanted, form), providers=["CPUExecutionProvider"]
            )
        white = np.full((1, source[1], source[0], 4), 255, np.uint8)
        (made,) = sessions[wanted].run(None, {PICTURE: white})
        rows, columns = (np.flatnonzero(made[0, ..., 0].any(axis)) for axis in (1, 0))
        return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1

    return place


@FIXED
@given(
    st.tuples(st.integers(1, 400), st.integers(1, 400)),
    st.sampled_from([(64, 64), (61, 40), (33, 80), (7, 7)]),
    st.sampled_from(["letterbox", "letterbox-corner"]),
)
def test_graph_and_fit_put_a_picture_in_the_same_place(
    placed_at: Any, source: tuple[int, int], size: tuple[int, int], resize: str
) -> None:
    at = fit(resize, source, size)
    width, height = source

    left, top, right, bottom = placed_at(source, InputSpec(*size, resize))

    assert (left, top) == (at.offset_x, at.offset_y)
    assert (right - left, bottom - top) == pytest.approx((width * at.scale_x, height * at.scale_y))


@pytest.mark.parametrize(("source", "height"), [((64, 1), 1), ((128, 33), 17), ((128, 31), 16)])
def test_a_half_pixel_counts_as_one_in_both(
    placed_at: Any, source: tuple[int, int], height: int
) -> None:
    at = fit("letterbox-corner", source, (64, 64))

    assert source[1] * at.scale_y == pytest.approx(height)
    assert placed_at(source, InputSpec(64, 64, "letterbox-corner")) == (0, 0, 64, height)
