"""Array operations that families are written in.

This module implements them with numpy; `tools/modelkit/trace.py` implements them as nodes of an
ONNX graph, so that one piece of code both reads an open network and seals it. Arrays also support
``+ - * /``, ``shape``, and indexing with integers, slices and ``...``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

Array = Any
"""A numpy array, or its stand-in while a graph is traced."""


class Ops(Protocol):
    """Operations on arrays. Negative axes count from the end."""

    def constant(self, value: Any, dtype: Any = np.float32) -> Array:
        """Return a constant array."""

    def cast(self, x: Array, dtype: Any) -> Array:
        """Convert to another type; to integers, rounding towards zero."""

    def concat(self, parts: Sequence[Array], axis: int) -> Array:
        """Concatenate along an axis."""

    def reshape(self, x: Array, shape: Sequence[int]) -> Array:
        """Change the shape; one size may be -1."""

    def transpose(self, x: Array, axes: Sequence[int]) -> Array:
        """Reorder the axes."""

    def exp(self, x: Array) -> Array:
        """Compute e to the power of x."""

    def sigmoid(self, x: Array) -> Array:
        """Compute 1 / (1 + exp(-x))."""

    def softmax(self, x: Array, axis: int) -> Array:
        """Compute exp(x), divided by its sum along an axis."""

    def sqrt(self, x: Array) -> Array:
        """Compute the square root."""

    def power(self, x: Array, exponent: float) -> Array:
        """Raise x, which must not be negative, to a power."""

    def minimum(self, a: Array, b: Array) -> Array:
        """Return the smaller of each two elements."""

    def maximum(self, a: Array, b: Array) -> Array:
        """Return the larger of each two elements."""

    def max(self, x: Array, axis: int) -> Array:
        """Return the maximum along an axis, which is removed."""

    def sum(self, x: Array, axis: int) -> Array:
        """Return the sum along an axis, which is removed."""

    def argmax(self, x: Array, axis: int) -> Array:
        """Return the int64 index of the (first) maximum along an axis, which is removed."""

    def top(self, x: Array, k: int) -> tuple[Array, Array]:
        """Return the k largest of (n,), or all if there are fewer, in descending order, and their
        indices."""

    def take(self, x: Array, indices: Array, axis: int = 0) -> Array:
        """Select rows, or elements along another axis, by int64 index."""

    def divide(self, x: Array, by: int) -> tuple[Array, Array]:
        """Return quotient and remainder of integers, which must not be negative."""

    def keep_first(self, x: Array, count: Array) -> Array:
        """Return (n,) with all but the first `count` elements set to 0.

        Args:
            count: int64 (1,), known only at run time.
        """

    def peaks(self, x: Array) -> Array:
        """Return (1, c, h, w) in which all elements but the maxima of their 3 x 3 surroundings are
        pushed far below zero."""


class NumpyOps:
    """`Ops` with numpy."""

    def constant(self, value: Any, dtype: Any = np.float32) -> Array:
        return np.asarray(value, dtype)

    def cast(self, x: Array, dtype: Any) -> Array:
        return x.astype(dtype)

    def concat(self, parts: Sequence[Array], axis: int) -> Array:
        return np.concatenate(parts, axis)

    def reshape(self, x: Array, shape: Sequence[int]) -> Array:
        return x.reshape(shape)

    def transpose(self, x: Array, axes: Sequence[int]) -> Array:
        return x.transpose(axes)

    def exp(self, x: Array) -> Array:
        return np.exp(x)

    def sigmoid(self, x: Array) -> Array:
        return 1 / (1 + np.exp(-x))

    def softmax(self, x: Array, axis: int) -> Array:
        powers = np.exp(x - x.max(axis, keepdims=True))
        return powers / powers.sum(axis, keepdims=True)

    def sqrt(self, x: Array) -> Array:
        return np.sqrt(x)

    def power(self, x: Array, exponent: float) -> Array:
        return x ** np.float32(exponent)

    def minimum(self, a: Array, b: Array) -> Array:
        return np.minimum(a, b)

    def maximum(self, a: Array, b: Array) -> Array:
        return np.maximum(a, b)

    def max(self, x: Array, axis: int) -> Array:
        return x.max(axis)

    def sum(self, x: Array, axis: int) -> Array:
        return x.sum(axis)

    def argmax(self, x: Array, axis: int) -> Array:
        return x.argmax(axis).astype(np.int64)

    def top(self, x: Array, k: int) -> tuple[Array, Array]:
        rows = np.arange(len(x))
        if k < len(x):  # sorting hundreds of thousands for the best hundred would be slow
            rows = np.flatnonzero(~(x < np.partition(x, -k)[-k]))
        order = rows[np.argsort(-x[rows], kind="stable")[:k]].astype(np.int64)
        return x[order], order

    def take(self, x: Array, indices: Array, axis: int = 0) -> Array:
        return np.take(x, indices, axis)

    def divide(self, x: Array, by: int) -> tuple[Array, Array]:
        return x // by, x % by

    def keep_first(self, x: Array, count: Array) -> Array:
        return np.where(np.arange(len(x)) < count[:1], x, 0).astype(x.dtype)

    def peaks(self, x: Array) -> Array:
        _, _, height, width = x.shape
        x = x.astype(np.float32)
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
        shifted = [padded[:, :, y : y + height, z : z + width] for y in range(3) for z in range(3)]
        highest = np.maximum.reduce(shifted)
        return x + (x - highest) * np.float32(1e30)


NUMPY: Ops = NumpyOps()
