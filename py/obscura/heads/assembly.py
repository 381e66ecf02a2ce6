"""Assembly: a pipeline of stages from its description and the cards of its heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from obscura.detections import ATTRIBUTES, Detections
from obscura.heads.attributes import NO_CLASS, Known, SteadyPoints
from obscura.heads.budget import Budget
from obscura.heads.contract import Card, Read, gives
from obscura.heads.spec import FINDERS, FRAME, HeadSpec, Link, PipelineSpec, chain, name_of
from obscura.heads.stage import HeadStage
from obscura.pipeline import Answer, Pipeline, Request, Stage, Steps
from obscura.update import Update

USUAL_ON = {
    "faces": (FRAME, "person"),
    "faces-far": (FRAME, "person"),
    "emotion": ("face",),
    "age-gender": ("face",),
    "pose": ("person",),
    "text": (FRAME,),
}
"""What shipped heads look at if nothing else is said; of classes those that there are."""


class Assembly(NamedTuple):
    """A pipeline that is ready to be driven.

    Attributes:
        pipeline: heads that add rows, the tracker if there is one, heads that give attributes, and
            a `Describer`.
        heads: the stages among these, in this order.
        labels: the detector's labels, and those that heads add.
        budget: shared by the heads; `Budget.add_detector` takes the detector's time.
    """

    pipeline: Pipeline
    heads: tuple[HeadStage, ...]
    labels: tuple[str, ...]
    budget: Budget

    def failures(self) -> dict[str, str]:
        """Return the message of each head that is off because it failed, by its name."""
        return {stage.name: str(stage.failure) for stage in self.heads if stage.failure}


def completed(
    spec: PipelineSpec, labels: Sequence[str], cards: Mapping[str, Card] | None = None
) -> PipelineSpec:
    """Return the pipeline with what is usual where it leaves something open.

    Heads without ``on`` look at what `USUAL_ON` has for them. Where a head looks at faces or
    writing that neither the detector nor a head finds, the shipped head that does is put in front.

    Args:
        labels: the detector's.
        cards: of heads by their name in the pipeline, as far as they are known; without its card a
            head is taken to find what the shipped one of its name finds.
    """
    known = (FRAME, *labels, *FINDERS)
    heads = [
        head if head.on else replace(head, on=tuple(on for on in _usual(head) if on in known))
        for head in spec.heads
    ]
    found = {*labels, *(_adds(head, cards or {}) for head in heads)}
    taken = [head.name for head in heads]
    missing = {on for head in heads for on in head.on if on in FINDERS and on not in found}
    for label in sorted(missing):
        finder = HeadSpec(name_of(FINDERS[label], taken), FINDERS[label])
        usual = tuple(on for on in _usual(finder) if on in known)
        heads.insert(0, replace(finder, on=usual))
    return replace(spec, heads=tuple(heads))


def _adds(head: HeadSpec, cards: Mapping[str, Card]) -> str:
    """Return the label of the rows that a head adds; "" if it adds none."""
    if head.name in cards:
        return gives(cards[head.name]).adds
    finds = {finder: label for label, finder in FINDERS.items()}
    return finds.get(str(head.network).removesuffix("-far"), "")


def _usual(head: HeadSpec) -> tuple[str, ...]:
    return USUAL_ON.get(str(head.network), ())


def assemble(
    spec: PipelineSpec,
    labels: Sequence[str],
    cards: Mapping[str, Card],
    read: Read,
    *,
    tracker: Stage | None = None,
    budget: Budget | None = None,
) -> Assembly:
    """Make the stages of a pipeline.

    Args:
        spec: the pipeline, see `completed`.
        labels: the detector's.
        cards: the card of each head, by its name in the pipeline.
        read: makes answers of a head's outputs.
        tracker: gives what the detector and the heads find its numbers; None for single pictures.
        budget: None for that of the pipeline.

    Raises:
        PipelineError: a head does not get what it looks at, see `obscura.heads.spec.chain`.
    """
    budget = Budget(spec.budget_ms) if budget is None else budget
    given = {head.name: gives(cards[head.name]) for head in spec.heads}
    links = [
        Link(head.name, head.on, given[head.name].adds, given[head.name].data(head.name))
        for head in spec.heads
    ]
    all_labels = chain(links, labels)
    stages = [HeadStage(head, cards[head.name], all_labels, budget, read) for head in spec.heads]
    # What heads add is tracked like the detector's own rows, and attributes are kept by track.
    adding = [stage for stage in stages if stage.gives.adds]
    others = [stage for stage in stages if not stage.gives.adds]
    middle: list[Stage] = [] if tracker is None else [tracker]
    pipeline = Pipeline([*adding, *middle, *later_stages(others)])
    return Assembly(pipeline, (*adding, *others), all_labels, budget)


def later_stages(heads: Sequence[HeadStage]) -> list[Stage]:
    """Return what follows the tracker: heads that give attributes, and what makes these steady and
    readable."""
    return [SteadyPoints(), *heads, Describer(heads)]


class Describer:
    """A `Stage` that adds `ATTRIBUTES` to the data of detections: what `described` returns."""

    def __init__(self, heads: Sequence[HeadStage]) -> None:
        self._heads = heads

    def update(self, update: Update) -> Update:
        """Return the update with what is known of each row."""
        if not self._heads:
            return update
        found = update.detections
        known = np.empty(len(found), object)
        known[:] = described(found, self._heads)
        return replace(update, detections=found.replace(data={**found.data, ATTRIBUTES: known}))

    def reset(self) -> None:
        """It remembers nothing."""


def drive(steps: Steps, run: Callable[[Request], Answer]) -> Update:
    """Run the steps of a pipeline to their end.

    Args:
        steps: `Pipeline.steps` of an update.
        run: runs a head; an error becomes part of its answer.
    """
    try:
        request = next(steps)
        while True:
            request = steps.send(run(request))
    except StopIteration as end:
        update: Update = end.value
        return update


def described(
    found: Detections, heads: Sequence[HeadStage], digits: int = 4
) -> list[dict[str, Any]]:
    """Return the attributes of each row as plain JSON types, by name.

    ``{"label", "score"}`` of a class, a number of a quantity, ``[[x, y, score], ...]`` of points.
    What is not known is left out.
    """
    records: list[dict[str, Any]] = [{} for _ in range(len(found))]
    for stage in heads:
        if not stage.gives.adds and stage.failure is None:
            for row, record in enumerate(records):
                record.update(_row(found, row, stage, digits))
    return records


def _row(found: Detections, row: int, stage: HeadStage, digits: int) -> dict[str, Any]:
    known, name, given = Known(), stage.name, stage.gives
    if given.classes and name in found.data:
        known.class_id = int(found.data[name][row])
        known.class_score = float(found.data[f"{name}_score"][row])
    for number in given.numbers:
        if number in found.data:
            known.numbers[number] = float(found.data[number][row])
    if given.points and name in found.data:
        known.points = found.data[name][row]
    return plain(known, name, stage.card.labels, digits)


def plain(known: Known, name: str, labels: Sequence[str], digits: int = 4) -> dict[str, Any]:
    """Return what is known of one object, or of the frame, as plain JSON types; see `described`."""
    record: dict[str, Any] = {}
    if known.class_id != NO_CLASS:
        label = labels[known.class_id] if known.class_id < len(labels) else str(known.class_id)
        record[name] = {"label": label, "score": round(known.class_score, digits)}
    for number, value in known.numbers.items():
        if value == value:  # not NaN
            record[number] = round(value, digits)
    if known.points is not None and known.points[:, 2].any():
        record[name] = [[round(x, digits) for x in point] for point in known.points.tolist()]
    return record
