"""Cards of heads: what they hold, what is refused, and cards for classifiers without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from obscura.cards import head_files
from obscura.cards.head_card import Crop, HeadCard
from obscura.cards.head_files import head_card_for, load_head
from obscura.errors import (
    CardError,
    LabelsError,
    ModelMismatch,
    ModelMissing,
    ModelUnreadable,
)
from obscura.graph.inspect import Value
from obscura.graph.write import Node, model

CLASSES = ("mask", "no mask")


def table(**changes: Any) -> dict[str, Any]:
    """A complete card of a head that tells two classes apart."""
    return {
        "name": "mask",
        "title": "Masks",
        "summary": "Whether a face is covered",
        "family": "classifier",
        "labels": list(CLASSES),
        "license": "MIT",
        "trained_on": "Drawn faces.",
        "weak_at": "Real faces.",
        "file": {"name": "mask.onnx", "bytes": 3, "sha256": "a" * 64},
        "source": {"package": "npm:masks"},
        "input": {"width": 64, "height": 48, "resize": "stretch"},
        "options": {"scores": "logits"},
        "crop": {"margin": 0.25, "shape": "square", "least": 20},
        "check": {
            "picture": "sample.jpg",
            "size": [512, 512],
            "crop": [1, 2, 30, 40],
            "boxes": [[0, 0.1, 0.2, 0.3]],
            "scores": [0.75],
            "points": [[[0.1, 0.2, 1.0], [0.3, 0.4, 0.5]]],
            "values": {"probabilities": [0.25, 0.75]},
        },
        **changes,
    }


def network(
    shape: tuple[int | str, ...] = (1, 3, 32, 48),
    returned: tuple[int | str, ...] = (1, 2),
    dtype: str = "float32",
    outputs: int = 1,
) -> bytes:
    """An ONNX file of these shapes; it cannot run."""
    names = [f"out{i}" for i in range(outputs)]
    return model(
        "net",
        [Node("Flatten", ["image"], [name]) for name in names],
        [Value("image", dtype, shape)],
        [Value(name, "float32", returned) for name in names],
        {},
    )


def test_a_card_holds_what_its_table_says() -> None:
    card = HeadCard.from_dict(table())

    assert (card.name, card.labels, card.family) == ("mask", CLASSES, "classifier")
    assert card.file == ("mask.onnx", 3, "a" * 64)
    assert card.input == (64, 48, "stretch")
    assert (card.open, card.options) == (None, {"scores": "logits"})
    assert card.crop == Crop(0.25, "square", 20)
    assert (card.trained_on, card.weak_at) == ("Drawn faces.", "Real faces.")
    assert card.check is not None
    assert card.check[:3] == ("sample.jpg", (512, 512), (1, 2, 30, 40))
    boxes, scores, points, values = card.check.answer
    np.testing.assert_array_equal(boxes, np.array([[0, 0.1, 0.2, 0.3]], np.float32))
    assert (scores.tolist(), points.shape) == ([0.75], (1, 2, 3))
    assert values["probabilities"].tolist() == [0.25, 0.75]


def test_what_may_be_left_out_has_a_usual_value() -> None:
    given = table(labels=[], family="movenet")
    for name in ("options", "crop", "check"):
        del given[name]

    card = HeadCard.from_dict(given)

    assert (card.crop, card.check, card.labels) == (Crop(), None, ())
    assert card.options == {"nearness": 1.7998046875, "cell": 0.0208282470703125}


def test_a_check_without_boxes_has_empty_arrays() -> None:
    check = table()["check"]
    for name in ("boxes", "scores", "points"):
        del check[name]

    card = HeadCard.from_dict(table(check=check))

    assert card.check is not None
    assert [a.shape for a in card.check.answer[:3]] == [(0, 4), (0,), (0, 0, 3)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"famly": "faces"}, r"not known \(famly\)\. Remove it from head\.toml"),
        ({"family": "clasifier"}, r"no such family.*Did you mean \"classifier\""),
        ({"options": {"score": "logits"}}, r"no option of that name \(score\).*head\.toml"),
        ({"options": {"scores": "maybe"}}, r"option scores .* makes no sense"),
        ({"labels": ["a", "a"]}, "each occurs only once"),
        ({"crop": {"margin": 3}}, r"crop\.margin makes no sense \(3\).*from 0 to 2"),
        ({"crop": {"margin": -0.1}}, r"crop\.margin"),
        ({"crop": {"shape": "round"}}, "one of box, square, top"),
        ({"crop": {"least": 0}}, r"crop\.least"),
        ({"crop": {"lest": 9}}, r"crop\.lest"),
        ({"weak_at": ""}, "weak_at"),
        ({"input": {"width": 0, "height": 4, "resize": "stretch"}}, r"input\.width"),
        ({"open": {"input": "x", "options": {"a": 1}}}, r"open\.options .*\[options\]"),
        ({"output": {}}, r"not known \(output\)"),
    ],
)
def test_an_odd_card_is_refused_in_words(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CardError, match=message):
        HeadCard.from_dict(table(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crop": [0, 0, 1]}, r"check\.crop"),
        ({"size": [0, 5]}, r"check\.size"),
        ({"boxes": [[0, 0, 1]]}, r"check\.boxes"),
        ({"boxes": [[0, 0, 1, 1], [0, 0, 1, 1]]}, r"check\.boxes"),
        ({"boxes": [[0, 0, 1, "x"]]}, r"check\.boxes"),
        ({"points": [[[0, 0], [1, 1]]]}, r"check\.points"),
        ({"scores": [float("nan")]}, r"check\.scores"),
        ({"values": {"age": [1e12]}}, r"check\.values\.age"),
        ({"value": {}}, r"check\.value"),
    ],
)
def test_an_odd_recorded_answer_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CardError, match=message):
        HeadCard.from_dict(table(check=table()["check"] | changes))


def test_every_key_that_a_card_needs_is_named_when_it_lacks() -> None:
    for name in table().keys() - {"options", "crop", "check"}:
        given = table()
        del given[name]
        with pytest.raises(CardError, match=f"lacks a key \\({name}\\)"):
            HeadCard.from_dict(given)


def test_a_card_by_hand_is_completed(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(network())
    text = 'family = "classifier"\nlabels = ["a", "b"]\n[input]\nwidth = 48\nheight = 32\n'
    (tmp_path / "head.toml").write_text(f'{text}resize = "stretch"\n[open]\ninput = "image"\n')

    card, path = load_head(tmp_path)

    assert (card.name, card.license, card.weak_at) == (tmp_path.name, "NOASSERTION", "Not stated.")
    assert path == tmp_path / "net.onnx"
    assert card.file.bytes == path.stat().st_size


def test_a_detectors_table_does_not_belong_on_a_heads_card(tmp_path: Path) -> None:
    (tmp_path / "head.toml").write_text('family = "classifier"\n[output]\ntop = 3\n')

    with pytest.raises(CardError, match=r"not known \(output\)"):
        load_head(tmp_path)


def test_a_misspelt_head_is_suggested() -> None:
    with pytest.raises(ModelMissing, match='Did you mean "faces"'):
        head_files.find("face")


def test_text_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "head.toml").write_text("family =")
    with pytest.raises(CardError, match="not valid TOML"):
        load_head(tmp_path)

    (tmp_path / "head.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CardError, match="UTF-8"):
        load_head(tmp_path)


@pytest.mark.parametrize(
    ("shape", "dtype", "layout", "channels", "mean", "std"),
    [
        ((1, 3, 32, 48), "float32", "nchw", "rgb", 123.675, 58.395),
        (("N", 3, 32, 48), "float32", "nchw", "rgb", 123.675, 58.395),
        ((1, 32, 48, 3), "float32", "nhwc", "rgb", 127.5, 127.5),
        ((1, 1, 32, 48), "float32", "nchw", "grey", 0.0, 255.0),
        ((1, 32, 48, 3), "uint8", "nhwc", "rgb", 0.0, 1.0),
        ((1, 32, 48, 1), "uint8", "nhwc", "grey", 0.0, 1.0),
    ],
)
def test_a_classifiers_input_says_how_it_is_fed(
    shape: tuple[int | str, ...], dtype: str, layout: str, channels: str, mean: float, std: float
) -> None:
    card = head_card_for(network(shape, dtype=dtype), CLASSES)

    assert card.input == (48, 32, "stretch")
    assert card.open is not None
    assert (card.open.layout, card.open.channels, card.open.dtype) == (layout, channels, dtype)
    assert (card.open.mean[0], card.open.std[0]) == (mean, std)
    assert (card.family, card.labels, card.options) == ("classifier", CLASSES, {"scores": "either"})


def test_an_input_of_any_size_gets_the_usual_one() -> None:
    assert head_card_for(network((1, 3, "h", "w"))).input == (224, 224, "stretch")


def test_classes_without_names_are_numbered() -> None:
    assert head_card_for(network(returned=("batch", 3, 1, 1))).labels == (
        "class 1", "class 2", "class 3",
    )  # fmt: skip


def test_a_file_gives_its_name(tmp_path: Path) -> None:
    (tmp_path / "mask.v2.onnx").write_bytes(network())

    card = head_card_for(tmp_path / "mask.v2.onnx", CLASSES)

    assert (card.name, card.title) == ("mask.v2", "mask.v2")
    with pytest.raises(ModelMissing, match="cannot be read"):
        head_card_for(tmp_path / "none.onnx")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"returned": (1, 25200, 85)}, r"out0 \[1, 25200, 85\].*one score per class"),
        ({"returned": (1, 1)}, "one score per class"),
        ({"returned": (5, 2)}, "one score per class"),
        ({"returned": (1, "n")}, "one score per class"),
        ({"returned": (1, 2, 7, 7)}, "one score per class"),
        ({"returned": (2,)}, "one score per class"),
        ({"returned": (1, 10**9)}, "one score per class"),
        ({"outputs": 2}, r"out0 \[1, 2\], out1 \[1, 2\]"),
        ({"shape": (1, 4, 32, 48)}, r"image \[1, 4, 32, 48\].*take one picture"),
        ({"shape": (8, 3, 32, 48)}, "take one picture"),
        ({"shape": (1, 3, 32, 48), "dtype": "int64"}, "take one picture"),
    ],
)
def test_what_is_not_a_classifier_is_refused_in_words(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelMismatch, match=message):
        head_card_for(network(**given))


def test_names_that_are_not_one_per_class_are_refused() -> None:
    with pytest.raises(LabelsError, match="You gave 3 names, but the network has 2 classes"):
        head_card_for(network(), ["a", "b", "c"])
    with pytest.raises(LabelsError, match="each occurs only once"):
        head_card_for(network(), ["a", "a"])


def test_bytes_that_are_not_a_network_are_refused() -> None:
    with pytest.raises(ModelUnreadable):
        head_card_for(b"not a network")
