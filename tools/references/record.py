"""A recorded reference and a recorded face, and how they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray


class Reference(NamedTuple):
    """One run of a network, and the project's own answer to it."""

    name: str
    source: str  # package, version, licence
    width: int  # of the network's input
    height: int
    classes: int
    outputs: dict[str, NDArray[Any]]  # as onnxruntime returned them
    threshold: float  # as given to the project's code
    iou: float  # 1 if it knows no NMS
    boxes: NDArray[np.float32]  # (n, 4) xyxy in pixels of the input
    scores: NDArray[np.float32]  # (n,)
    class_id: NDArray[np.int64]  # (n,)


class Face(NamedTuple):
    """An export, of which only inputs, outputs, metadata and operators are kept."""

    name: str
    model: onnx.ModelProto


def save_reference(reference: Reference, folder: Path) -> Path:
    """Write ``NAME.npz``; outputs keep their order and are called ``output:NAME``."""
    path = folder / f"{reference.name}.npz"
    told = {key: np.asarray(value) for key, value in reference._asdict().items()}
    outputs = told.pop("outputs").item()
    arrays: dict[str, Any] = told | {f"output:{name}": a for name, a in outputs.items()}
    np.savez_compressed(path, **arrays)
    return path


def save_face(face: Face, folder: Path) -> Path:
    """Write ``NAME.onnx`` with one bare node for each operator, and no weights.

    It can be inspected but not run.
    """
    whole, bare = face.model, onnx.ModelProto()
    bare.CopyFrom(whole)
    operators = sorted({(node.domain, node.op_type) for node in whole.graph.node})
    for field in ("node", "initializer", "value_info", "sparse_initializer", "metadata_props"):
        bare.graph.ClearField(field)
    bare.ClearField("functions")
    bare.graph.doc_string = ""
    for domain, operator in operators:
        bare.graph.node.add(domain=domain, op_type=operator)
    for value in (*bare.graph.input, *bare.graph.output):
        value.ClearField("metadata_props")
    path = folder / f"{face.name}.onnx"
    path.write_bytes(bare.SerializeToString())
    return path
