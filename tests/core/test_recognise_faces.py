"""Networks of anchors, most of which find faces, are recognised by the shapes of their outputs."""

from __future__ import annotations

from typing import Any

import pytest

from obscura.families.common.reading import Reading
from obscura.graph.inspect import Graph, Value
from obscura.identify.guess import certain, guess

Shape = tuple[Any, ...]
DETECTORS = ("scrfd", "retinaface", "mediapipe", "fastestv2", "ssd_raw")


def graph(picture: Shape, outputs: dict[str, Shape], *operators: str, **metadata: str) -> Graph:
    """A network of float32 with one input."""
    values = tuple(Value(name, "float32", shape) for name, shape in outputs.items())
    inputs = (Value("input", "float32", picture),)
    kinds = frozenset({"Conv", *operators})
    return Graph(inputs, values, metadata, {"": 11}, kinds, (), "", 1)


def insightface(rows: list[Any], width: Any = 640, batch: tuple[int, ...] = ()) -> Graph:
    """As InsightFace exports SCRFD: outputs have the numbers of their nodes for names."""
    outputs = {
        f"{number}": (*batch, count, columns)
        for number, (count, columns) in enumerate(
            ((count, columns) for columns in (1, 4, 10) for count in rows), 448
        )
    }
    return graph((1, 3, width, width), outputs, "Sigmoid")


@pytest.mark.parametrize(
    ("network", "size"),
    [
        (insightface([12800, 3200, 800]), (640, 640)),
        (insightface([12800, 3200, 800], batch=(1,)), (640, 640)),
        (insightface(["?", "?", "?"], "?"), (640, 640)),
        (insightface([3200, 800, 200], "?"), (320, 320)),
    ],
)
def test_scrfd_is_known_whether_or_not_its_sizes_are(network: Graph, size: tuple[int, int]) -> None:
    readings = guess(network)
    best = readings[0]

    assert certain(readings)
    assert (best.family, best.labels, best.input[:2]) == ("scrfd", ("face",), size)
    assert (best.open.channels, best.open.mean[0], best.open.std[0]) == ("rgb", 127.5, 128.0)
    assert best.input.resize == "letterbox-corner"


def test_an_input_of_bytes_takes_pixels_as_they_are() -> None:
    network = insightface([12800, 3200, 800])
    network = network._replace(inputs=(network.inputs[0]._replace(dtype="uint8"),))

    form = guess(network)[0].open

    assert (form.dtype, form.mean, form.std) == ("uint8", (0, 0, 0), (1, 1, 1))


def test_scrfd_of_five_strides_is_read_with_one_anchor_a_cell() -> None:
    best = guess(insightface([6400, 1600, 400, 100, 25]))[0]

    assert (best.family, best.open.options["anchors"]) == ("scrfd", 1)


def retina(rows: Any, side: Any, *operators: str) -> Graph:
    outputs = {"loc": (1, rows, 4), "conf": (1, rows, 2), "landms": (1, rows, 10)}
    return graph((1, 3, side, side), outputs, *operators)


def test_retinaface_is_fed_blue_first_and_less_its_means() -> None:
    readings = guess(retina(16800, 640, "Softmax"))
    best = readings[0]

    assert certain(readings)
    assert (best.family, best.classes, best.labels) == ("retinaface", 1, ("face",))
    assert (best.open.channels, best.open.mean, best.open.std) == (
        "bgr", (104, 117, 123), (1, 1, 1),
    )  # fmt: skip
    assert best.open.options == {"softmax": False}
    assert guess(retina(16800, 640))[0].open.options == {"softmax": True}


def test_slim_is_retinaface_with_other_anchors_and_known_by_their_number() -> None:
    (best,) = guess(retina(23500, 640, "Softmax"))

    assert best.family == "retinaface"
    assert best.open.options["each"] == [3, 2, 2, 3]
    assert guess(retina("rows", "side", "Softmax"))[0].open.options == {"softmax": False}


