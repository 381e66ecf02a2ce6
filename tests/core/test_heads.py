"""Reading heads: where things lie in a crop, and what its numbers say."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura.boxes import fit
from obscura.cards.card import InputSpec
from obscura.errors import BackendError, CardError, ModelMismatch
from obscura.families import heads
from obscura.families.heads import dbtext

Array = NDArray[np.float32]
REFERENCES = Path(__file__).parents[1] / "data" / "references"


class Card(NamedTuple):
    """What reading asks of a card."""

    family: str
    labels: tuple[str, ...]
    input: InputSpec
    options: dict[str, Any]


def card(
    family: str, *labels: str, resize: str = "stretch", side: int = 64, **options: Any
) -> Card:
    return Card(family, labels, InputSpec(side, side, resize), heads.check(family, options))


def numbers(*values: float) -> Array:
    return np.array(values, np.float32)


# ---- what all heads share


def test_every_family_has_a_module_that_says_its_options() -> None:
    for family in heads.FAMILIES.values():
        assert family.gives != heads.Gives()
        for option in heads.module(family.name).OPTIONS.values():
            assert option.help


def test_no_crops_have_no_answers() -> None:
    for family in heads.FAMILIES:
        assert heads.read({}, card(family, "a"), np.zeros((0, 2))) == []


def test_a_crop_has_an_answer_each_in_their_order() -> None:
    outputs = {"p": np.stack([[numbers(0.9, 0.1)], [numbers(0.2, 0.8)]])}

    first, second = heads.read(outputs, card("classifier", "a", "b"))

    np.testing.assert_allclose(first.values["probabilities"], [0.9, 0.1])
    np.testing.assert_allclose(second.values["probabilities"], [0.2, 0.8])
    assert (first.boxes.shape, first.scores.shape, first.points.shape) == ((0, 4), (0,), (0, 0, 3))


def test_half_precision_is_read_as_float32() -> None:
    (answer,) = heads.read({"p": np.array([[[0.25, 0.75]]], np.float16)}, card("classifier", *"ab"))

    assert answer.values["probabilities"].dtype == np.float32


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_no_network_returns_are_noticed(value: float) -> None:
    with pytest.raises(BackendError, match="not finite"):
        heads.read({"p": np.array([[[0.5, value]]])}, card("classifier", "a", "b"))


def test_outputs_that_are_not_one_per_crop_are_refused() -> None:
    outputs = {"age": np.zeros((2, 1, 9)), "male": np.zeros((3, 1, 1))}

    with pytest.raises(ModelMismatch, match=re.escape("one per crop ([2, 3])")):
        heads.read(outputs, card("age_gender"))
    with pytest.raises(ModelMismatch, match="one per crop"):
        heads.read({"p": np.array(1.0)}, card("classifier", "a", "b"))


def test_text_in_place_of_numbers_is_refused() -> None:
    with pytest.raises(ModelMismatch, match="other than numbers"):
        heads.read({"p": np.array([[["a", "b"]]])}, card("classifier", "a", "b"))


def test_a_letterboxed_head_asks_for_the_sizes_of_its_crops() -> None:
    outputs = {"map": np.zeros((2, 1, 1, 64, 64), np.float32)}
    letterboxed = card("dbtext", "text", resize="letterbox")

    with pytest.raises(ValueError, match="letterboxes"):
        heads.read(outputs, letterboxed)
    with pytest.raises(ValueError, match="one per crop, 2, got 1"):
        heads.read(outputs, letterboxed, [(3, 4)])
    assert len(heads.read(outputs, letterboxed, [(3, 4), (4, 3)])) == 2


def test_an_unknown_family_is_suggested() -> None:
    with pytest.raises(CardError, match=r'no such family.*Did you mean "movenet"'):
        heads.module("movnet")


# ---- faces


def blazeface(box: tuple[float, float, float, float], cell: int, score: float) -> dict[str, Array]:
    """Outputs of the short range network: one face at a cell of the finer map of 8 x 8.

    The box is centre and size in pixels of the input; points lie where the centre is.
    """
    rows = 64 * 2 + 16 * 6
    table = np.zeros((1, 1, rows, 16), np.float32)
    logits = np.full((1, 1, rows, 1), -50, np.float32)
    x, y = (cell % 8 + 0.5) * 8, (cell // 8 + 0.5) * 8
    table[0, 0, 2 * cell] = [box[0] - x, box[1] - y, box[2], box[3], *[box[0] - x, box[1] - y] * 6]
    logits[0, 0, 2 * cell] = np.log(score / (1 - score))
    return {"regressors": table, "classificators": logits}


def test_a_face_is_found_with_its_points() -> None:
    (found,) = heads.read(blazeface((30, 20, 16, 24), 17, 0.9), card("faces", "face"))

    np.testing.assert_allclose(found.boxes, [[22 / 64, 8 / 64, 38 / 64, 32 / 64]], atol=1e-6)
    np.testing.assert_allclose(found.scores, [0.9], atol=1e-6)
    np.testing.assert_allclose(found.points, [[[30 / 64, 20 / 64, 1]] * 6], atol=1e-6)


@pytest.mark.parametrize(("score", "count"), [(0.49, 0), (0.51, 1)])
def test_a_face_below_the_threshold_is_left_out(score: float, count: int) -> None:
    (found,) = heads.read(blazeface((30, 20, 16, 24), 17, score), card("faces", "face"))

    assert (len(found.boxes), len(found.scores), found.points.shape) == (
        count,
        count,
        (count, 6, 3),
    )


@pytest.mark.parametrize("size", [(200, 100), (100, 200), (64, 64), (33, 90)])
def test_the_bars_of_a_letterbox_are_taken_off(size: tuple[int, int]) -> None:
    """A face at a known place of a crop comes back there, whatever the crop's shape."""
    placed = fit("letterbox", size, (64, 64))
    wanted = np.array([[0.4, 0.3, 0.6, 0.6]], np.float32)
    pixels = wanted * [*size, *size]
    x1, y1, x2, y2 = placed.to_input(pixels.astype(np.float32))[0]
    outputs = blazeface(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1), 20, 0.8)

    (found,) = heads.read(outputs, card("faces", "face", resize="letterbox"), [size])

    np.testing.assert_allclose(found.boxes, wanted, atol=1e-5)
    np.testing.assert_allclose(found.points[0, 0, :2], [0.5, 0.45], atol=1e-5)


