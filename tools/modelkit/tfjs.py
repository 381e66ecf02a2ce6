"""Reads a TF.js graph model: `model.json` (nodes, manifest) and its weight shards.

Format: the protobuf GraphDef of TensorFlow as JSON, in the two spellings that converters of
different ages wrote (strings as base64 or as lists of bytes; integers as text).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelkit.errors import ConversionError

Array = NDArray[Any]
_DTYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "int32": np.dtype("<i4"),
    "float16": np.dtype("<f2"),
}


@dataclass(frozen=True, slots=True)
class Node:
    """One TensorFlow operation; `inputs` are node names, without output numbers."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def text(self, key: str, default: str = "") -> str:
        """A string attribute such as `padding`."""
        value = self.attributes.get(key)
        return default if value is None else _text(value["s"])

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings such as `fused_ops`."""
        return tuple(_text(item) for item in self._list(key).get("s") or ())

    def ints(self, key: str) -> tuple[int, ...]:
        """A list of integers such as `strides`."""
        return tuple(int(item) for item in self._list(key).get("i") or ())

    def flag(self, key: str) -> bool:
        """A boolean attribute, false where it is missing."""
        return bool(self.attributes.get(key, {}).get("b", False))

    def number(self, key: str) -> float:
        """A float attribute such as `epsilon`."""
        return float(self.attributes[key]["f"])

    def _list(self, key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.attributes.get(key, {}).get("list") or {}
        return found


@dataclass(frozen=True, slots=True)
class GraphModel:
    """The operations by name, and the value of each constant one."""

    nodes: Mapping[str, Node]
    weights: Mapping[str, Array]

    def between(self, image: str, outputs: Sequence[str]) -> list[Node]:
        """The nodes that lead from `image` (left out) to `outputs`, each after those it reads.

        Raises:
            ConversionError: a node that is wanted does not exist.
        """
        order: list[Node] = []
        seen = {image}
        waiting = [(name, False) for name in reversed(outputs)]
        while waiting:
            name, inputs_done = waiting.pop()
            if inputs_done:
                order.append(self.node(name))
            elif name not in seen:
                seen.add(name)
                waiting.append((name, True))
                waiting += [(source, False) for source in reversed(self.node(name).inputs)]
        return order

    def node(self, name: str) -> Node:
        """The node of that name; ConversionError where there is none."""
        if name not in self.nodes:
            raise ConversionError(f"The graph has no node {name!r}.")
        return self.nodes[name]


def read_graph_model(files: Mapping[str, bytes], path: str) -> GraphModel:
    """Reads the graph model whose JSON is `files[path]`, shards lying beside it.

    Raises:
        ConversionError: a shard is missing, cut short, or in a form that is not understood.
    """
    document = json.loads(files[path])
    folder = path.rpartition("/")[0]
    nodes = {}
    for item in document["modelTopology"]["node"]:
        inputs = tuple(name.partition(":")[0] for name in item.get("input", ()) if name[0] != "^")
        nodes[item["name"]] = Node(item["name"], item["op"], inputs, item.get("attr", {}))
    weights: dict[str, Array] = {}
    for group in document["weightsManifest"]:
        shards = [f"{folder}/{name}" for name in group["paths"]]
        missing = [name for name in shards if name not in files]
        if missing:
            raise ConversionError(f"{path} names shards that the package lacks: {missing}.")
        weights.update(_read_weights(group["weights"], b"".join(files[name] for name in shards)))
    return GraphModel(nodes, weights)


def _read_weights(entries: list[dict[str, Any]], data: bytes) -> dict[str, Array]:
    weights: dict[str, Array] = {}
    offset = 0
    for entry in entries:
        stored = entry.get("quantization", {}).get("dtype", entry["dtype"])
        if stored not in _DTYPES:
            raise ConversionError(f"Weight {entry['name']!r} is stored as {stored}: not supported.")
        count = int(np.prod(entry["shape"], dtype=np.int64))
        end = offset + count * _DTYPES[stored].itemsize
        if end > len(data):
            raise ConversionError(f"The weight shards end before {entry['name']!r} does.")
        array = np.frombuffer(data[offset:end], _DTYPES[stored]).reshape(entry["shape"])
        weights[entry["name"]] = array.astype(_DTYPES[entry["dtype"]])
        offset = end
    if offset != len(data):
        raise ConversionError(f"The weight shards hold {len(data) - offset} bytes too many.")
    return weights


def _text(value: str | list[int]) -> str:
    return (base64.b64decode(value) if isinstance(value, str) else bytes(value)).decode("ascii")