@pytest.mark.parametrize(
    ("picture", "rows", "columns", "label", "strides", "mean", "std"),
    [
        ((1, 128, 128, 3), 896, 16, "face", [8, 16], 127.5, 127.5),
        ((1, 3, 192, 192), 2304, 16, "face", [4], 127.5, 127.5),
        ((1, 256, 256, 3), 896, 16, "face", [16, 32], 127.5, 127.5),
        ((1, 192, 192, 3), 2016, 18, "palm", [8, 16], 0, 255),
        ((1, 256, 256, 3), 2944, 18, "palm", [8, 16, 32], 127.5, 127.5),
        ((1, 3, "h", "w"), 2304, 16, "face", [4], 127.5, 127.5),
    ],
)
def test_mediapipes_networks_are_known_by_their_size_and_rows(
    picture: Shape, rows: int, columns: int, label: str, strides: list[int], mean: float, std: float
) -> None:
    outputs = {"Identity": (1, rows, columns), "Identity_1": (1, rows, 1)}

    readings = guess(graph(picture, outputs))
    best = readings[0]

    assert certain(readings)
    assert (best.family, best.labels) == ("mediapipe", (label,))
    assert best.open.options["strides"] == strides
    assert (best.open.mean[0], best.open.std[0]) == (mean, std)


def test_blazeface_may_have_its_outputs_map_by_map() -> None:
    outputs = {
        "box_coords_1": (1, 512, 16), "box_coords_2": (1, 384, 16),
        "box_scores_1": (1, 512, 1), "box_scores_2": (1, 384, 1),
    }  # fmt: skip

    best = guess(graph((1, 3, 256, 256), outputs))[0]

    assert (best.family, best.open.options["strides"]) == ("mediapipe", [16, 32])


def test_sixteen_columns_of_yolov5_are_asked_about_with_points_first() -> None:
    network = graph((1, 3, 640, 640), {"output": (1, 25200, 16)}, "Sigmoid")

    readings = guess(network)

    assert not certain(readings)
    assert [reading.classes for reading in readings[:2]] == [1, 11]
    assert readings[0].open.options == {"points": 5, "extra": 10, "extra_first": True}
    assert readings[0].labels == ("face",)


def test_names_of_eleven_classes_settle_it() -> None:
    names = str({number: f"thing {number}" for number in range(11)})
    network = graph((1, 3, 640, 640), {"output": (1, 25200, 16)}, "Sigmoid", names=names)

    readings = guess(network)

    assert certain(readings)
    assert (readings[0].classes, readings[0].labels[1]) == (11, "thing 1")
    assert "points" not in readings[0].open.options


@pytest.mark.parametrize(("columns", "label", "points"), [(21, "face", 5), (57, "person", 17)])
def test_yolov7_with_points_is_offered(columns: int, label: str, points: int) -> None:
    best = guess(graph((1, 3, 640, 640), {"output": (1, 25200, columns)}, "Sigmoid"))[0]

    assert (best.family, best.labels, best.open.options["points"]) == ("yolov5", (label,), points)


