"""Looks: the heads in use, for moving pictures and for those that stand still. Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from obscura.detections import ATTRIBUTES
from obscura.heads import Assembly, Budget, HeadSpec, PipelineSpec, assemble, completed
from obscura.heads.assembly import later_stages
from obscura.heads.contract import Card, Read
from obscura.heads.spec import FINDERS, FRAME
from obscura.page.features.closer import words
from obscura.page.words.objects import NOTES
from obscura.pipeline import Pipeline, Steps
from obscura.update import Update


def more_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels that heads may add to a model's own. They are the same whichever heads are
    in use, so that a class_id keeps its meaning when one is switched on or off."""
    return tuple(label for label in FINDERS if label not in labels)


def fitting(
    heads: Sequence[HeadSpec], labels: Sequence[str]
) -> tuple[PipelineSpec, list[HeadSpec]]:
    """Return the pipeline of the heads that have something to look at, completed, and those that
    have not, because the model does not find it.

    Args:
        labels: the model's.
    """
    spec = completed(PipelineSpec(heads=tuple(heads)), labels)
    known = {FRAME, *labels, *FINDERS}
    fits = [head for head in spec.heads if head.on and set(head.on) <= known]
    lost = [head for head in spec.heads if head not in fits]
    return PipelineSpec(heads=tuple(fits), budget_ms=spec.budget_ms), lost


class Looks:
    """The heads of a pipeline.

    A moving picture is followed within a budget, and what is found out is kept for each track. In
    a picture that stands still everything is looked at each time.
    """

    def __init__(
        self,
        spec: PipelineSpec,
        labels: Sequence[str],
        cards: Mapping[str, Card],
        read: Read,
        moving: Callable[[], bool],
    ) -> None:
        """
        Args:
            spec, cards, read: see `obscura.heads.assemble`.
            labels: the model's.
            moving: returns whether the picture that is being analysed moves.

        Raises:
            PipelineError: see `obscura.heads.assemble`.
        """
        known = (*labels, *more_labels(labels))
        self.live = assemble(spec, known, cards, read)
        self.still = assemble(spec, known, cards, read, budget=Budget())
        self._moving = moving
        begin = self.still.pipeline.reset
        self.finders = Switched(_finders(self.live), _finders(self.still), self._is_moving, begin)
        self.others = Switched(_others(self.live), _others(self.still), self._is_moving)
        self._latest = self.still

    @property
    def latest(self) -> Assembly:
        """The heads as they were used last."""
        return self._latest

    def shares(self) -> dict[str, float]:
        """Return the milliseconds a frame that each head took lately, by its title."""
        taken = self._latest.budget.shares()
        return {s.card.title: taken[s.name] for s in self._latest.heads if s.name in taken}

    def failures(self) -> dict[str, Any]:
        """Return the error of each head that is off, by its name."""
        stages = (*self.still.heads, *self.live.heads)
        return {stage.name: stage.failure for stage in stages if stage.failure is not None}

    def aside(self, update: Update) -> Steps:
        """Look at a picture of its own; see `pipeline.AskingStage.steps`."""
        self.still.pipeline.reset()
        update = yield from self.still.pipeline.steps(update)
        return noted(update)

    def _is_moving(self) -> bool:
        moving = self._moving()
        self._latest = self.live if moving else self.still
        return moving


class Switched:
    """A stage that passes moving pictures through one pipeline, and others through another one."""

    def __init__(
        self,
        live: Pipeline,
        still: Pipeline,
        moving: Callable[[], bool],
        begin: Callable[[], None] | None = None,
    ) -> None:
        """
        Args:
            moving: returns whether the picture moves.
            begin: called before a picture that stands still is looked at.
        """
        self._live, self._still, self._moving, self._begin = live, still, moving, begin

    @property
    def stages(self) -> Sequence[Any]:
        """The stages that are in use."""
        return (self._live if self._moving() else self._still).stages

    def update(self, update: Update) -> Update:
        """Add what is known from earlier frames, or of this very picture."""
        return (self._live if self._moving() else self._still).update(update)

    def steps(self, update: Update) -> Steps:
        """Add what the heads find out; see `pipeline.AskingStage`."""
        if self._moving():
            return (yield from self._live.steps(update))
        if self._begin is not None:
            self._begin()
        return (yield from self._still.steps(update))

    def reset(self) -> None:
        """See `Stage`."""
        self._live.reset()
        self._still.reset()


def _finders(assembly: Assembly) -> Pipeline:
    return Pipeline([each for each in assembly.heads if each.gives.adds])


def _others(assembly: Assembly) -> Pipeline:
    return Pipeline(later_stages([each for each in assembly.heads if not each.gives.adds]))


def noted(update: Update) -> Update:
    """Return the update with a few words on each row, without and with how sure they are."""
    found = update.detections
    known = found.data.get(ATTRIBUTES)
    if known is None:
        return update
    notes = [(words.note(each), words.note(each, scores=True)) for each in known.tolist()]
    data = {**found.data, NOTES: np.array(notes, np.str_).reshape(len(found), 2)}
    return Update(update.frame, found.replace(data=data), update.events)