def test_a_face_is_clipped_to_the_crop_and_its_points_are_not() -> None:
    (found,) = heads.read(blazeface((-2, 20, 16, 24), 16, 0.9), card("faces", "face"))

    np.testing.assert_allclose(found.boxes, [[0, 8 / 64, 6 / 64, 32 / 64]], atol=1e-6)
    assert found.points[0, 0, 0] < 0


def test_a_face_in_the_bars_is_dropped() -> None:
    outputs = blazeface((32, 4, 6, 6), 4, 0.9)  # the crop begins 16 pixels below

    (found,) = heads.read(outputs, card("faces", "face", resize="letterbox"), [(100, 50)])

    assert (len(found.boxes), len(found.scores), len(found.points)) == (0, 0, 0)


def test_of_faces_that_overlap_the_best_stays() -> None:
    one, other = (blazeface((30, 20, 16, 24), cell, s) for cell, s in ((17, 0.7), (18, 0.9)))
    outputs = {
        "regressors": one["regressors"] + other["regressors"],
        "classificators": np.maximum(one["classificators"], other["classificators"]),
    }

    (found,) = heads.read(outputs, card("faces", "face"))

    np.testing.assert_allclose(found.scores, [0.9], atol=1e-6)


def test_faces_of_other_anchors_are_refused() -> None:
    with pytest.raises(ModelMismatch, match="not what its card says"):
        heads.read(blazeface((1, 1, 1, 1), 0, 0.5), card("faces", "face", side=128))


