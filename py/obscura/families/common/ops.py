"""The few array operations in which families are read.

Each family is written once, over these. Here they are numpy; `tools/modelkit/trace.py` has the same
as nodes of an ONNX graph, and so seals a network with the very code that reads it open. Beside
these, arrays have ``+ - * /``, ``shape`` and slicing with integers, slices and ``...``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

Array = Any
"""A numpy array, or what stands for one while a graph is traced."""


class Ops(Protocol):
    """What a family may do to arrays; axes may count from the end."""

    def constant(self, value: Any, dtype: Any = np.float32) -> Array:
        """An array known beforehand."""

    def cast(self, x: Array, dtype: Any) -> Array:
        """x as another type; to integers, towards zero."""

    def concat(self, parts: Sequence[Array], axis: int) -> Array:
        """Arrays one after another."""

    def reshape(self, x: Array, shape: Sequence[int]) -> Array:
        """The same numbers in another shape; one size may be -1."""

    def transpose(self, x: Array, axes: Sequence[int]) -> Array:
        """Axes in another order."""

    def exp(self, x: Array) -> Array:
        """e to the x."""

    def sigmoid(self, x: Array) -> Array:
        """1 / (1 + exp(-x))."""

    def softmax(self, x: Array, axis: int) -> Array:
        """exp(x) over its sum along an axis."""

    def sqrt(self, x: Array) -> Array:
        """The square root."""

    def power(self, x: Array, exponent: float) -> Array:
        """x to a power; x is not negative."""

    def minimum(self, a: Array, b: Array) -> Array:
        """The smaller of two, element by element."""

    def maximum(self, a: Array, b: Array) -> Array:
        """The larger of two, element by element."""

    def max(self, x: Array, axis: int) -> Array:
        """The largest along an axis, which goes."""

    def sum(self, x: Array, axis: int) -> Array:
        """The sum along an axis, which goes."""

    def argmax(self, x: Array, axis: int) -> Array:
        """int64 index of the (first) largest along an axis, which goes."""

    def top(self, x: Array, k: int) -> tuple[Array, Array]:
        """The k largest of (n,) in falling order, or all if there are fewer, and their indices."""

    def take(self, x: Array, indices: Array, axis: int = 0) -> Array:
        """Rows (or what lies along another axis) by int64 index."""

    def divide(self, x: Array, by: int) -> tuple[Array, Array]:
        """Quotient and remainder of integers that are not negative."""

    def keep_first(self, x: Array, count: Array) -> Array:
        """Of (n,), all but the first so many made 0; count is int64 (1,), of one run's own."""

    def peaks(self, x: Array) -> Array:
        """Of (1, c, h, w), what is the largest in the 3 x 3 around it; elsewhere -1e30 or less."""


class NumpyOps:
    """`Ops` in numpy."""

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
        if k < len(x):  # to sort hundreds of thousands for the best hundred would take long
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
