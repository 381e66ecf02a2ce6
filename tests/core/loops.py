"""What tests share that compare a family's rows with loops over what is published of it."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obscura.families import decode

from .references import card_of

SIZE = (200, 120)  # no stride but 8 divides both


def rows(
    family: str, outputs: dict[str, Any], classes: int, size: tuple[int, int] = SIZE, **options: Any
) -> decode.Outputs:
    """Return all rows, boxes and points in pixels of the input, in the order of their scores."""
    found = decode.read(
        {name: np.asarray(array, np.float32) for name, array in outputs.items()},
        card_of(family, size, classes, top=100_000, **options),
    )
    points = None
    if found.keypoints is not None:
        points = found.keypoints * np.float32([*size, 1])
    return found._replace(boxes=found.boxes * np.float32(size * 2), keypoints=points)


def assert_rows(found: decode.Outputs, expected: list[tuple[float, int, list[float]]]) -> None:
    """Assert that the rows are those: score, class, box and, after it, x and y of each point.

    Rows of nearly equal scores may come in any order.
    """
    wanted = np.array([(score, label, *box) for score, label, box in expected])
    ours = np.column_stack([found.scores, found.classes, found.boxes]).astype(np.float64)
    if found.keypoints is not None:
        ours = np.column_stack([ours, found.keypoints[:, :, :2].reshape(len(ours), -1)])
        assert (found.keypoints[:, :, 2] == 1).all()
    assert ours.shape == wanted.shape
    assert len(ours) > 10
    assert (np.diff(ours[:, 0]) <= 0).all()
    assert_within(ours, wanted)
    assert_within(wanted, ours)


def assert_within(some: NDArray[np.float64], others: NDArray[np.float64]) -> None:
    """Assert that each row of some is among the others."""
    others = others[others[:, 0].argsort()]
    starts = np.searchsorted(others[:, 0], some[:, 0] - 1e-5)
    ends = np.searchsorted(others[:, 0], some[:, 0] + 1e-5)
    for row, start, end in zip(some, starts, ends, strict=True):
        near = np.isclose(others[start:end], row, rtol=1e-4, atol=0.01).all(1)
        assert near.any(), f"{row} is not among {others[start:end]}"


def uniform(*shape: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).random(shape)


def normal(*shape: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 1, shape)


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))