def test_maps_of_yolov5_face_have_its_own_anchors() -> None:
    maps = {f"stride_{s}": (1, 3, 640 // s, 640 // s, 16) for s in (8, 16, 32)}

    best = guess(graph((1, 3, 640, 640), maps))[0]

    assert (best.family, best.labels) == ("yolov5", ("face",))
    assert best.open.options["anchors"][:2] == [4.0, 5.0]


def ultraface(*operators: str) -> list[Reading]:
    outputs = {"scores": (1, 4420, 2), "boxes": (1, 4420, 4)}
    return guess(graph((1, 3, 240, 320), outputs, "Softmax", *operators))


def test_ultraface_is_decoded_if_and_only_if_it_has_an_exponential() -> None:
    finished, raw = ultraface("Exp"), ultraface()

    assert certain(finished)
    assert certain(raw)
    assert (finished[0].family, raw[0].family) == ("ssd", "ssd_raw")
    assert raw[0].open.options == {"anchors": "ultraface", "scores": "none"}
    for best in (finished[0], raw[0]):
        assert (best.labels, best.input) == (("face",), (320, 240, "stretch"))
        assert (best.open.mean[0], best.open.std[0]) == (127.0, 128.0)


@pytest.mark.parametrize(
    ("side", "outputs", "operators", "classes", "options"),
    [
        (
            300, {"box_encodings": (1, 1917, 4), "class_predictions": (1, 1917, 91)}, ("Sigmoid",),
            90, {"anchors": "tensorflow", "scores": "none"},
        ),
        (
            320, {"concat": (1, 2034, 1, 4), "concat_1": (1, 2034, 91)}, (),
            90, {"anchors": "tensorflow", "scores": "sigmoid"},
        ),
        (
            300, {"loc": (1, 8732, 4), "conf": (1, 8732, 21)}, (),
            20, {"anchors": "ssd300", "scores": "softmax"},
        ),
        (
            300, {"loc": (1, 8732, 4), "conf": (1, 8732, 81)}, ("Softmax",),
            80, {"anchors": "ssd300-coco", "scores": "none"},
        ),
    ],
)  # fmt: skip
def test_an_ssd_that_leaves_its_boxes_undecoded_is_known_by_the_number_of_its_anchors(
    side: int, outputs: dict[str, Shape], operators: tuple[str, ...], classes: int,
    options: dict[str, str],
) -> None:  # fmt: skip
    best = guess(graph((1, 3, side, side), outputs, *operators))[0]

    assert (best.family, best.classes) == ("ssd_raw", classes)
    assert best.open.options == options


def test_boxes_that_tensorflow_calls_decoded_are_not_decoded_again() -> None:
    outputs = {"raw_detection_boxes": (1, 1917, 4), "raw_detection_scores": (1, 1917, 91)}

    assert {reading.family for reading in guess(graph((1, 300, 300, 3), outputs))} == {"ssd"}


def test_yolo_fastestv2_is_known_by_its_two_maps() -> None:
    maps = {"794": (1, 22, 22, 95), "796": (1, 11, 11, 95)}

    readings = guess(graph((1, 3, 352, 352), maps, "Sigmoid", "Softmax"))
    best = readings[0]

    assert certain(readings)
    assert (best.family, best.classes) == ("fastestv2", 80)
    assert (best.open.channels, best.input) == ("bgr", (352, 352, "stretch"))


def test_two_maps_of_yolov3_tiny_are_not_taken_for_yolo_fastestv2() -> None:
    """Three times 85 columns could be 15 and 240."""
    maps = {"fine": (1, 26, 26, 255), "coarse": (1, 13, 13, 255)}

    assert not certain(guess(graph((1, 416, 416, 3), maps, "Sigmoid")))


@pytest.mark.parametrize(
    "outputs",
    [
        {"loc": (1, 16800, 4), "conf": (1, 16800, 2)},
        {"loc": (1, 100, 4), "conf": (1, 100, 2), "landms": (1, 100, 10)},
        {"loc": (1, 16800, 4), "conf": (1, 16799, 2), "landms": (1, 16800, 10)},
        {"regressors": (1, 900, 16), "classificators": (1, 900, 1)},
        {"regressors": (1, 896, 15), "classificators": (1, 896, 1)},
        {"a": (1, 22, 22, 95), "b": (1, 11, 11, 96)},
        {"a": (1, 22, 22, 15), "b": (1, 11, 11, 15)},
        {f"{i}": (100, columns) for i, columns in enumerate((1, 1, 1, 4, 4, 4, 10, 10, 10))},
        {"boxes": (1, 1917, 4), "scores": (1, 1916, 91)},
        {"boxes": (), "scores": ()},
    ],
)
def test_other_shapes_are_none_of_these(outputs: dict[str, Shape]) -> None:
    from obscura.families import module

    found = [
        reading
        for family in DETECTORS
        for reading in module(family).recognise(graph((1, 3, 640, 640), outputs))
    ]

    assert found == []
