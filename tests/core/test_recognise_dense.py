"""The guess over networks of one row a cell: as their projects export them, and as people do."""

from __future__ import annotations

from typing import Any

import pytest

from obscura.cards.card import InputSpec
from obscura.errors import NotADetector
from obscura.families.common.reading import Reading
from obscura.graph.inspect import Graph, Value
from obscura.identify.guess import certain, guess, refined

from .references import face

IMAGENET = (123.675, 116.28, 103.53)
UNIT = (255.0, 255.0, 255.0)


def graph(
    outputs: dict[str, tuple[Any, ...]],
    side: Any = 640,
    *,
    image: str = "images",
    dtype: str = "float32",
    operators: frozenset[str] = frozenset({"Conv", "Sigmoid"}),
    **metadata: str,
) -> Graph:
    values = tuple(Value(name, "float32", shape) for name, shape in outputs.items())
    picture = Value(image, dtype, (1, 3, side, side))
    return Graph((picture,), values, metadata, {"": 17}, operators, (), "pytorch", 1000)


def told(reading: Reading) -> tuple[str, InputSpec, str, int]:
    return reading.family, reading.input, reading.open.channels, reading.classes


@pytest.mark.parametrize(
    ("name", "family", "size", "resize", "channels", "options"),
    [
        ("yolox-nano", "yolox", 416, "letterbox-corner", "bgr", {"decoded": False}),
        ("yolox-nano-decoded", "yolox", 416, "letterbox-corner", "bgr", {"decoded": True}),
        ("picodet-s", "picodet", 320, "stretch", "rgb", {"strides": [8, 16, 32, 64]}),
        ("libreyolo-yolox", "yolox", 416, "letterbox-corner", "bgr", {"decoded": True}),
        ("libreyolo-yolov7", "yolov8", 640, "letterbox-corner", "rgb", {"boxes": "xyxy"}),
        ("libreyolo-yolov9", "yolov8", 640, "letterbox-corner", "rgb", {"boxes": "xyxy"}),
        ("libreyolo-yolov9-e2e", "yolov10", 640, "letterbox-corner", "rgb", {"dense": True}),
        ("libreyolo-picodet", "yolov8", 320, "stretch", "rgb", {"boxes": "xyxy"}),
    ],
)
def test_an_export_is_known_for_certain(
    name: str, family: str, size: int, resize: str, channels: str, options: dict[str, Any]
) -> None:
    found = guess(face(name))

    assert told(found[0]) == (family, InputSpec(size, size, resize), channels, 80)
    assert found[0].open.options.items() >= options.items()
    assert certain(found)


def test_faces_are_called_faces() -> None:
    found = guess(face("yunet"))

    assert found[0].family == "yunet"
    assert found[0].labels == ("face",)
    assert certain(found)


def test_an_export_that_leaves_its_shapes_open_is_known_once_it_ran() -> None:
    open_face = face("yolox-nano-batch")
    assert not isinstance(open_face.outputs[0].shape[2], int)

    found = guess(refined(open_face, (416, 416), {"output": (1, 3549, 85)}))

    assert told(found[0]) == ("yolox", InputSpec(416, 416, "letterbox-corner"), "bgr", 80)
    assert certain(found)


@pytest.mark.parametrize("rows", [8400, "anchors"], ids=["fixed", "dynamic"])
@pytest.mark.parametrize("side", [640, "height"], ids=["size fixed", "size dynamic"])
def test_columns_before_rows_are_yolov8s(rows: Any, side: Any) -> None:
    found = guess(graph({"output0": (1, 84, rows)}, side))

    assert told(found[0]) == ("yolov8", InputSpec(640, 640, "letterbox"), "rgb", 80)
    assert found[0].open.std == UNIT
    assert found[0].open.options["boxes"] == "cxcywh"
    assert certain(found)


def test_a_half_precision_network_is_fed_half_precision() -> None:
    assert guess(graph({"output0": (1, 84, 8400)}, dtype="float16"))[0].open.dtype == "float16"


@pytest.mark.parametrize(
    ("outputs", "metadata", "classes", "extra"),
    [
        ({"output0": (1, 116, 8400), "output1": (1, 32, 160, 160)}, {"task": "segment"}, 80, 32),
        ({"output0": (1, 116, 8400), "output1": (1, 32, 160, 160)}, {}, 80, 32),
        ({"output0": (1, 56, 8400)}, {"task": "pose", "kpt_shape": "[17, 3]"}, 1, 51),
        ({"output0": (1, 13, 8400)}, {"task": "pose", "kpt_shape": "[4, 2]"}, 1, 8),
        ({"output0": (1, 56, 8400)}, {"task": "detect"}, 52, 0),
        ({"output0": (1, 56, 8400)}, {}, 1, 51),
    ],
)
def test_columns_of_masks_and_key_points_are_no_classes(
    outputs: dict[str, tuple[int, ...]], metadata: dict[str, str], classes: int, extra: int
) -> None:
    best = guess(graph(outputs, **metadata))[0]

    assert (best.family, best.classes) == ("yolov8", classes)
    assert best.open.options["extra"] == extra


