"""Networks that were misread once, and layouts of which the shapes alone tell little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from obscura.cards.card import InputSpec, ModelFile
from obscura.cards.labels import COCO
from obscura.errors import LabelsError, NotADetector
from obscura.families.common.reading import IMAGENET_MEAN, IMAGENET_STD, Reading
from obscura.families.decode import read
from obscura.graph.inspect import Graph, Value, inspect
from obscura.identify.guess import card_of, certain, doubtful, guess

CASES = Path(__file__).parents[1] / "data" / "cases"
FILE = ModelFile("own.onnx", 7, "0" * 64)


def case(name: str) -> Graph:
    data = (CASES / f"{name}.onnx").read_bytes()
    return inspect(lambda start, stop: data[start:stop], len(data))


def graph(
    inputs: dict[str, tuple[Any, ...]], outputs: dict[str, tuple[Any, ...]], **metadata: str
) -> Graph:
    def values(shapes: dict[str, tuple[Any, ...]]) -> tuple[Value, ...]:
        return tuple(
            Value(name, "int64" if name == "labels" else "float32", shape)
            for name, shape in shapes.items()
        )

    return Graph(
        values(inputs), values(outputs), metadata, {"": 17}, frozenset(), (), "pytorch", 1000
    )


def picture(side: Any = 640, batch: Any = 1) -> dict[str, tuple[Any, ...]]:
    return {"images": (batch, 3, side, side)}


def families_of(readings: list[Reading]) -> list[str]:
    return [reading.family for reading in readings]


# ---- names ---------------------------------------------------------------------------------------


def test_one_name_that_repeats_another_leaves_all_names_the_files_own() -> None:
    best, *others = guess(case("names-dup80"))

    assert best.labels == (*(f"k{i}" for i in range(79)), "k0 (2)")
    assert certain([best, *others])


def test_names_are_decoded_as_pythons_repr_writes_them() -> None:
    assert guess(case("names-nbsp"))[0].labels == ("traffic\xa0light", "zero\u200bwidth", "b")


@pytest.mark.parametrize(
    "names", ["{0: ['a'], 1: 2}", "see data.yaml: names", "['a', 'b']", "{0: 'a', 0: 'b'}"]
)
def test_a_file_with_names_of_its_own_never_gets_those_of_another_list(names: str) -> None:
    readings = guess(graph(picture(), {"output0": (1, 84, 8400)}, names=names))

    for reading in readings:
        labels = card_of(reading, name="own", title="Own", file=FILE).labels
        assert labels == tuple(f"class {number}" for number in range(1, 81))


def test_without_names_in_the_file_eighty_classes_are_cocos() -> None:
    assert guess(graph(picture(), {"output0": (1, 84, 8400)}))[0].labels == COCO


def test_the_classes_of_layout_models_are_in_their_character_list() -> None:
    layout = graph(picture(), {"output0": (1, 7, 8400)}, character="text\ntitle\nfigure\n")

    assert guess(layout)[0].labels == ("text", "title", "figure")


def test_a_name_for_the_background_is_none_of_the_classes() -> None:
    found = guess(graph(picture(), {"output0": (1, 6, 8400)}, names="['background', 'a', 'b']"))

    assert found[0].labels == ("a", "b")


def test_names_beside_a_network_without_any_are_its_own() -> None:
    names = tuple((CASES / "abc.names").read_text("utf-8").split())

    readings = guess(case("names-none"), names)

    assert certain(readings)
    assert readings[0].labels == ("crimson", "leaf", "sea")
    with pytest.raises(LabelsError, match="2 names, but this model has 3 classes"):
        guess(case("names-none"), names[:2])


# ---- inputs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "family", "size"), [("optimum-yolos", "detr", 640), ("dynamic-channels", "yolov8", 64)]
)
def test_a_symbolic_number_of_channels_is_three_and_they_come_first(
    name: str, family: str, size: int
) -> None:
    best = guess(case(name))[0]

    assert (best.family, best.open.layout, best.open.channels) == (family, "nchw", "rgb")
    assert best.input[:2] == (size, size)


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        (("batch", "num_channels", "height", "width"), "nchw"),
        ((1, "C", 640, 640), "nchw"),
        (("", "", 640, 640), "nchw"),
        (("", "", "", ""), "nchw"),
        (("batch", "height", "width", "channels"), "nhwc"),
        ((1, 640, 640, ""), "nhwc"),
        ((1, 640, 640, "depth"), "nhwc"),
    ],
)
def test_the_variable_that_counts_the_channels_tells_the_layout(
    shape: tuple[Any, ...], layout: str
) -> None:
    best = guess(graph({"x": shape}, {"output0": (1, 84, 8400)}))[0]

    assert best.open.layout == layout
    assert best.input[:2] == (640, 640)


@pytest.mark.parametrize("shape", [(1, "h", "w", 4), ("batch", "sequence", "heads", 8)])
def test_other_inputs_of_four_dimensions_are_no_pictures(shape: tuple[Any, ...]) -> None:
    with pytest.raises(NotADetector, match=r"does not take images|one or three colour channels"):
        guess(graph({"x": shape}, {"output0": (1, 84, 8400)}))


@pytest.mark.parametrize("outputs", [{"output0": (1, 84, 8400)}, {"dets": (1, "n", 5), "y": (9,)}])
def test_an_input_that_nothing_can_fill_is_named_at_once(outputs: Any) -> None:
    with pytest.raises(NotADetector, match=r"no value for: conf_threshold \(.*Export it again"):
        guess(case("extra-input"))
    with pytest.raises(NotADetector, match="no value for: iou"):
        guess(graph({**picture(), "iou": (1,)}, outputs))


# ---- outputs -------------------------------------------------------------------------------------


def test_turned_rows_of_an_unusual_number_of_classes_are_asked_about() -> None:
    readings = guess(case("three-class-turned"))

    assert not certain(readings)
    assert families_of(readings)[:2] == ["yolov8", "yolox"]
    assert [reading.classes for reading in readings[:2]] == [3, 2]


@pytest.mark.parametrize(("names", "family"), [("abc", "yolov8"), ("ab", "yolox")])
@pytest.mark.parametrize("inside", [True, False])
def test_the_number_of_names_decides_between_readings(
    names: str, family: str, *, inside: bool
) -> None:
    turned = case("three-class-turned")
    if inside:
        readings = guess(turned._replace(metadata={"names": str(list(names))}))
    else:
        readings = guess(turned, tuple(names))

    assert certain(readings)
    assert (readings[0].family, readings[0].labels) == (family, tuple(names))


@pytest.mark.parametrize(("names", "sure"), [(("images", "output"), True), (("x", "y"), False)])
def test_rows_of_yolox_are_certain_under_the_names_of_its_exporter_only(
    names: tuple[str, str], *, sure: bool
) -> None:
    readings = guess(graph({names[0]: (1, 3, 64, 64)}, {names[1]: (1, 84, 8)}))

    assert families_of(readings)[0] == "yolox"
    assert certain(readings) == sure


@pytest.mark.parametrize(("side", "classes"), [(224, 1203), (160, 601), (640, 1203), ("side", 601)])
def test_there_can_be_more_classes_than_cells(side: Any, classes: int) -> None:
    """LVIS has 1,203 classes, Open Images 601."""
    pixels = side if isinstance(side, int) else 160
    cells = sum((pixels // stride) ** 2 for stride in (8, 16, 32))

    upright = guess(graph(picture(side), {"output0": (1, 4 + classes, cells)}))
    turned = guess(graph(picture(side), {"output0": (1, cells, 4 + classes)}))

    assert (upright[0].family, upright[0].classes) == ("yolov8", classes)
    assert ("yolov8", classes) in [(reading.family, reading.classes) for reading in turned]
    assert not certain(turned)


@pytest.mark.parametrize(
    ("outputs", "family", "classes"),
    [
        ({"output0": (84, 8400)}, "yolov8", 80),
        ({"output": (8400, 84)}, "yolov8", 80),
        ({"output": (8400, 85)}, "yolox", 80),
        ({"output": (25200, 85)}, "yolov5", 80),
        ({"output": (300, 6)}, "yolov10", 0),
        ({"boxes": (8400, 4), "scores": (8400, 80)}, "ssd", 80),
        ({"logits": (300, 80), "pred_boxes": (300, 4)}, "detr", 80),
    ],
)
def test_outputs_may_lack_the_batch(
    outputs: dict[str, tuple[int, ...]], family: str, classes: int
) -> None:
    best = guess(graph(picture(), outputs))[0]

    assert (best.family, best.classes) == (family, classes)
    card = card_of(best, name="own", title="Own", file=FILE)
    noise = np.random.default_rng(0)
    arrays = {name: noise.random(shape, np.float32) for name, shape in outputs.items()}
    with_batch = {name: array[None] for name, array in arrays.items()}
    # Key points are None: these networks find none.
    for ours, theirs in zip(read(arrays, card)[:3], read(with_batch, card)[:3], strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert len(ours) > 0


@pytest.mark.parametrize("shape", [("batch", 1000), (1, 1000)])
def test_a_classifier_is_no_detector_without_a_batch(shape: tuple[Any, ...]) -> None:
    with pytest.raises(NotADetector, match="classifier: it returns 1000 numbers"):
        guess(graph(picture(224), {"logits": shape}))


def test_mmdetections_exports_are_offered_with_each_of_its_colours_in_any_size() -> None:
    readings = guess(
        graph({"input": ("n", 3, "h", "w")}, {"dets": ("n", "k", 5), "labels": ("n", "k")})
    )

    colours = [(form.channels, form.mean, form.std) for form in (r.open for r in readings)]
    assert ("rgb", IMAGENET_MEAN, IMAGENET_STD) in colours
    assert ("bgr", (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)) in colours
    assert ("bgr", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)) in colours
    assert {reading.family for reading in readings} == {"end2end"}
    assert not certain(readings)


# ---- honesty -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "task", "left_out"),
    [
        ({"output0": (1, 116, 8400), "output1": (1, 32, 160, 160)}, "", "masks"),
        ({"output0": (1, 300, 38), "output1": (1, 32, 160, 160)}, "segment", "masks"),
        ({"boxes": ("n", 4), "labels": ("n",), "scores": ("n",), "masks": ("n", 1, 28, 28)},
         "", "masks"),
        ({"output0": (1, 84, 8400)}, "detect", ""),
    ],
)  # fmt: skip
def test_a_card_says_which_part_of_the_answer_is_left_out(
    outputs: dict[str, tuple[Any, ...]], task: str, left_out: str
) -> None:
    best = guess(graph(picture(), outputs, task=task))[0]

    assert best.leaves_out == left_out
    summary = card_of(best, name="own", title="Own", file=FILE).summary
    assert summary.endswith("; masks are left out") == bool(left_out)
    assert ("; its masks are left out" in best.why) == bool(left_out)


def test_readings_that_are_all_poor_are_doubtful() -> None:
    poor = Reading("ssd", InputSpec(9, 9, "stretch"), guess(case("names-none"))[0].open, 3, 0.4, "")

    assert doubtful([poor, poor._replace(confidence=0.3)])
    assert not doubtful([poor, poor._replace(confidence=0.5)])


def test_a_card_says_that_the_number_of_classes_is_unknown() -> None:
    outputs = {"dets": (1, 100, 5), "labels": (1, 100)}
    best = guess(graph(picture(), outputs))[0]

    unknown = card_of(best, name="own", title="Own", file=FILE)
    named = card_of(best, name="own", title="Own", file=FILE, labels=["cat", "dog"])

    assert unknown.source["classes"] == "unknown"
    assert "classes" not in named.source
