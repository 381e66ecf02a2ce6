"""Networks of queries, anchors, peaks and finished boxes are recognised by their faces."""

from __future__ import annotations

from typing import Any

import pytest

from obscura.cards.card import Feed
from obscura.families import module
from obscura.families.common.reading import Reading
from obscura.graph.inspect import Graph, Value
from obscura.identify.guess import certain, guess

from .references import face

Shape = tuple[Any, ...]
PICTURE = {"image": (1, 3, 320, 320)}
IMAGENET = (123.675, 116.28, 103.53)


def graph(inputs: dict[str, Shape], outputs: dict[str, Shape], *operators: str) -> Graph:
    """A face; a shape may begin with the name of a type that is not float32."""

    def values(shapes: dict[str, Shape]) -> tuple[Value, ...]:
        typed = {
            name: shape if shape and str(shape[0]).startswith(("int", "uint")) else ("", *shape)
            for name, shape in shapes.items()
        }
        return tuple(Value(name, str(s[0]) or "float32", s[1:]) for name, s in typed.items())

    return Graph(
        values(inputs), values(outputs), {}, {"": 17}, frozenset({"Conv", *operators}), (), "", 1
    )


@pytest.mark.parametrize(
    ("name", "family", "classes", "options"),
    [
        ("rfdetr-coco", "detr", 90, {"scores": "sigmoid", "none": "first"}),
        ("rfdetr", "detr", 5, {"scores": "sigmoid", "none": "last"}),
        ("detr", "detr", 5, {"scores": "softmax", "none": "last"}),
        ("rtdetr-raw", "detr", 5, {"scores": "sigmoid", "none": "no"}),
        ("rtdetr", "rtdetr", 0, {}),
        ("dfine", "rtdetr", 0, {}),
        ("centernet", "centernet", 5, {"layout": "nchw", "logits": True}),
        ("efficientdet-d0", "efficientdet", 90, {"layout": "nchw"}),
        ("efficientdet", "efficientdet", 5, {"layout": "nchw", "anchor_scale": 3.0}),
        ("faster-rcnn", "end2end", 0, {"boxes": "boxes", "classes": "labels", "first": 1}),
    ],
)
def test_exports_of_real_projects_are_recognised(
    name: str, family: str, classes: int, options: dict[str, Any]
) -> None:
    readings = module(family).recognise(face(name))

    best = max(readings, key=lambda reading: reading.confidence)
    assert best.classes == classes
    assert options.items() <= best.open.options.items()
    assert guess(face(name))[0].family == family


def test_detr_is_fed_its_mask_and_colours_as_imagenet_has_them() -> None:
    (best, *_) = guess(face("detr"))

    assert best.open.feeds == (Feed("pixel_mask", "mask", "int64"),)
    assert best.open.mean == IMAGENET


def test_rtdetr_is_told_the_size_of_its_own_input() -> None:
    (best,) = module("rtdetr").recognise(face("rtdetr"))

    assert best.open.feeds == (Feed("orig_target_sizes", "size_wh", "int64"),)
    assert best.open.std == (255.0,) * 3


def test_centernets_own_colours_go_first_where_the_outputs_have_its_names() -> None:
    (best, *_) = module("centernet").recognise(face("centernet"))

    assert (best.open.channels, best.input.resize) == ("bgr", "letterbox")
    assert best.open.mean == (104.04, 113.985, 119.85)