@pytest.mark.parametrize(
    ("name", "side", "options"),
    [
        ("blazeface-short", 128, {}),
        ("blazeface-full", 192, {"strides": [4], "each": [1]}),
        ("blazeface-back", 256, {"strides": [16, 32], "each": [2, 6]}),
    ],
)
def test_faces_are_those_that_their_own_project_reads(
    name: str, side: int, options: dict[str, Any]
) -> None:
    """Of recorded outputs for a real picture: the best face, its box and points."""
    with np.load(REFERENCES / f"{name}.npz") as file:
        outputs = {str(key): file[f"output{i}"][None] for i, key in enumerate(file["names"])}
        best = int(file["scores"].argmax())
        box, points, score = file["boxes"][best], file["keypoints"][best], file["scores"][best]

    (found,) = heads.read(outputs, card("faces", "face", side=side, **options))

    assert len(found.boxes) == 1
    np.testing.assert_allclose(found.scores, [score], atol=1e-3)
    np.testing.assert_allclose(found.boxes[0], box / side, atol=1e-3)
    np.testing.assert_allclose(found.points[0, :, :2], points / side, atol=1e-3)


# ---- classes


@pytest.mark.parametrize(
    ("kind", "scores", "expected"),
    [
        ("probabilities", (0.25, 0.75), (0.25, 0.75)),
        ("logits", (0.0, np.log(3)), (0.25, 0.75)),
        ("either", (0.25, 0.75), (0.25, 0.75)),
        ("either", (0.0, np.log(3)), (0.25, 0.75)),
        ("either", (0.25, 0.25), (0.5, 0.5)),  # in 0..1, but no probabilities
        ("either", (-1.0, 2.0), (1 / (1 + np.exp(3)), 1 / (1 + np.exp(-3)))),
    ],
)
def test_scores_become_probabilities(
    kind: str, scores: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    for shape in ((1, 1, 2), (1, 1, 2, 1, 1), (1, 2)):
        outputs = {"p": numbers(*scores).reshape(shape)}
        (answer,) = heads.read(outputs, card("classifier", "a", "b", scores=kind))
        np.testing.assert_allclose(answer.values["probabilities"], expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 2, 2), (1, 1, 1), (1, 1, 2, 2)])
def test_scores_of_another_number_of_classes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelMismatch, match="one number for each of 2 classes"):
        heads.read({"p": np.zeros(shape)}, card("classifier", "a", "b"))


# ---- age and gender


def test_an_age_is_the_mean_over_the_years() -> None:
    years = np.zeros((1, 1, 100), np.float32)
    years[0, 0, [20, 40]] = 0.75, 0.25

    (answer,) = heads.read({"age": years, "male": np.array([[[0.3]]])}, card("age_gender"))

    np.testing.assert_allclose(answer.values["age"], [25])
    np.testing.assert_allclose(answer.values["male"], [0.3])


@pytest.mark.parametrize(
    "outputs",
    [
        {"age": np.zeros((1, 1, 100))},
        {"age": np.zeros((1, 1, 100)), "male": np.zeros((1, 1, 2))},
        {"age": np.zeros((1, 1, 1)), "male": np.zeros((1, 1, 1))},
        {"age": np.zeros((1, 5, 20)), "male": np.zeros((1, 1, 1))},
    ],
)
def test_other_outputs_are_no_age(outputs: dict[str, Array]) -> None:
    with pytest.raises(ModelMismatch, match=re.escape("age [1, years]")):
        heads.read(outputs, card("age_gender"))


# ---- poses


def posed(points: int = 17, side: int = 48) -> dict[str, Array]:
    """Outputs of a network that sees nobody."""
    return {
        "heat": np.full((1, 1, points, side, side), -9, np.float32),
        "centre": np.full((1, 1, 1, side, side), -9, np.float32),
        "regress": np.zeros((1, 1, 2 * points, side, side), np.float32),
        "offset": np.zeros((1, 1, 2 * points, side, side), np.float32),
    }


