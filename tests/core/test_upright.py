"""Whether a captured frame lies as its video shows it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura.live.upright import SIDE, lies_alike

RANDOM = np.random.default_rng(7)
PICTURE = RANDOM.integers(0, 256, (SIDE, SIDE, 4), np.uint8)


def noisy(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return it as another decoder, or the next frame of a video, has it."""
    noise = RANDOM.integers(-4, 5, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("square", [True, False])
def test_a_frame_that_lies_as_it_is_shown_is_recognised(square: bool) -> None:
    assert lies_alike(PICTURE, noisy(PICTURE), square=square) is True


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_frame_that_lies_otherwise_is_recognised(turn: int) -> None:
    assert lies_alike(noisy(np.rot90(PICTURE, turn)), PICTURE, square=True) is False


def test_half_a_turn_is_recognised_in_any_shape() -> None:
    assert lies_alike(noisy(np.rot90(PICTURE, 2)), PICTURE, square=False) is False


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_even_picture_says_nothing(level: int) -> None:
    even = np.full((SIDE, SIDE, 4), level, np.uint8)

    assert lies_alike(even, noisy(even), square=True) is None


def test_a_picture_that_looks_the_same_turned_says_nothing() -> None:
    symmetric = np.maximum(PICTURE, np.rot90(PICTURE, 2))

    assert lies_alike(symmetric, symmetric, square=False) is None


def test_a_frame_of_something_else_says_nothing() -> None:
    other = RANDOM.integers(0, 256, PICTURE.shape, np.uint8)

    assert lies_alike(PICTURE, other, square=True) is None
