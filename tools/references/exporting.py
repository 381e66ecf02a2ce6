"""Networks of PyTorch with random weights, made lively and exported."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn


def picture(width: int, height: int, *, scale: float = 1.0) -> torch.Tensor:
    """Return ``[1, 3, height, width]``: blurred noise, so that neighbouring cells resemble."""
    coarse = torch.rand(1, 3, height // 8, width // 8)
    return scale * nn.functional.interpolate(coarse, (height, width), mode="bilinear")


def enliven(
    network: nn.Module, sample: torch.Tensor, last: Iterable[nn.Conv2d], *, spread: float
) -> None:
    """Make a random network answer as differently from cell to cell as a trained one does.

    Batch normalisation takes its statistics from the sample; the last convolutions, whose weights
    are drawn with this standard deviation, no longer answer "nothing" everywhere.
    """
    network.eval()
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    for norm in norms:
        norm.train()
        norm.momentum = None
    with torch.no_grad():
        network(sample)
        for norm in norms:
            norm.eval()
        for convolution in last:
            convolution.weight.normal_(0, spread)
            if convolution.bias is not None:
                convolution.bias.zero_()


def export(
    network: nn.Module,
    sample: torch.Tensor,
    outputs: Sequence[str],
    *,
    name: str = "images",
    dynamic: dict[str, dict[int, str]] | None = None,
) -> onnx.ModelProto:
    """Export as most projects do, by tracing, with opset 17."""
    file = io.BytesIO()
    torch.onnx.export(
        network, (sample,), file, dynamo=False, opset_version=17,
        input_names=[name], output_names=list(outputs), dynamic_axes=dynamic,
    )  # fmt: skip
    return onnx.load_from_string(file.getvalue())


def run(model: onnx.ModelProto, sample: torch.Tensor) -> dict[str, NDArray[Any]]:
    """Return all outputs by name, in the graph's order."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    arrays = session.run(names, {session.get_inputs()[0].name: np.asarray(sample)})
    return dict(zip(names, arrays, strict=True))
