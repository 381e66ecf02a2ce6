"""Families of heads: second networks, which look closer at parts of a picture.

A head's card names its family, and the module of that name in this folder reads its outputs. To add
a family, add a module and a row to ``FAMILIES``. Uses numpy alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from obscura.boxes import area, clip, fit
from obscura.errors import BackendError, CardError, ModelMismatch
from obscura.families.common.rows import check_options
from obscura.families.heads.answer import CropAnswer, HeadModule, HeadReading
from obscura.suggest import suggestion

__all__ = ["FAMILIES", "CropAnswer", "Family", "Gives", "check", "module", "read"]


class Gives(NamedTuple):
    """What the heads of a family give.

    Attributes:
        adds: label of the rows that they add; "" if they find out about rows that there are.
        classes: whether they give the class of each object.
        numbers: names of the quantities that they give.
        points: number of points that they give of each object.
    """

    adds: str = ""
    classes: bool = False
    numbers: tuple[str, ...] = ()
    points: int = 0

    def data(self, name: str) -> tuple[str, ...]:
        """Return the names of the arrays that a head of this name adds to `Detections.data`."""
        if self.adds:
            return ()
        classes = (name, f"{name}_score") if self.classes else ()
        return (*classes, *self.numbers, *((name,) if self.points else ()))


class Family(NamedTuple):
    """One family of heads."""

    name: str  # as on cards; also that of its module
    title: str  # for people
    gives: Gives
    """What its heads give."""


FAMILIES = {
    family.name: family
    for family in (
        Family("faces", "faces (BlazeFace)", Gives(adds="face")),
        Family("dbtext", "lines of text (DBNet)", Gives(adds="text")),
        Family("movenet", "body poses (MoveNet)", Gives(points=17)),
        Family("classifier", "classes", Gives(classes=True)),
        Family("age_gender", "age and gender", Gives(numbers=("age", "male"))),
    )
}
_FARTHEST = 1000.0  # sizes of the crop; areas stay finite


def module(family: str) -> HeadModule:
    """Return the module that reads a family.

    Raises:
        CardError: there is no such family.
    """
    if family not in FAMILIES:
        choice = f"Choose one of {', '.join(FAMILIES)}."
        raise CardError(
            "There is no such family of heads",
            family,
            remedy=suggestion(family, FAMILIES, otherwise=choice),
        )
    return cast("HeadModule", import_module(f"obscura.families.heads.{family}"))


def check(family: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a card's options, checked and completed with the family's defaults.

    Raises:
        CardError: the family or an option is unknown, or an option is invalid.
    """
    known = module(family).OPTIONS
    return check_options(options, known, family, "[options] in head.toml")


def read(
    outputs: Mapping[str, NDArray[Any]],
    card: HeadReading,
    sizes: Sequence[tuple[float, float]] | NDArray[Any] | None = None,
) -> list[CropAnswer]:
    """Return what a head found in each crop.

    Args:
        outputs: as `obscura.engine.session.Session.run_crops` returns them: each with a first axis
            that has an entry per crop. Empty for no crops.
        card: the head's card.
        sizes: width and height of each crop, ``(n, 2)`` in pixels. Needed if the card letterboxes
            crops, because the bars depend on their shape.

    Returns:
        An answer per crop, in their order.

    Raises:
        ModelMismatch: the outputs are not what the card says.
        BackendError: they contain NaN or infinity.
        ValueError: `sizes` are missing, or not one per crop.
    """
    reader = module(card.family)
    counts = {len(array) if array.ndim else -1 for array in outputs.values()}
    if len(counts) > 1 or -1 in counts:
        raise ModelMismatch("The head's outputs are not one per crop", sorted(counts))
    count = counts.pop() if counts else 0
    stretched = card.input.resize == "stretch"
    if sizes is not None and len(sizes) != count:
        raise ValueError(f"sizes: wanted one per crop, {count}, got {len(sizes)}")
    if sizes is None and not stretched and count:
        raise ValueError("sizes: wanted, because this head letterboxes its crops")
    answers = []
    for i in range(count):
        answer = reader.read(
            {name: _plain(name, array[i]) for name, array in outputs.items()}, card
        )
        if sizes is not None and not stretched and (len(answer.boxes) or len(answer.points)):
            width, height = (float(side) for side in sizes[i])
            answer = _to_crop(answer, card.input, (width, height))
        answers.append(_within(answer, drop=bool(FAMILIES[card.family].gives.adds)))
    return answers


def _plain(name: str, array: NDArray[Any]) -> NDArray[np.float32]:
    if array.dtype.kind not in "fiu":
        raise ModelMismatch("The head returns something other than numbers", name)
    if not np.isfinite(array).all():
        raise BackendError("The backend returned numbers that are not finite", name)
    return array.astype(np.float32, copy=False)


def _to_crop(answer: CropAnswer, wanted: Any, size: tuple[float, float]) -> CropAnswer:
    """Map places from 0..1 of the network's input to 0..1 of a letterboxed crop."""
    whole = wanted.width, wanted.height
    placed = fit(wanted.resize, size, whole)
    scale = np.array(whole) / (np.array([placed.scale_x, placed.scale_y]) * size)
    start = np.array([placed.offset_x, placed.offset_y]) / whole
    xy = (answer.points[:, :, :2] - start) * scale
    return answer._replace(
        boxes=((answer.boxes.reshape(-1, 2, 2) - start) * scale).reshape(-1, 4).astype(np.float32),
        points=np.concatenate([xy, answer.points[:, :, 2:]], 2).astype(np.float32),
    )


def _within(answer: CropAnswer, *, drop: bool) -> CropAnswer:
    """Clip boxes to the crop, and drop those that lie wholly outside if they are new objects."""
    boxes = clip(answer.boxes.clip(-_FARTHEST, _FARTHEST), 1, 1)
    shown = area(boxes) > 0 if drop else np.ones(len(boxes), np.bool_)
    return answer._replace(
        boxes=boxes[shown], scores=answer.scores[shown], points=answer.points[shown]
    )