def test_each_point_is_the_heat_near_where_the_centre_expects_it() -> None:
    outputs = posed()
    outputs["centre"][0, 0, 0, 24, 20] = 3
    outputs["regress"][0, 0, :, 24, 20] = [-10, 5] * 17  # y, x
    outputs["heat"][0, 0, :, 15, 26] = 1  # near the expected 14, 25
    outputs["heat"][0, 0, :, 40, 5] = 2  # hotter, and far away: another person's
    outputs["offset"][0, 0, :, 15, 26] = [0.5, 0.25] * 17

    (found,) = heads.read(outputs, card("movenet", side=192))

    cell = 0.0208282470703125
    score = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(
        found.points[0], [[26.25 * cell, 15.5 * cell, score]] * 17, rtol=1e-5
    )


def test_of_two_people_the_one_in_the_middle_is_found() -> None:
    outputs = posed()
    outputs["centre"][0, 0, 0, 24, 24] = 1
    outputs["centre"][0, 0, 0, 24, 4] = 3
    outputs["heat"][0, 0, :, 24, 25] = 1
    outputs["heat"][0, 0, :, 24, 5] = 3

    (found,) = heads.read(outputs, card("movenet", side=192))

    assert np.allclose(found.points[0, :, 0], 25 * 0.0208282470703125)


def test_a_pose_has_one_box_around_its_points_even_if_nobody_is_there() -> None:
    (found,) = heads.read(posed(), card("movenet", side=192))

    assert (found.boxes.shape, found.points.shape) == ((1, 4), (1, 17, 3))
    assert found.scores[0] < 0.001
    outputs = posed()
    outputs["heat"][0, 0, 0, 10, 10] = outputs["heat"][0, 0, 1, 30, 40] = 4
    (found,) = heads.read(outputs, card("movenet", side=192))
    x, y = found.points[0, :, 0], found.points[0, :, 1]
    np.testing.assert_allclose(found.boxes[0], [x.min(), y.min(), x.max(), y.max()])
    np.testing.assert_allclose(found.scores, [found.points[0, :, 2].mean()], rtol=1e-5)


@pytest.mark.parametrize("name", ["heat", "centre", "regress", "offset"])
def test_a_pose_without_one_of_its_maps_is_refused(name: str) -> None:
    outputs = posed()
    del outputs[name]

    with pytest.raises(ModelMismatch, match=re.escape("heat [1, P, h, w]")):
        heads.read(outputs, card("movenet"))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("heat", (1, 1, 16, 48, 48)),
        ("centre", (1, 1, 2, 48, 48)),
        ("regress", (1, 1, 34, 48, 24)),
        ("offset", (1, 1, 34, 48)),
        ("heat", (1, 2, 17, 48, 48)),
    ],
)
def test_maps_of_other_shapes_are_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelMismatch, match=re.escape("heat [1, P, h, w]")):
        heads.read(posed() | {name: np.zeros(shape, np.float32)}, card("movenet"))


# ---- text


