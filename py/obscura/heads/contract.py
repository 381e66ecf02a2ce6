"""What stages know of heads: their cards, their answers, and what each family gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import InputSpec, OpenForm
from obscura.errors import BackendError
from obscura.families.heads import FAMILIES, Gives
from obscura.heads.spec import PipelineError

RawOutputs = dict[str, NDArray[Any]]


class CropForm(Protocol):
    """The crops that a head was made for."""

    @property
    def margin(self) -> float:
        """What is added to a box on each side, in sides of the box."""

    @property
    def shape(self) -> str:
        """One of `obscura.cards.head_card.SHAPES`."""

    @property
    def least(self) -> float:
        """The smallest side of a box, in pixels of the source."""


class Card(Protocol):
    """What a stage reads of a head's card."""

    @property
    def name(self) -> str:
        """Name by which a session opens it."""

    @property
    def title(self) -> str:
        """Name shown to people."""

    @property
    def family(self) -> str:
        """Key of `obscura.families.heads.FAMILIES`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of a classifier's classes; of a head that adds rows, their label."""

    @property
    def crop(self) -> CropForm:
        """The crops that it was made for."""

    @property
    def input(self) -> InputSpec:
        """The network's own input."""

    @property
    def open(self) -> OpenForm | None:
        """How to feed a network that is not sealed."""


class CropAnswer(Protocol):
    """What a head found in one crop."""

    @property
    def boxes(self) -> NDArray[np.float32]:
        """``(k, 4)`` xyxy in 0..1 of the crop."""

    @property
    def scores(self) -> NDArray[np.float32]:
        """``(k,)`` in 0..1."""

    @property
    def points(self) -> NDArray[np.float32]:
        """``(k, P, 3)``: x, y in 0..1 of the crop, and a score in 0..1."""

    @property
    def values(self) -> Mapping[str, NDArray[Any]]:
        """Quantities of the whole crop by name."""


Read = Callable[[RawOutputs, Any, NDArray[np.float32]], Sequence[CropAnswer]]
"""Makes answers, one per crop, of a head's outputs, its card and the width and height of each crop,
``(m, 2)`` in pixels."""


def gives(card: Card) -> Gives:
    """Return what a head gives.

    Raises:
        PipelineError: its family is not known.
    """
    if card.family not in FAMILIES:
        raise PipelineError(
            f'The family of the head "{card.name}" is not known',
            card.family,
            remedy=f"It should be one of {', '.join(FAMILIES)}.",
        )
    usual = FAMILIES[card.family].gives
    return usual._replace(adds=card.labels[0]) if usual.adds and card.labels else usual


def checked(answers: Sequence[CropAnswer], count: int) -> Sequence[CropAnswer]:
    """Return the answers to a number of crops.

    Raises:
        BackendError: there are more or fewer, an array has another shape than those of a
            `CropAnswer`, or a number is not finite.
    """
    if len(answers) != count:
        raise BackendError("The head answered another number of crops", f"{len(answers)}")
    for answer in answers:
        boxes, scores, points = (np.shape(a) for a in (answer.boxes, answer.scores, answer.points))
        if boxes[1:] != (4,) or len(scores) != 1 or len(points) != 3 or points[2] != 3:
            raise BackendError(
                "The head's answer has the wrong shape", f"{boxes}, {scores}, {points}"
            )
        if boxes[0] and scores != boxes[:1]:
            raise BackendError("The head gave boxes without scores", f"{boxes}, {scores}")
        arrays = (answer.boxes, answer.scores, answer.points, *answer.values.values())
        if not all(np.isfinite(array).all() for array in arrays):
            raise BackendError("The head returned numbers that are not finite")
    return answers
