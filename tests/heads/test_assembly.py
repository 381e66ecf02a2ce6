"""Assemblies: the stages of a pipeline, in order, and what they found out as plain values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from obscura.detections import ATTRIBUTES
from obscura.errors import BackendError
from obscura.heads import (
    Assembly,
    Budget,
    Every,
    HeadSpec,
    PipelineError,
    PipelineSpec,
    assemble,
    described,
    drive,
)
from obscura.pipeline import Answer, Request
from obscura.tracking import Tracker
from obscura.update import Update

from .fakes import Card, CropAnswer, Head, aged, classified, found, update

PERSON = [100.0, 100.0, 200.0, 300.0]
POINTS = np.full((1, 17, 3), 0.5, np.float32)
CARDS = {
    "emotion": Card("classifier", labels=("sad", "happy")),
    "faces": Card("faces"),
    "pose": Card("movenet"),
    "years": Card("age_gender"),
}
HEADS = {
    "emotion": Head(lambda _: classified(0.125, 0.875)),
    "faces": Head(lambda _: found([0.25, 0, 0.75, 0.25])),
    "pose": Head(lambda _: CropAnswer(np.array([[0, 0, 1, 1]]), np.ones(1), POINTS)),
    "years": Head(lambda _: aged(31.25, 0.125)),
}
SPEC = PipelineSpec(
    heads=(
        HeadSpec("pose", "pose", ("person",)),
        HeadSpec("faces", "faces", ("frame", "person"), cadence=Every(1)),
        HeadSpec("emotion", "emotion", ("face",)),
        HeadSpec("years", "age-gender", ("face",)),
    )
)


def read(outputs: dict[str, Any], card: Card, sizes: Any) -> list[CropAnswer]:
    name = next(name for name, each in CARDS.items() if each is card)
    return HEADS[name].read(outputs, card, sizes)


def run(request: Request) -> Answer:
    return HEADS[request.head].run(request)


def assembled(spec: PipelineSpec = SPEC, **options: Any) -> Assembly:
    return assemble(spec, ("dog", "person"), CARDS, read, **options)


def people(index: int = 0) -> Update:
    return update([PERSON], classes=[1], index=index)


def test_heads_that_add_rows_come_first_then_the_tracker_then_attributes() -> None:
    tracker = Tracker()
    made = assembled(tracker=tracker)

    assert [getattr(stage, "name", None) for stage in made.pipeline.stages] == [
        "faces", None, None, "pose", "emotion", "years", None,
    ]  # fmt: skip
    assert made.pipeline.stages[1] is tracker
    assert made.labels == ("dog", "person", "face")


def test_all_heads_share_the_budget_of_the_pipeline() -> None:
    made = assembled(PipelineSpec(heads=SPEC.heads, budget_ms=12))
    for index in range(40):
        drive(made.pipeline.steps(people(index)), run)

    assert made.budget.ms_per_frame == 12
    assert set(made.budget.shares()) <= set(CARDS)
    assert sum(made.budget.shares().values()) <= 12


def test_attributes_are_plain_values_that_json_can_hold() -> None:
    made = assembled(tracker=Tracker())
    for index in range(20):
        frame = drive(made.pipeline.steps(people(index)), run)

    rows = described(frame.detections, made.heads)

    by_label = dict(zip(frame.detections.class_id.tolist(), rows, strict=True))
    assert by_label[1] == {"pose": [[150.0, 200.0, 0.5]] * 17}
    assert by_label[2]["emotion"] == {"label": "happy", "score": 0.875}
    json.dumps(rows, allow_nan=False)


def test_what_is_known_of_each_row_is_in_its_data_and_its_record() -> None:
    made = assembled(budget=Budget())
    frame = drive(made.pipeline.steps(people()), run)

    found = frame.detections
    records = found.to_records(made.labels)

    assert found.data[ATTRIBUTES].tolist() == described(found, made.heads)
    face = next(row for row in records if row["label"] == "face")
    assert face["attributes"]["emotion"] == {"label": "happy", "score": 0.875}
    assert json.loads(json.dumps(records)) == records


def test_faces_of_a_single_picture_are_described() -> None:
    made = assembled(budget=Budget())
    frame = drive(made.pipeline.steps(people()), run)

    rows = described(frame.detections, made.heads, digits=3)

    assert rows[1] == {
        "emotion": {"label": "happy", "score": 0.875},
        "age": 31.25,
        "male": 0.125,
    }


def test_heads_that_failed_are_named_with_their_message() -> None:
    made = assembled(budget=Budget())
    error = BackendError("The GPU is gone")

    frame = drive(made.pipeline.steps(people()), lambda _: Answer({}, 0.0, error))

    assert made.failures() == {"faces": str(error), "pose": str(error)}
    assert described(frame.detections, made.heads) == [{}]


def test_chains_are_checked() -> None:
    with pytest.raises(PipelineError, match='"emotion" looks at "face"'):
        assembled(PipelineSpec(heads=SPEC.heads[2:3]))