def flooded(mask: NDArray[np.bool_]) -> list[set[tuple[int, int]]]:
    """The components of a mask, pixel by pixel."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}
    found = []
    while left:
        start = left.pop()
        component, waiting = {start}, deque([start])
        while waiting:
            y, x = waiting.popleft()
            near = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            component |= near
            waiting.extend(near)
        found.append(component)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_components_are_those_of_a_flood(seed: int) -> None:
    random = np.random.default_rng(seed)
    likely = random.uniform(0, 1, random.integers(1, 40, 2)).astype(np.float32)
    likely[random.uniform(0, 1, likely.shape) > random.uniform(0.2, 0.9)] = 0
    reader = card("dbtext", "text", least=1, grow=1e-9, threshold=1e-9)
    size = [likely.shape[1], likely.shape[0]] * 2

    (found,) = heads.read({"map": likely[None, None, None]}, reader)

    expected = []
    for component in flooded(likely > np.float32(0.3)):
        y, x = np.array(sorted(component)).T
        box = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
        expected.append((*box, round(float(likely[y, x].astype(np.float64).mean()), 4)))
    boxes = np.rint(found.boxes * size).astype(int).tolist()
    scores = [round(float(score), 4) for score in found.scores]
    ours = [(*box, score) for box, score in zip(boxes, scores, strict=True)]
    best = sorted(expected, key=lambda each: -each[4])[: dbtext.MOST]
    assert [each[:4] for each in sorted(ours)] == [each[:4] for each in sorted(best)]
    np.testing.assert_allclose(
        [e[4] for e in sorted(ours)], [e[4] for e in sorted(best)], atol=2e-4
    )
    assert (np.diff(found.scores) <= 0).all()


def spiral(side: int) -> NDArray[np.bool_]:
    """One winding line, which a scan by rows meets in as many runs as can be."""
    mask = np.zeros((side, side), np.bool_)
    mask[::2] = True
    for row in range(1, side, 2):
        mask[row, -1 if row % 4 == 1 else 0] = True
    return mask


def test_a_line_that_winds_is_one_component() -> None:
    mask = spiral(201).T
    reader = card("dbtext", "text", grow=1e-9)

    (found,) = heads.read({"map": mask[None, None, None].astype(np.float32)}, reader)

    np.testing.assert_allclose(found.boxes, [[0, 0, 1, 1]])


def test_a_map_of_noise_ends_in_the_best_lines() -> None:
    board = (np.indices((640, 640)) % 4 < 3).all(axis=0)  # 25,600 squares of 3 x 3 pixels

    (found,) = heads.read({"map": board[None, None, None].astype(np.float32)}, card("dbtext", "t"))

    assert len(found.boxes) == dbtext.MOST


def test_a_box_is_grown_by_area_over_perimeter() -> None:
    likely = np.zeros((1, 1, 1, 100, 200), np.float32)
    likely[..., 40:50, 60:100] = 0.8

    (found,) = heads.read({"map": likely}, card("dbtext", "text"))

    grown = 40 * 10 * 1.6 / (2 * (40 + 10))
    expected = [(60 - grown) / 200, (40 - grown) / 100, (100 + grown) / 200, (50 + grown) / 100]
    np.testing.assert_allclose(found.boxes, [expected], atol=1e-6)
    np.testing.assert_allclose(found.scores, [0.8], atol=1e-6)


@pytest.mark.parametrize(("tall", "score"), [(2, 0.9), (10, 0.4)])
def test_what_is_too_small_or_too_unsure_is_no_line(tall: int, score: float) -> None:
    likely = np.zeros((1, 1, 1, 50, 50), np.float32)
    likely[..., 10 : 10 + tall, 5:40] = score

    (found,) = heads.read({"map": likely}, card("dbtext", "text"))

    assert (found.boxes.shape, found.points.shape) == ((0, 4), (0, 0, 3))


@pytest.mark.parametrize("shape", [(1, 1, 2, 9, 9), (1, 1, 9, 9), (1, 9, 9), (1, 1, 1, 0, 9)])
def test_other_maps_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelMismatch, match=re.escape("one map, [1, 1, height, width]")):
        heads.read({"map": np.zeros(shape)}, card("dbtext", "text"))


def test_lines_are_those_that_their_own_project_reads() -> None:
    """Of a recorded map of a drawn page: boxes within 3 of 320 pixels, for OpenCV's contours run
    through the middle of pixels and ours around them."""
    with np.load(REFERENCES / "dbnet.npz") as file:
        likely, boxes, scores = file["output0"], file["boxes"], file["scores"]

    (found,) = heads.read({"map": likely[None]}, card("dbtext", "text"))

    order = np.argsort(-scores, kind="stable")
    assert len(found.boxes) == len(boxes) == 6
    np.testing.assert_allclose(found.scores, scores[order], atol=1e-3)
    np.testing.assert_allclose(found.boxes * 320, boxes[order], atol=3)
