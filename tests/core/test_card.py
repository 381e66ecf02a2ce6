"""Cards: parsed from TOML or plain tables, and refused by key, value and remedy."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from obscura.cards.card import Feed, ModelCard, ModelFile, TrackingScores, verify
from obscura.errors import CardError, ModelCorrupt

TOML = """
name = "colours"
title = "Colours"
summary = "red and blue"
family = "ssd"
labels = ["red", "blue"]
license = "Apache-2.0"
[file]
name = "model.onnx"
bytes = 3
sha256 = "{digest}"
[source]
package = "npm:colours"
[input]
width = 64
height = 32
resize = "letterbox"
[output]
top = 100
threshold = 0.5
iou = 0.6
[check]
picture = "sample.jpg"
size = [512, 256]
detections = [
    {{ class_id = 0, score = 0.6, box = [1, 2, 3.5, 4] }},
    {{ class_id = 1, score = 0.9, box = [5, 6, 7, 8] }},
]
[accuracy]
ap = 30.5
""".format(digest="0" * 64)


def test_a_card_is_read_from_toml() -> None:
    card = ModelCard.from_toml(TOML)

    assert (card.name, card.title, card.family) == ("colours", "Colours", "ssd")
    assert card.labels == ("red", "blue")
    assert card.file == ModelFile("model.onnx", 3, "0" * 64)
    assert (card.input.width, card.input.height, card.input.resize) == (64, 32, "letterbox")
    assert (card.top, card.threshold, card.iou) == (100, 0.5, 0.6)
    assert card.source == {"package": "npm:colours"}
    assert card.accuracy == {"ap": 30.5}


def test_the_recorded_answer_becomes_detections_best_first() -> None:
    check = ModelCard.from_toml(TOML).check

    assert check is not None
    assert (check.picture, check.size) == ("sample.jpg", (512, 256))
    assert check.detections.class_id.tolist() == [1, 0]
    assert check.detections.xyxy.tolist() == [[5, 6, 7, 8], [1, 2, 3.5, 4]]


def test_a_record_of_nothing_found_is_a_record(card_table: dict[str, Any]) -> None:
    card_table["check"]["detections"] = []

    check = ModelCard.from_dict(card_table).check

    assert check is not None
    assert len(check.detections) == 0


def test_check_and_accuracy_may_be_missing(card_table: dict[str, Any]) -> None:
    del card_table["check"], card_table["accuracy"]

    card = ModelCard.from_dict(card_table)

    assert card.check is None
    assert card.accuracy == {}


@pytest.mark.parametrize(
    "key", ["mood", "file.path", "input.heigth", "output.nms", "check.picture2", "open.stride"]
)
def test_an_unknown_key_is_named_beside_the_known_ones(
    card_table: dict[str, Any], key: str
) -> None:
    card_table["open"] = {"input": "images"}
    *path, last = key.split(".")
    table = card_table[path[0]] if path else card_table
    table[last] = 1

    with pytest.raises(CardError, match="not known") as caught:
        ModelCard.from_dict(card_table)

    assert caught.value.value == key
    assert "spell it as one of" in caught.value.remedy


def test_source_and_accuracy_hold_what_they_like(card_table: dict[str, Any]) -> None:
    card_table["source"]["mood"] = card_table["accuracy"]["mood"] = "good"

    card = ModelCard.from_dict(card_table)

    assert card.source["mood"] == card.accuracy["mood"] == "good"


def test_a_card_says_between_which_scores_its_objects_are_followed(
    card_table: dict[str, Any],
) -> None:
    assert ModelCard.from_dict(card_table).tracking is None

    card_table["tracking"] = {"birth": 0.5, "live": 0.25}

    assert ModelCard.from_dict(card_table).tracking == TrackingScores(birth=0.5, live=0.25)


@pytest.mark.parametrize(
    ("table", "key", "complaint"),
    [
        ({"birth": 1.5, "live": 0.2}, "birth", "a number from 0 to 1"),
        ({"birth": 0.5, "live": -0.1}, "live", "a number from 0 to 1"),
        ({"birth": 0.5, "live": "low"}, "live", "a number from 0 to 1"),
        ({"birth": True, "live": 0.2}, "birth", "a number from 0 to 1"),
        ({"birth": float("nan"), "live": 0.2}, "birth", "a number from 0 to 1"),
        ({"birth": 0.5, "live": 0.6}, "live", "at most the birth, which is 0.5"),
        ({"birth": 0.5}, "live", "Add it to model.toml"),
        ({"live": 0.2}, "birth", "Add it to model.toml"),
        ({"birth": 0.5, "live": 0.2, "born": 0.5}, "born", "spell it as one of birth, live"),
        (0.5, "", "a table"),
    ],
)
def test_wrong_scores_for_tracking_are_refused_by_key(
    card_table: dict[str, Any], table: Any, key: str, complaint: str
) -> None:
    card_table["tracking"] = table

    with pytest.raises(CardError, match=complaint) as caught:
        ModelCard.from_dict(card_table)

    assert (f"tracking.{key}" if key else "tracking") in str(caught.value)


def test_a_card_without_the_table_open_is_of_a_sealed_model(card_table: dict[str, Any]) -> None:
    assert ModelCard.from_dict(card_table).open is None


def test_an_open_card_says_how_to_feed_the_network(card_table: dict[str, Any]) -> None:
    card_table["open"] = {
        "input": "images",
        "channels": "bgr",
        "std": [58, 57.5, 57],
        "feeds": {"orig_target_sizes": {"value": "size_wh", "dtype": "int64"}},
        "options": {"strides": [8, 16]},
    }

    form = ModelCard.from_dict(card_table).open

    assert form is not None
    assert (form.input, form.layout, form.channels) == ("images", "nchw", "bgr")
    assert (form.mean, form.std, form.pad) == ((0.0, 0.0, 0.0), (58.0, 57.5, 57.0), 114)
    assert form.feeds == (Feed("orig_target_sizes", "size_wh", "int64"),)
    assert form.options == {"strides": [8, 16]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("input", ""),
        ("layout", "hwc"),
        ("channels", "rgba"),
        ("dtype", "float64"),
        ("mean", [0, 0]),
        ("mean", [0, 0, float("inf")]),
        ("mean", [0, 0, 10**400]),  # too large for a float
        ("std", [1, 0, 1]),  # nothing divides by zero
        ("std", [True, 1, 1]),
        ("pad", 256),
        ("pad", -1),
        ("feeds.mask.value", "noise"),
        ("feeds.mask.dtype", "string"),
    ],
)
def test_a_wrong_value_of_an_open_card_is_refused(
    card_table: dict[str, Any], key: str, value: Any
) -> None:
    table = card_table["open"] = {
        "input": "images",
        "feeds": {"mask": {"value": "mask", "dtype": "bool"}},
    }
    *path, last = key.split(".")
    for step in path:
        table = table[step]  # type: ignore[assignment]
    table[last] = value

    with pytest.raises(CardError, match=rf"open\.{key}"):
        ModelCard.from_dict(card_table)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = ", "not valid TOML"),
        ("bytes = " + "9" * 5000, "not valid TOML"),  # more digits than Python reads
        ("name = " + "[" * 10_000, "nested too deeply"),
        ("name = " + "{a=" * 10_000, "nested too deeply"),
    ],
)
def test_broken_toml_is_said_to_be_that(text: str, complaint: str) -> None:
    with pytest.raises(CardError, match=complaint):
        ModelCard.from_toml(text)


def test_a_card_feeds_few_inputs(card_table: dict[str, Any]) -> None:
    feed = {"value": "mask", "dtype": "bool"}
    card_table["open"] = {"input": "x", "feeds": {f"m{i}": feed for i in range(9)}}

    with pytest.raises(CardError, match="too many inputs"):
        ModelCard.from_dict(card_table)


@pytest.mark.parametrize(
    "key",
    [
        "name", "title", "summary", "family", "labels", "license", "file", "source", "input",
        "output", "file.name", "file.bytes", "file.sha256", "input.width", "input.height",
        "input.resize", "output.top", "output.threshold", "output.iou", "check.picture",
        "check.size", "check.detections",
    ],
)  # fmt: skip
def test_a_missing_key_is_named(card_table: dict[str, Any], key: str) -> None:
    *path, last = key.split(".")
    table = card_table[path[0]] if path else card_table
    del table[last]

    with pytest.raises(CardError, match="lacks a key") as caught:
        ModelCard.from_dict(card_table)

    assert caught.value.value == key
    assert "model.toml" in caught.value.remedy


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "../escape"),  # leads out of its folder
        ("name", ".."),
        *(
            ("name", name)
            for name in (".", "", " a", "a ", "a.", "C:a", "..\\a", "/a", "a\0b", "a\n")
        ),
        *(("name", name) for name in ("CON", "nul", "Aux", "com1", "LPT9", "x" * 101, "\ud800")),
        ("file.name", "prn.onnx"),  # a device to Windows, whatever the ending
        ("title", "two\nlines"),
        ("summary", "x" * 501),
        ("accuracy.ap", "good"),
        ("accuracy.ap50", 101),
        ("title", ""),  # nothing to show
        ("title", 7),  # not a text
        ("labels", []),  # nothing to find
        ("labels", ["dog", "dog"]),  # which of the two?
        ("labels", ["dog", 7]),  # not a name
        ("labels", "dog"),  # a text is no list of texts
        ("file", "model.onnx"),  # not a table
        ("file.name", "a/b.onnx"),
        ("file.bytes", 0),
        ("file.bytes", 3.5),
        ("file.bytes", True),  # a bool is an int to Python, not to us
        ("file.sha256", "0" * 63),
        ("file.sha256", "A" * 64),  # capitals would never equal a digest
        ("input.width", -1),
        ("input.width", 100_000),  # more than any device could hold
        ("labels", ["dog", " "]),  # nothing to show
        ("labels", ["dog\u2028"]),
        ("labels", ["dog" * 100]),
        ("output.top", 10**9),
        ("input.resize", "crop"),
        ("output.threshold", 1.5),
        ("output.iou", "0.5"),
        ("check.size", [512]),
        ("check.size", [512, 0]),
        ("check.size", [512, 10**400]),
        ("check.detections", [7]),  # not a table
    ],
)
def test_a_wrong_value_is_refused_by_key_and_value(
    card_table: dict[str, Any], key: str, value: Any
) -> None:
    *path, last = key.split(".")
    table = card_table[path[0]] if path else card_table
    table[last] = value

    with pytest.raises(CardError, match=key) as caught:
        ModelCard.from_dict(card_table)

    assert "It should be" in caught.value.remedy


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("class_id", 3),  # there are three labels, 0 to 2
        ("class_id", -1),
        ("score", 1.01),
        ("box", [1, 2, 3]),
        ("box", [1, 2, 3, "4"]),
        ("box", [1, 2, 3, float("nan")]),
    ],
)
def test_a_wrong_row_of_the_record_is_refused(
    card_table: dict[str, Any], key: str, value: Any
) -> None:
    card_table["check"]["detections"][0][key] = value

    with pytest.raises(CardError, match=rf"check\.detections\.{key}"):
        ModelCard.from_dict(card_table)


def test_the_file_on_the_card_is_recognised() -> None:
    verify(ModelFile("model.onnx", 3, sha256(b"abc").hexdigest()), b"abc")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"ab", "should have 3 bytes"),  # half a download
        (b"abd", "not the file"),  # a bit has flipped, or someone flipped it
    ],
)
def test_any_other_file_is_corrupt(data: bytes, reason: str) -> None:
    with pytest.raises(ModelCorrupt, match=reason):
        verify(ModelFile("model.onnx", 3, sha256(b"abc").hexdigest()), data)
