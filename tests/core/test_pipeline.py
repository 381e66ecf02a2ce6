"""Pipelines: stages run in order, each on what the previous one returned."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from obscura.detections import Detections
from obscura.pipeline import Answer, Pipeline, Request, Stage, Steps
from obscura.update import Event, FrameInfo, Update


@dataclass(frozen=True, slots=True)
class Counted(Event):
    """Event with the count of a `Counter`."""

    name: str
    count: int


class Counter:
    """Stage that adds an event with the number of updates since the reset."""

    def __init__(self, name: str) -> None:
        self.name, self.count = name, 0

    def update(self, update: Update) -> Update:
        self.count += 1
        event = Counted(update.frame.time_s, self.name, self.count)
        return replace(update, events=(*update.events, event))

    def reset(self) -> None:
        self.count = 0


class Tracker:
    """Stage that numbers the rows."""

    def update(self, update: Update) -> Update:
        ids = np.arange(len(update.detections))
        return replace(update, detections=update.detections.replace(track_id=ids))

    def reset(self) -> None:
        pass


def blank(index: int = 0) -> Update:
    return Update(FrameInfo(index, index / 10, 640, 480), Detections.empty())


def counts(update: Update) -> list[tuple[str, int]]:
    return [(event.name, event.count) for event in update.events if isinstance(event, Counted)]


def test_a_pipeline_without_stages_returns_what_it_is_given() -> None:
    update = blank()

    assert Pipeline().update(update) is update


def test_each_stage_gets_what_the_previous_one_returned() -> None:
    pipeline = Pipeline([Counter("first"), Tracker(), Counter("last")])

    result = pipeline.update(blank())

    assert counts(result) == [("first", 1), ("last", 1)]
    assert result.detections.track_id is not None
    assert result.frame == blank().frame


def test_stages_advance_once_per_update_until_reset() -> None:
    pipeline = Pipeline([Counter("a"), Counter("b")])

    before = [counts(pipeline.update(blank(index))) for index in range(2)]
    pipeline.reset()
    after = counts(pipeline.update(blank()))

    assert before == [[("a", 1), ("b", 1)], [("a", 2), ("b", 2)]]
    assert after == [("a", 1), ("b", 1)]


def test_a_pipeline_is_a_stage() -> None:
    inner: Stage = Pipeline([Counter("inner")])
    outer = Pipeline([inner, Counter("outer")])

    outer.update(blank())
    outer.reset()

    assert counts(outer.update(blank())) == [("inner", 1), ("outer", 1)]


def test_stages_can_be_added_later() -> None:
    pipeline = Pipeline()

    pipeline.stages.append(Counter("late"))

    assert counts(pipeline.update(blank())) == [("late", 1)]


# ---- stages that ask -----------------------------------------------------------------------------


class Asker:
    """Stage that asks a head about the whole frame, and adds an event with its answer."""

    def __init__(self, head: str) -> None:
        self.head = head

    def update(self, update: Update) -> Update:
        return update

    def steps(self, update: Update) -> Steps:
        size = (update.frame.width, update.frame.height)
        answer = yield Request(self.head, np.array([[0, 0, *size]], np.float32), size)
        event = Counted(update.frame.time_s, self.head, int(answer.outputs["count"][0]))
        return replace(update, events=(*update.events, event))

    def reset(self) -> None:
        pass


def driven(pipeline: Pipeline) -> tuple[list[str], Update]:
    """Drive one update; the answer to each request is its number. Return who asked, in order."""
    asked: list[str] = []
    steps = pipeline.steps(blank())
    try:
        request = next(steps)
        while True:
            asked.append(request.head)
            request = steps.send(Answer({"count": np.array([len(asked)])}))
    except StopIteration as end:
        return asked, end.value


def test_stages_that_ask_and_stages_that_do_not_run_in_order() -> None:
    inner = Pipeline([Counter("inner"), Asker("b")])

    asked, update = driven(Pipeline([Counter("first"), Asker("a"), inner, Counter("last")]))

    assert asked == ["a", "b"]
    assert counts(update) == [("first", 1), ("a", 1), ("inner", 1), ("b", 2), ("last", 1)]


def test_a_pipeline_in_which_nobody_asks_takes_no_steps() -> None:
    asked, update = driven(Pipeline([Counter("only")]))

    assert (asked, counts(update)) == ([], [("only", 1)])


def test_an_update_asks_nothing() -> None:
    update = Pipeline([Asker("a"), Counter("b")]).update(blank())

    assert counts(update) == [("b", 1)]
