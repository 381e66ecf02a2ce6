"""Pipelines as data: what a file may say, and how each mistake is refused in words."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from obscura.heads import (
    Every,
    HeadSpec,
    OnceThen,
    PipelineError,
    PipelineSpec,
    completed,
    load_pipeline,
)
from obscura.heads.assembly import USUAL_ON
from obscura.heads.file import parse_pipeline
from obscura.heads.spec import Link, chain

from .fakes import Card

DETECTOR = ("person", "dog", "traffic light")
WHOLE = """
[pipeline]
detector = "cocossd"
budget_ms = 25

[[pipeline.head]]
name = "faces"
network = "faces"
on = ["frame", "person"]
least = 24
margin = 0.1
shape = "top"
every = 3

[[pipeline.head]]
name = "mask"
network = "networks/mask.onnx"
on = "face"
once_then_s = 2.0
"""


def head(**values: Any) -> str:
    """A file with one head."""
    values = {"name": "a", "network": "faces", "on": "person"} | values
    lines = [f"{key} = {value!r}" for key, value in values.items() if value is not None]
    return "[[pipeline.head]]\n" + "\n".join(lines).replace("True", "true")


def refused(text: str) -> str:
    with pytest.raises(PipelineError) as caught:
        parse_pipeline(text)
    return str(caught.value)


def test_a_file_with_everything(tmp_path: Path) -> None:
    path = tmp_path / "closer.toml"
    path.write_text(WHOLE, encoding="utf-8")

    assert load_pipeline(path) == PipelineSpec(
        "cocossd",
        (
            HeadSpec("faces", "faces", ("frame", "person"), 24.0, 0.1, "top", Every(3)),
            HeadSpec("mask", tmp_path / "networks" / "mask.onnx", ("face",), cadence=OnceThen(2.0)),
        ),
        25.0,
    )


def test_what_is_left_out_is_left_open() -> None:
    spec = parse_pipeline('[[pipeline.head]]\nname = "emotion"\nnetwork = "emotion"')

    assert spec == PipelineSpec(None, (HeadSpec("emotion", "emotion"),))


def test_once_for_ever() -> None:
    spec = parse_pipeline(head().replace("'person'", "'person'\nonce_then_s = inf"))

    assert spec.heads[0].cadence == OnceThen(math.inf)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "pipeline is missing. It should be a table."),
        ("[pipeline]", "pipeline.head is missing. It should be an array of tables "
         "[[pipeline.head]]."),
        ("[pipeline]\nhead = []", "pipeline.head is not valid ('0 heads'). It should be 1 to 16 "
         "tables."),
        ("[pipeline", "The pipeline is not valid TOML ("),
        ("pipeline = 3", "pipeline is not valid (3). It should be a table."),
        ("[pipelines]", 'pipelines is not a key of pipelines. Did you mean "pipeline"?'),
        (head(onn="x"), 'pipeline.head 1: onn is not a key of pipelines. Did you mean "on"?'),
        (head(zzz="x"), "pipeline.head 1: zzz is not a key of pipelines. It has name, network, on, "
         "least, margin, shape, every, once_then_s."),
        (head(name=None), "pipeline.head 1: name is missing."),
        (head(network=None), "pipeline.head 1: network is missing."),
        (head(name=3), "pipeline.head 1: name is not valid (3)."),
        (head(name="a b"), 'The name of the head "a b" is not valid (a b). It should be a name of '
         "1 to 40 letters"),
        (head(name="score"), 'The name of the head "score" is not valid (score). It should be a '
         "name other than"),
        (head(on=[]), "pipeline.head 1: on is not valid ([]). It should be class names, or left "
         "out for what is usual."),
        (head(on=3), "pipeline.head 1: on is not valid (3)."),
        (head(on=["a", 3]), "pipeline.head 1: on is not valid (3). It should be an array of class "
         "names."),
        (head(every=0), "pipeline.head 1: every is not valid (0). It should be a whole number from "
         "1 to 10000."),
        (head(every=-3), "pipeline.head 1: every is not valid (-3)."),
        (head(every=1.5), "pipeline.head 1: every is not valid (1.5)."),
        (head(every=True), "pipeline.head 1: every is not valid (True)."),
        (head(once_then_s=0), 'The once_then_s of the head "a" is not valid (0.0). It should be a '
         "number of seconds above 0."),
        (head(once_then_s=-1.0), 'The once_then_s of the head "a" is not valid (-1.0).'),
        (head() + "\nonce_then_s = nan", 'The once_then_s of the head "a" is not valid (nan).'),
        (head(every=1, once_then_s=1), "pipeline.head 1: every and once_then_s exclude each other. "
         "Remove one of them."),
        (head(least=-1), 'The least of the head "a" is not valid (-1.0). It should be a number of '
         "pixels, 0 or more."),
        (head() + "\nleast = nan", 'The least of the head "a" is not valid (nan).'),
        (head(least="big"), "pipeline.head 1: least is not valid ('big'). It should be a number."),
        (head(margin=3), 'The margin of the head "a" is not valid (3.0). It should be a number '
         "from 0 to 2."),
        (head(shape="round"), 'The shape of the head "a" is not valid (round). It should be one of '
         "box, square, top."),
        (head() + "\n" + head(), "Two heads have the same name (a). Give each a name of its own."),
        ("[pipeline]\nbudget_ms = 0\n" + head(), "The budget_ms of the pipeline is not valid (0.0)."
         " It should be a number of milliseconds above 0."),
        ("[pipeline]\nbudget_ms = nan\n" + head(), "The budget_ms of the pipeline is not valid"),
        ("\n".join(head(name=f"a{i}") for i in range(17)), "pipeline.head is not valid"),
    ],
)  # fmt: skip
def test_mistakes_are_refused_in_words(text: str, sentence: str) -> None:
    assert refused(text).startswith(sentence)


def test_files_that_are_none_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="cannot be read"):
        load_pipeline(tmp_path / "missing.toml")
    with pytest.raises(PipelineError, match="cannot be read"):
        load_pipeline(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(PipelineError, match="not text"):
        load_pipeline(tmp_path / "latin.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(PipelineError, match="too large"):
        load_pipeline(tmp_path / "large.toml")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000, encoding="utf-8")
    with pytest.raises(PipelineError, match="TOML"):
        load_pipeline(tmp_path / "deep.toml")


# ---- chains --------------------------------------------------------------------------------------

FACES = Link("faces", ("frame", "person"), "face", ())
EMOTION = Link("emotion", ("face",), "", ("emotion", "emotion_score"))


def test_labels_of_heads_follow_those_of_the_detector() -> None:
    text = Link("text", ("frame",), "text", ())
    far = Link("faces-far", ("frame",), "face", ())

    assert chain([FACES, far, EMOTION, text], DETECTOR) == (*DETECTOR, "face", "text")


def test_a_detector_that_knows_faces_needs_no_head_for_them() -> None:
    assert chain([EMOTION], ("face",)) == ("face",)
    assert chain([FACES], ("face", "person")) == ("face", "person")


def test_a_classifier_may_look_at_the_whole_frame() -> None:
    assert chain([Link("scene", ("frame",), "", ("scene",))], DETECTOR) == DETECTOR


@pytest.mark.parametrize(
    ("links", "sentence"),
    [
        ([EMOTION], 'The head "emotion" looks at "face", which neither the detector nor a head '
         "before it finds. Put the head \"faces\" before it."),
        ([Link("a", ("zzz",), "", ())], 'The head "a" looks at "zzz", which neither the detector '
         "nor a head before it finds. It can look at frame, person, dog, traffic light."),
        ([EMOTION, FACES], 'The head "emotion" looks at "face", which only "faces" adds, after it. '
         'Put "faces" before "emotion".'),
        ([Link("faces", ("face",), "face", ())], 'The head "faces" looks only at what it adds '
         'itself (face). Let it look at "frame" or at a class of the detector.'),
        ([Link("a", ("face",), "text", ()), Link("b", ("text",), "face", ())], 'The head "a" looks '
         'at "face", which only "b" adds, after it. Put "b" before "a".'),
        ([Link("a", ("persn",), "", ())], 'The head "a" looks at "persn", which neither the '
         'detector nor a head before it finds. Did you mean "person"?'),
        ([Link("a", ("Person",), "", ())], 'The head "a" looks at "Person", which neither the '
         'detector nor a head before it finds. Did you mean "person"?'),
        ([Link("a", (), "", ())], 'The head "a" does not say what it looks at. Name classes, or '
         '"frame" for the whole frame.'),
        ([FACES, Link("a", ("face",), "", ("age",)), Link("b", ("face",), "", ("age",))],
         'The heads "a" and "b" write the same attribute (age). Remove one of them.'),
    ],
)  # fmt: skip
def test_impossible_chains_are_refused_in_words(links: list[Link], sentence: str) -> None:
    with pytest.raises(PipelineError) as caught:
        chain(links, DETECTOR)

    assert str(caught.value) == sentence


# ---- what is usual -------------------------------------------------------------------------------


def test_emotion_alone_has_faces_put_before_it() -> None:
    spec = completed(PipelineSpec(heads=(HeadSpec("emotion", "emotion"),)), DETECTOR)

    assert [(head.name, head.on) for head in spec.heads] == [
        ("faces", ("frame", "person")),
        ("emotion", ("face",)),
    ]


def test_faces_are_put_before_others_once() -> None:
    heads = (HeadSpec("emotion", "emotion"), HeadSpec("years", "age-gender"))
    spec = completed(PipelineSpec(heads=heads), DETECTOR)

    assert [head.name for head in spec.heads] == ["faces", "emotion", "years"]


def test_nothing_is_added_where_faces_are_found_already() -> None:
    near = (HeadSpec("far", "faces-far"), HeadSpec("emotion", "emotion"))

    assert len(completed(PipelineSpec(heads=near), DETECTOR).heads) == 2
    assert len(completed(PipelineSpec(heads=near[1:]), ("face",)).heads) == 1


@pytest.mark.parametrize(("label", "finder"), [("face", "faces"), ("text", "text")])
def test_a_head_that_says_so_itself_has_the_finder_put_before_it(label: str, finder: str) -> None:
    mask = HeadSpec("mask", Path("mask.onnx"), ("dog", label))
    spec = completed(PipelineSpec(heads=(mask,)), DETECTOR)

    assert [head.name for head in spec.heads] == [finder, "mask"]
    assert spec.heads[0].on == USUAL_ON[finder][: 1 + (finder == "faces")]
    assert spec.heads[1] == mask
    assert completed(PipelineSpec(heads=(mask,)), (*DETECTOR, label)).heads == (mask,)


def test_a_finder_is_not_named_as_another_head() -> None:
    mine = HeadSpec("faces", Path("faces.onnx"), ("face",))
    spec = completed(PipelineSpec(heads=(mine,)), DETECTOR)

    assert [(head.name, head.network) for head in spec.heads] == [
        ("faces-2", "faces"),
        ("faces", Path("faces.onnx")),
    ]


def test_no_finder_is_added_where_a_head_of_ones_own_finds_the_same() -> None:
    heads = (HeadSpec("mine", Path("mine"), ("frame",)), HeadSpec("emotion", "emotion", ("face",)))
    spec = PipelineSpec(heads=heads)

    assert completed(spec, DETECTOR, {"mine": Card("faces", labels=("face",))}) == spec
    plates = completed(spec, DETECTOR, {"mine": Card("faces", labels=("plate",))})
    assert [head.name for head in plates.heads] == ["faces", "mine", "emotion"]


def test_a_finder_in_the_wrong_place_stays_there_to_be_refused() -> None:
    spec = PipelineSpec(
        heads=(HeadSpec("emotion", "emotion", ("face",)), HeadSpec("faces", "faces"))
    )

    assert [head.name for head in completed(spec, DETECTOR).heads] == ["emotion", "faces"]


def test_what_a_person_says_is_kept() -> None:
    spec = PipelineSpec(heads=(HeadSpec("emotion", "emotion", ("person",)),))

    assert completed(spec, DETECTOR) == spec


def test_a_detector_without_persons_has_faces_looked_for_in_the_frame() -> None:
    spec = completed(PipelineSpec(heads=(HeadSpec("faces", "faces"),)), ("car",))

    assert spec.heads[0].on == ("frame",)
