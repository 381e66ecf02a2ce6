"""Records what the original projects make of the raw outputs of their networks.

A project's network is made with random weights, exported to ONNX, and run on a picture of noise;
its own post-processing then reads the outputs. Both go into ``tests/data/references``, for the
tests of `obscura.families` to compare with; the export's face, without its weights, goes into
``tests/data/graphs``, for those of the guess.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[2] / "tests" / "data"
MOST_BYTES = 150_000
"""What a recording may take; make the network's input or its classes smaller."""


class Reference(NamedTuple):
    """Raw outputs of a network, and what its project makes of them."""

    size: tuple[int, int]  # width and height of the network's input, in pixels
    outputs: Mapping[str, NDArray[Any]]
    boxes: NDArray[np.float32]  # (n, 4) xyxy in pixels of the input
    scores: NDArray[np.float32]  # (n,)
    classes: NDArray[np.int64]  # (n,)
    threshold: float  # at which the project was asked
    iou: float  # of its suppression; 1 where it has none
    project: str  # package, version, licence
    network: bytes = b""  # the export in ONNX, if there is one
    keypoints: NDArray[np.float32] | None = None  # (n, points, 2 or 3), in pixels of the input


def project(package: str, licence: str) -> str:
    """Return how a recording names what made it."""
    return f"{package} {version(package)}, {licence}"


def export(
    module: Any,
    inputs: Sequence[Any],
    input_names: Sequence[str],
    output_names: Sequence[str],
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
) -> bytes:
    """Export a torch module to ONNX."""
    import torch

    file = io.BytesIO()
    torch.onnx.export(
        module.eval(), tuple(inputs), file, dynamo=False, opset_version=17,
        input_names=list(input_names), output_names=list(output_names), dynamic_axes=dynamic,
    )  # fmt: skip
    return file.getvalue()


def run(network: bytes, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return a network's outputs, by name, in the graph's order."""
    import onnxruntime

    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(feeds)), strict=True))


def noise(width: int, height: int, seed: int = 0) -> NDArray[np.float32]:
    """Return a picture ``[1, 3, height, width]`` of values around 0."""
    picture = np.random.default_rng(seed).standard_normal((1, 3, height, width))
    return picture.astype(np.float32)


def lively(network: Any, last: Iterable[Any], spread: float) -> None:
    """Make a random network answer differently from cell to cell, as a trained one does.

    Args:
        network: the signal is kept from fading on its way, as batch normalisation would keep it.
        last: convolutions whose outputs get this standard deviation around 0 in each channel.
    """
    import torch

    def spreading(size: float) -> Callable[[Any, Any, Any], Any]:
        def hook(_module: Any, _inputs: Any, output: Any) -> Any:
            centred = output - output.mean((2, 3), keepdim=True)
            return size * centred / ((centred**2).mean((2, 3), keepdim=True) + 1e-12).sqrt()

        return hook

    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.register_forward_hook(spreading(1))
    for module in last:
        module.register_forward_hook(spreading(spread))


def face(network: bytes) -> bytes:
    """Return a network without its weights: inputs, outputs, metadata, one node of each kind."""
    import onnx

    model = onnx.load_from_string(network)
    kinds: dict[tuple[str, str], Any] = {}
    for node in model.graph.node:
        kinds.setdefault((node.domain, node.op_type), node)
    bare = [
        onnx.helper.make_node(kind, [], [f"{kind}"], domain=domain)
        for domain, kind in sorted(kinds)
    ]
    graph = onnx.helper.make_graph(bare, "face", model.graph.input, model.graph.output)
    small = onnx.helper.make_model(
        graph, opset_imports=model.opset_import, producer_name=model.producer_name
    )
    small.metadata_props.extend(model.metadata_props)
    return bytes(small.SerializeToString())


def save(name: str, make: Callable[[], Reference]) -> str:
    """Make and write a recording; return one line about it."""
    if find_spec("torch"):  # some recordings do without
        import torch

        torch.manual_seed(0)
    made = make()
    file = DATA / "references" / f"{name}.npz"
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        file,
        names=np.array(list(made.outputs)),
        allow_pickle=False,
        **{f"output{i}": array for i, array in enumerate(made.outputs.values())},
        size=np.array(made.size),
        boxes=made.boxes.astype(np.float32),
        scores=made.scores.astype(np.float32),
        classes=made.classes.astype(np.int64),
        threshold=np.array(made.threshold),
        iou=np.array(made.iou),
        project=np.array(made.project),
        **({} if made.keypoints is None else {"keypoints": made.keypoints.astype(np.float32)}),
    )
    if file.stat().st_size > MOST_BYTES:
        raise ValueError(f"{name}: {file.stat().st_size} bytes, at most {MOST_BYTES} are wanted")
    if made.network:
        save_face(name, made.network)
    return f"{name}: {len(made.scores)} detections by {made.project}, {file.stat().st_size} bytes"


def save_face(name: str, network: bytes) -> str:
    """Write an export's face; return one line about it."""
    graph = DATA / "graphs" / f"{name}.onnx"
    graph.parent.mkdir(parents=True, exist_ok=True)
    graph.write_bytes(face(network))
    return f"{name}: a face of {graph.stat().st_size} bytes"
