"""The steps of a network that is being converted, and arithmetic on their weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelkit.errors import ConversionError
from modelkit.tfjs import Node

Floats = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class Step:
    """One ONNX node to be: `weight` (O, I/groups, kh, kw) and `bias` (O,) where it is a Conv.

    An input is a feature map, a constant, or None where the operator has an unused place.
    """

    op: str
    name: str
    inputs: list[Input]
    attributes: dict[str, Any] = field(default_factory=dict)
    weight: Floats | None = None
    bias: Floats | None = None


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """A tensor [1, channels, height, width]; `step` made it, None for the image itself."""

    channels: int
    height: int
    width: int
    step: Step | None


Value = FeatureMap | NDArray[Any]
Input = FeatureMap | NDArray[Any] | None


def span(size: int, kernel: int, stride: int, same: bool) -> tuple[int, int, int]:
    """Output length and the padding before and after, as TensorFlow's SAME and VALID have it."""
    if not same:
        return (size - kernel) // stride + 1, 0, 0
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return out, total // 2, total - total // 2


def per_channel(value: Value, node: Node) -> Floats:
    """A constant that is one number or one for each channel, as [] or [C, 1, 1]."""
    constant = np.asarray(value, np.float32)
    if constant.size != 1 and constant.size != constant.shape[-1]:
        raise ConversionError(f"{node.name!r} takes a constant {constant.shape}: no rule for that.")
    return constant.reshape(() if constant.size == 1 else (-1, 1, 1))


def scale(step: Step, factor: Floats) -> None:
    """Multiply what a convolution returns by one number, or by one for each channel."""
    assert step.weight is not None
    assert step.bias is not None
    factors = np.broadcast_to(factor.reshape(-1), step.bias.shape)
    step.weight = (step.weight * factors.reshape(-1, 1, 1, 1)).astype(np.float32)
    step.bias = (step.bias * factors).astype(np.float32)


def shift(step: Step, offset: Floats) -> None:
    """Add to what a convolution returns."""
    assert step.bias is not None
    step.bias = (step.bias + offset.reshape(-1)).astype(np.float32)