# what a network returns, the best reading's family, classes, and options
CASES: dict[str, tuple[Graph, str, int, dict[str, Any]]] = {
    "TensorFlow's SSD before suppression": (
        graph(
            {"input": ("uint8", 1, 300, 300, 3)},
            {"raw_detection_boxes": (1, 1917, 4), "raw_detection_scores": (1, 1917, 91)},
        ),
        "ssd", 90, {"order": "yxyx", "background": True},
    ),
    "YOLO-NAS, a box and scores for each cell": (
        graph({"input": (1, 3, 320, 320)}, {"a": (1, 2100, 4), "b": (1, 2100, 80)}),
        "ssd", 80, {"order": "xyxy", "background": False, "pixels": True},
    ),
    "CenterNet from Keras, sigmoid inside": (
        graph(
            {"image": (1, 160, 160, 3)},
            {"heat": (1, 40, 40, 5), "size": (1, 40, 40, 2), "offset": (1, 40, 40, 2)},
            "Sigmoid",
        ),
        "centernet", 5, {"layout": "nhwc", "logits": False},
    ),
    "CenterNet that tells the reach to four sides": (
        graph(PICTURE, {"a": (1, 4, 80, 80), "b": (1, 20, 80, 80)}, "Sigmoid"),
        "centernet", 20, {"unit": 1.0},
    ),
    "DETR for COCO, its sizes left open": (
        graph(
            {"pixel_values": ("batch", 3, "h", "w"), "pixel_mask": ("int64", "batch", "h", "w")},
            {"logits": ("batch", "q", 92), "pred_boxes": ("batch", "q", 4),
             "last_hidden_state": ("batch", "q", 256)},
        ),
        "detr", 90, {"scores": "softmax", "none": "both"},
    ),
    "RT-DETR before its post-processing": (
        graph(
            {"images": (1, 3, 640, 640)},
            {"pred_boxes": (1, 300, 4), "pred_logits": (1, 300, 80)},
            "GridSample",
        ),
        "detr", 80, {"scores": "sigmoid", "none": "no"},
    ),
    "TensorFlow's eight outputs": (
        graph(
            {"input_tensor": ("uint8", 1, 320, 320, 3)},
            {"detection_anchor_indices": (1, 100), "detection_boxes": (1, 100, 4),
             "detection_classes": (1, 100), "detection_multiclass_scores": (1, 100, 91),
             "detection_scores": (1, 100), "num_detections": (1,),
             "raw_detection_boxes": (1, 1917, 4), "raw_detection_scores": (1, 1917, 91)},
        ),
        "end2end", 0,
        {"boxes": "detection_boxes", "scores": "detection_scores", "count": "num_detections",
         "classes": "detection_classes", "order": "yxyx", "pixels": False, "first": 1},
    ),
    "TFLite's post-processing": (
        graph(
            {"image": (1, 320, 320, 3)},
            {"TFLite_Detection_PostProcess": (1, 25, 4), "TFLite_Detection_PostProcess:1": (1, 25),
             "TFLite_Detection_PostProcess:2": (1, 25), "TFLite_Detection_PostProcess:3": (1,)},
        ),
        "end2end", 0,
        {"classes": "TFLite_Detection_PostProcess:1", "scores": "TFLite_Detection_PostProcess:2",
         "count": "TFLite_Detection_PostProcess:3", "order": "yxyx", "pixels": False},
    ),
    "MMDetection": (
        graph({"input": (1, 3, "h", "w")}, {"dets": (1, "n", 5), "labels": ("int64", 1, "n")}),
        "end2end", 0, {"boxes": "dets", "classes": "labels", "pixels": True, "first": 0},
    ),
    "PaddleDetection": (
        graph(
            {"im_shape": (1, 2), "image": (1, 3, 640, 640), "scale_factor": (1, 2)},
            {"multiclass_nms3_0.tmp_0": ("n", 6), "multiclass_nms3_0.tmp_2": ("int32", 1)},
        ),
        "end2end", 0, {"count": "multiclass_nms3_0.tmp_2", "pixels": True},
    ),
    "YOLO end to end as TensorRT has it": (
        graph(
            {"images": (1, 3, 640, 640)},
            {"num_dets": ("int32", 1, 1), "det_boxes": (1, 100, 4), "det_scores": (1, 100),
             "det_classes": ("int32", 1, 100)},
        ),
        "end2end", 0, {"count": "num_dets", "scores": "det_scores", "first": 0},
    ),
    "boxes, scores and classes in no particular order": (
        graph(PICTURE, {"classes": ("int64", "m"), "boxes": ("m", 4), "scores": ("m",)}),
        "end2end", 0, {"classes": "classes", "scores": "scores", "first": 0, "pixels": True},
    ),
    "YOLOv7 with picture, box, class and score in a row": (
        graph(PICTURE, {"output": ("n", 7)}), "end2end", 0, {"boxes": "output"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_layouts_are_recognised_by_names_shapes_and_types(case: str) -> None:
    network, family, classes, options = CASES[case]

    best = max(module(family).recognise(network), key=lambda reading: reading.confidence)

    assert (best.family, best.classes) == (family, classes)
    assert options.items() <= best.open.options.items()
    assert guess(network)[0].family == family


def test_what_shapes_cannot_tell_is_asked() -> None:
    """Four outputs without telling names: which holds the scores, which the classes?"""
    outputs = {"a:0": (1, 25), "a:1": (1, 25, 4), "a:2": (1,), "a:3": (1, 25)}

    readings = guess(graph({"image": ("uint8", 1, 320, 320, 3)}, outputs))

    assert not certain(readings)
    assert {reading.open.options["scores"] for reading in readings} == {"a:0", "a:3"}


@pytest.mark.parametrize("outputs", [
    {"boxes": (1, 100, 4)},
    {"boxes": (1, 100, 4), "logits": (1, 90, 80)},
    {"probabilities": (1, 1000)},
    {"heat": (1, 80, 64, 64), "size": (1, 2, 32, 32)},
    {"a": (1, 80, 64, 64), "b": (1, 3, 64, 64)},
    {f"output{i}": (1, 9 * (i + 1), 8, 8) for i in range(10)},
    {"dets": (1, 100, 5)},
])  # fmt: skip
def test_other_shapes_are_none_of_these(outputs: dict[str, Shape]) -> None:
    readings: list[Reading] = [
        reading
        for family in ("ssd", "centernet", "detr", "rtdetr", "efficientdet", "end2end")
        for reading in module(family).recognise(graph(PICTURE, outputs))
    ]

    assert readings == []
