"""What a head finds in one crop, and what a module that reads heads has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import InputSpec
from obscura.families.common.rows import Option

Outputs = Mapping[str, NDArray[Any]]
"""Outputs of a head for one crop by name, in the order of its graph."""


class CropAnswer(NamedTuple):
    """What a head finds in one crop. Places are in 0..1 of the crop, x to the right, y downwards.

    A head that finds no boxes has none here, and one without key points has no points: its arrays
    are then of length 0.
    """

    boxes: NDArray[np.float32]  # (k, 4) xyxy, within the crop, best first
    scores: NDArray[np.float32]  # (k,) in 0..1
    points: NDArray[np.float32]  # (k, P, 3) x, y, score; they may lie outside the crop
    values: dict[str, NDArray[np.float32]]  # of the whole crop, by name


class HeadReading(Protocol):
    """How a head's outputs are read. A `HeadCard` is one."""

    @property
    def family(self) -> str:
        """Key of `FAMILIES`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes."""

    @property
    def input(self) -> InputSpec:
        """The network's own input."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Of the family, complete and checked."""


class HeadModule(Protocol):
    """Module that reads one family of heads."""

    @property
    def OPTIONS(self) -> Mapping[str, Option]:  # noqa: N802  (a constant of the module)
        """What a card may set under ``[options]``, by name."""

    def read(self, outputs: Outputs, card: HeadReading) -> CropAnswer:
        """Return what the outputs for one crop say, its places in 0..1 of the network's input.

        Args:
            outputs: float32 arrays as the network returns them, with its own first axis.

        Raises:
            ModelMismatch: the outputs are not what the card implies.
        """


def values(**found: NDArray[np.float32]) -> CropAnswer:
    """Return the answer of a head that finds no boxes."""
    return CropAnswer(
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.float32),
        np.zeros((0, 0, 3), np.float32),
        found,
    )
