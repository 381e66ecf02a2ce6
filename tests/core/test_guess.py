"""The guess: how a network wants to be fed and read, told by its face and its metadata."""

from __future__ import annotations

from typing import Any

import pytest

from obscura import families
from obscura.cards.card import InputSpec, ModelCard, ModelFile, OpenForm
from obscura.cards.labels import COCO, VOC, known, numbered
from obscura.errors import CardError, LabelsError, ModelExternal, NotADetector
from obscura.families.common.reading import Reading
from obscura.graph.inspect import Graph, Value
from obscura.identify.guess import card_of, certain, guess, refined, to_table

ULTRALYTICS = {
    "description": "Ultralytics YOLOX model trained on my data",
    "author": "Ultralytics",
    "stride": "32",
    "task": "detect",
    "batch": "1",
    "imgsz": "[320, 416]",
    "names": "{0: 'cup', 1: \"cat's paw\"}",
}
FILE = ModelFile("own.onnx", 7, "0" * 64)


@pytest.fixture(autouse=True)
def three_families(monkeypatch: pytest.MonkeyPatch) -> None:
    """How readings are weighed does not depend on which families there are."""
    three = {name: families.FAMILIES[name] for name in ("ssd", "centernet", "yolox")}
    monkeypatch.setattr(families, "FAMILIES", three)


def graph(
    inputs: dict[str, tuple[Any, ...]], outputs: dict[str, tuple[Any, ...]], **more: Any
) -> Graph:
    """A face; a shape may begin with the name of a type that is not float32."""

    def values(shapes: dict[str, tuple[Any, ...]]) -> tuple[Value, ...]:
        return tuple(
            Value(name, shape[0], shape[1:])
            if shape and shape[0] in ("uint8", "int64", "float64")
            else Value(name, "float32", shape)
            for name, shape in shapes.items()
        )

    empty = Graph((), (), {}, {"": 17}, frozenset({"Conv"}), (), "pytorch", 1000)
    return empty._replace(inputs=values(inputs), outputs=values(outputs), **more)


def yolox(rows: Any = 3549, columns: int = 85, side: Any = 416, **metadata: str) -> Graph:
    return graph(
        {"images": (1, 3, side, side)}, {"output": (1, rows, columns)}, metadata=dict(metadata)
    )


def test_a_network_without_metadata_is_known_by_its_shapes() -> None:
    best, *others = guess(yolox())

    assert (best.family, best.classes) == ("yolox", 80)
    assert best.input == InputSpec(416, 416, "letterbox-corner")
    assert certain([best, *others])


def test_class_names_are_those_of_a_well_known_list_of_as_many() -> None:
    (best,) = guess(yolox())

    assert best.labels == COCO
    assert "80 classes, as COCO has" in best.why


def test_an_unusual_number_of_classes_is_left_without_names() -> None:
    assert guess(yolox(columns=8))[0].labels == ()


@pytest.mark.parametrize("key", ["names", "classes", "class_names", "labels"])
def test_metadata_names_the_classes(key: str) -> None:
    (best,) = guess(yolox(columns=7, **{key: '["cup", "cat"]'}))

    assert best.labels == ("cup", "cat")
    assert "names its 2 classes" in best.why


def test_metadata_that_names_another_number_of_classes_is_held_against_a_reading() -> None:
    with_doubt = guess(yolox(columns=8, names="['cup', 'cat']"))

    assert not certain(with_doubt)
    assert with_doubt[0].labels == ()
    assert "names 2 classes, not 3" in with_doubt[0].why


def test_what_ultralytics_embeds_gives_size_and_names() -> None:
    bare = yolox(rows="anchors", columns=7, side="height")

    best = guess(bare._replace(metadata=ULTRALYTICS))[0]

    assert best.input == InputSpec(416, 320, "letterbox-corner")
    assert best.labels == ("cup", "cat's paw")
    assert best.confidence > guess(bare)[0].confidence
    assert "the file says so" in best.why


@pytest.mark.parametrize(
    ("text", "size"),
    [("640", 640), ("[640, 640]", 640), ("640x640", 640), ("[1, 3, 640, 640]", 640),
     ("(1, 640, 640, 3)", 640), ("banana", 320), ("", 320), ("[0, 0]", 320), ("99999", 320)],
)  # fmt: skip
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    """Where they make no sense, the number of rows decides."""
    rows = "rows" if size == 640 else 2100

    (best,) = guess(yolox(rows=rows, side="side", imgsz=text))

    assert best.input[:2] == (size, size)


def test_a_told_size_that_does_not_fit_the_rows_is_not_believed() -> None:
    (best,) = guess(yolox(rows=2100, side="side", imgsz="640"))

    assert best.input[:2] == (320, 320)


@pytest.mark.parametrize(
    ("task", "does"),
    [("classify", "whole image"), ("obb", "rotated boxes"), ("semantic", "each pixel")],
)
def test_other_tasks_are_refused_by_what_they_do(task: str, does: str) -> None:
    with pytest.raises(NotADetector, match=does):
        guess(yolox(task=task))


def test_readings_of_all_families_come_best_first() -> None:
    found = guess(
        graph({"input": (1, 3, 300, 300)}, {"scores": (1, 3000, 21), "boxes": (1, 3000, 4)})
    )

    assert [reading.family for reading in found] == ["ssd"] * len(found)
    assert [reading.confidence for reading in found] == sorted(
        (reading.confidence for reading in found), reverse=True
    )
    assert not certain(found)
    assert {reading.labels for reading in found} == {VOC, ()}  # 20 and a background, or 21


def test_class_names_that_somebody_gives_decide() -> None:
    face = graph({"input": (1, 3, 300, 300)}, {"scores": (1, 3000, 3), "boxes": (1, 3000, 4)})

    found = guess(face, ("a", "b", "c"))

    assert {reading.classes for reading in found} == {3}
    assert {reading.labels for reading in found} == {("a", "b", "c")}