def test_a_head_of_its_own_strides_is_believed_if_it_says_what_it_does() -> None:
    own = graph({"output0": (1, 8, 400)}, 160, task="detect", names="['a', 'b', 'c', 'd']")

    found = guess(own)

    assert told(found[0]) == ("yolov8", InputSpec(160, 160, "letterbox"), "rgb", 4)
    assert certain(found)
    assert not certain(guess(own._replace(metadata={})))


@pytest.mark.parametrize(
    ("columns", "family", "classes"), [(85, "yolox", 80), (84, "yolov8", 80), (112, "nanodet", 80)]
)
def test_rows_of_one_a_cell_are_told_apart_by_a_usual_number_of_classes(
    columns: int, family: str, classes: int
) -> None:
    best = guess(graph({"output": (1, 2100, columns)}, 320, image="data"))[0]

    assert (best.family, best.classes) == (family, classes)


def test_names_tell_yolov8_turned_from_yolox() -> None:
    rows = {"output": (1, 8400, 8)}

    assert guess(graph(rows, names="['a', 'b', 'c']"))[0].family == "yolox"
    assert told(guess(graph(rows, names="['a', 'b', 'c', 'd']"))[0])[::3] == ("yolov8", 4)


@pytest.mark.parametrize(
    ("outputs", "side", "family", "resize", "classes"),
    [
        ({"output0": (1, 25200, 85)}, 640, "yolov5", "letterbox", 80),
        ({"output0": (1, 25200, 7)}, "side", "yolov5", "letterbox", 2),
        ({"output0": (1, 102000, 85)}, 1280, "yolov5", "letterbox", 80),  # P6
        (
            {"output0": (1, 25200, 117), "output1": (1, 32, 160, 160)},
            640,
            "yolov5",
            "letterbox",
            80,
        ),
        ({"output": (1, 8500, 9)}, 640, "yolox", "letterbox-corner", 4),  # of a fourth stride
        ({"output0": (1, 300, 6)}, 640, "yolov10", "letterbox", 0),
        ({"output": (1, 3598, 112)}, 416, "nanodet", "stretch", 80),  # Plus
        ({"output": (1, 2125, 35)}, 320, "nanodet", "stretch", 3),
        ({"output": (1, 85, 22, 22)}, 352, "fastestdet", "stretch", 80),
        ({"boxes": (1, 2125, 4), "scores": (1, 80, 2125)}, 320, "picodet", "stretch", 80),
        ({"a": (1, 80, 8400), "b": (1, 8400, 4)}, 640, "picodet", "stretch", 80),  # PP-YOLOE
    ],
)
def test_shapes_alone_are_enough(
    outputs: dict[str, tuple[int, ...]], side: Any, family: str, resize: str, classes: int
) -> None:
    best = guess(graph(outputs, side))[0]

    side = 640 if side == "side" else side
    assert (best.family, best.input) == (family, InputSpec(side, side, resize))
    assert best.classes == classes


def test_pairs_a_stride_are_nanodets_for_three_and_picodets_for_four() -> None:
    def pairs(counts: tuple[int, ...], names: tuple[str, str]) -> dict[str, tuple[int, ...]]:
        return {
            f"{name}_{count}": (1, count, columns)
            for name, columns in zip(names, (80, 32), strict=True)
            for count in counts
        }

    three = guess(graph(pairs((1600, 400, 100), ("cls_pred", "dis_pred")), 320))[0]
    four = guess(graph(pairs((1600, 400, 100, 25), ("x", "y")), 320))[0]

    assert (three.family, three.input.resize, three.open.channels) == (
        "nanodet",
        "letterbox",
        "bgr",
    )
    assert three.open.options["offset"] == 0.5
    assert (four.family, four.input.resize, four.open.mean) == ("picodet", "stretch", IMAGENET)


def test_undecoded_maps_leave_open_whose_anchors_they_are() -> None:
    maps = {f"{side}": (1, 3, side, side, 85) for side in (80, 40, 20)}

    found = guess(graph(maps))

    assert [reading.family for reading in found[:2]] == ["yolov5", "yolov5"]
    assert ["YOLOv5" in found[0].why, "YOLOv7" in found[1].why] == [True, True]
    assert not certain(found)


def test_paddles_other_inputs_are_fed() -> None:
    whole = graph({"boxes": (1, 2125, 4), "scores": (1, 80, 2125)}, 320, image="image")
    scale = Value("scale_factor", "float32", (1, 2))

    best = guess(whole._replace(inputs=(*whole.inputs, scale)))[0]

    assert [(feed.name, feed.value) for feed in best.open.feeds] == [("scale_factor", "scale")]


def test_more_classes_than_a_card_can_name_are_not_believed() -> None:
    with pytest.raises(NotADetector):
        guess(graph({"output0": (1, 10**12, 10**13)}, task="detect"))