def test_a_wrong_number_of_given_names_is_an_error_that_says_both() -> None:
    with pytest.raises(LabelsError, match="You gave 2 names, but this model has 80 classes"):
        guess(yolox(), ("a", "b"))


def test_cocos_eighty_names_do_for_networks_that_count_its_ids() -> None:
    (best,) = guess(yolox(columns=96), COCO)

    assert best.labels == known(91).labels


def test_a_run_tells_what_the_file_left_open() -> None:
    face = graph({"images": ("n", 3, "h", "w")}, {"output": ("", "", "")})
    with pytest.raises(NotADetector, match="does not describe what"):
        guess(face)

    (best,) = guess(refined(face, (416, 416), {"output": (1, 3549, 85)}))

    assert (best.family, best.input.width) == ("yolox", 416)


def test_weights_in_other_files_are_named() -> None:
    with pytest.raises(ModelExternal, match=r"b\.data.*onnx\.save"):
        guess(yolox()._replace(external=("b.data",)))


@pytest.mark.parametrize(
    ("face", "sentence"),
    [
        (graph({}, {"y": (1, 5)}), r"does not take images \(no inputs\)"),
        (graph({"ids": ("int64", 1, 128)}, {"y": (1, 5)}), r"does not take images \(ids int64"),
        (graph({"x": (4, 3, 640, 640)}, {"y": (4, 9, 85)}), "takes 4 images at once.*batch"),
        (graph({"x": ("float64", 1, 3, 64, 64)}, {"y": (1, 9, 85)}), "as float64.*float32"),
        (graph({"x": (1, 7, 64, 64)}, {"y": (1, 9, 85)}), "one or three colour channels"),
        (graph({"x": (640, 640, 3)}, {"y": (9, 85)}), "without a batch.*four dimensions"),
        (graph({"x": (3, 640, 640)}, {"y": (9, 85)}), "no detector that"),
        (graph({"a": (1, 3, 9, 9), "b": (1, 3, 9, 9)}, {"y": (1, 5)}), "several images"),
        (yolox(columns=2**60), "no detector that"),
        (yolox(side=2**40), "no detector that"),
        (graph({"x": (1, 3, 224, 224)}, {"y": (1, 1000)}), "classifier: it returns 1000 numbers"),
        (graph({"x": (1, 3, 224, 224)}, {"y": ("n", 512, 1, 1)}), "it returns 512 numbers"),
        (graph({"x": (1, 3, 512, 512)}, {"y": (1, 19, 512, 512)}), "each pixel"),
        (graph({"x": (1, 3, 64, 64)}, {"a": (1, 2, 2), "b": (1, 7)}), "no detector that"),
        (graph({"x": (1, 3, 64, 64)}, {"a": ()}), "does not describe what"),
        (graph({"x": (1, 3, 64, 64)}, {"a": ("n", "dim_1", "dim_2")}), "does not describe what"),
        (graph({"image": ("uint8", 1, "h", "w", 4)},
               {"boxes": (1, 9, 4), "scores": (1, 9), "classes": (1, 9)}), r"own.*model\.toml"),
    ],
)  # fmt: skip
def test_what_is_no_detector_is_told_what_it_looks_like(face: Graph, sentence: str) -> None:
    with pytest.raises(NotADetector, match=sentence):
        guess(face)


@pytest.fixture
def reading() -> Reading:
    form = OpenForm("images", std=(255.0,) * 3, options={"strides": [8, 16]})
    return Reading("yolox", InputSpec(416, 320, "letterbox"), form, 3, 0.9, "why", threshold=0.3)


def test_a_reading_becomes_a_card(reading: Reading) -> None:
    card = card_of(reading, name="own", title="Own", file=FILE, labels=["a", "b", "c"])

    assert (card.name, card.title, card.family) == ("own", "Own", "yolox")
    assert (card.input, card.open, card.file) == (reading.input, reading.open, FILE)
    assert (card.threshold, card.iou) == (0.3, 0.5)
    assert card.labels == ("a", "b", "c")
    assert families.spec(card).options["strides"] == [8, 16]


@pytest.mark.parametrize(
    ("change", "labels"),
    [
        ({}, ("class 1", "class 2", "class 3")),
        ({"labels": ("a", "b", "c")}, ("a", "b", "c")),
        ({"classes": 2}, ("class 1", "class 2")),
        ({"classes": 0}, numbered(1300)),
    ],
)
def test_a_card_names_its_classes_as_well_as_can_be(
    reading: Reading, change: dict[str, Any], labels: tuple[str, ...]
) -> None:
    card = card_of(reading._replace(**change), name="own", title="Own", file=FILE)

    assert card.labels == labels


def test_a_card_that_makes_no_sense_is_not_made(reading: Reading) -> None:
    with pytest.raises(CardError, match="name"):
        card_of(reading, name="../own", title="Own", file=FILE)


def test_cards_survive_being_written_and_read(reading: Reading, card_table: dict[str, Any]) -> None:
    import json

    card_table["open"] = {
        "input": "x",
        "feeds": {"size": {"value": "size_wh", "dtype": "int64"}},
        "mean": [1, 2, 3],
    }
    card_table["tracking"] = {"birth": 0.5, "live": 0.25}
    for card in (
        ModelCard.from_dict(card_table),
        card_of(reading, name="own", title="Own", file=FILE),
    ):
        table = json.loads(json.dumps(to_table(card)))
        again = ModelCard.from_dict(table)

        assert to_table(again) == table
        assert again.open == card.open
        assert again.accuracy == card.accuracy
        assert again.tracking == card.tracking
