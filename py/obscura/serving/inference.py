"""Open Inference Protocol, version 2: tensors of a request to pixels, detections to tensors.

A model takes ``image``, UINT8 of shape (height, width, 3 or 4) or with a leading 1, and returns
``boxes``, FP32 (n, 4), left, top, right and bottom in pixels; ``scores``, FP32 (n); and
``class_ids``, INT64 (n). Tensors are lists in JSON, or bytes behind it, as the extension for binary
tensor data has it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.serving.detecting import Limits
from obscura.serving.pictures import too_many
from obscura.serving.refusal import Refusal

IMAGE = "image"
OUTPUTS = {"boxes": ("FP32", np.float32), "scores": ("FP32", np.float32)} | {
    "class_ids": ("INT64", np.int64)
}
LENGTH = "inference-header-content-length"
"""Header with the length of the JSON before binary tensors."""
_LENGTH = re.compile(r"0*([0-9]{1,15})")  # of more digits Python would make no number
MOST_JSON = 8 << 20
"""Bytes of JSON, which takes much more room in memory than on the wire."""


class Asked(NamedTuple):
    """A request for inference.

    Attributes:
        id: chosen by the client, or None.
        pixels: ``(height, width, 3 or 4)`` uint8.
        limits: from its parameters.
        outputs: whether each wanted output is to be binary.
    """

    id: str | None
    pixels: NDArray[np.uint8]
    limits: Limits
    outputs: dict[str, bool]


def metadata(name: str) -> dict[str, Any]:
    """Return what the protocol says of a model."""
    shapes = {"boxes": [-1, 4], "scores": [-1], "class_ids": [-1]}
    return {
        "name": name,
        "versions": ["1"],
        "platform": "onnxruntime",
        "inputs": [{"name": IMAGE, "datatype": "UINT8", "shape": [1, -1, -1, -1]}],
        "outputs": [
            {"name": output, "datatype": datatype, "shape": shapes[output]}
            for output, (datatype, _) in OUTPUTS.items()
        ],
    }


def parse(body: bytes, length: str | None, most_pixels: int) -> Asked:
    """Read a request.

    Args:
        body: JSON, and binary tensors behind it.
        length: of the JSON; None where there is nothing else.

    Raises:
        Refusal: 400, 413 or 422.
    """
    end = len(body)
    if length is not None:
        digits = _LENGTH.fullmatch(length)
        if digits is None or int(digits[1]) > len(body):
            raise _wrong(f"{LENGTH} is not a length within the body")
        end = int(digits[1])
    if end > MOST_JSON:
        raise Refusal(
            413, "too-large", "The JSON is too large", remedy="Send the tensor as binary data."
        )
    try:
        table = json.loads(body[:end])
    except (ValueError, RecursionError):
        raise _wrong("It is not JSON") from None
    match table:
        case {"inputs": [{"name": "image", "datatype": "UINT8", "shape": list(shape)} as tensor]}:
            pass
        case _:
            raise _wrong("It wants one input, image, UINT8, with a shape")
    size = _size(shape)
    if size[0] * size[1] > most_pixels:
        raise too_many(most_pixels)
    pixels = _tensor(tensor, size, body[end:])
    name = table.get("id")
    if not isinstance(name, str | None):
        raise _wrong("id is not text")
    return Asked(name, pixels, _limits(_parameters(table)), _outputs(table))


def _wrong(cause: str) -> Refusal:
    return Refusal(
        400, "request-invalid", cause, remedy="See docs/server.md for what is to be sent."
    )


def _parameters(table: Mapping[str, Any]) -> dict[str, Any]:
    parameters = table.get("parameters", {})
    if not isinstance(parameters, dict):
        raise _wrong("parameters is not an object")
    return parameters


def _size(shape: list[Any]) -> tuple[int, int, int]:
    sides = shape[1:] if len(shape) == 4 and shape[0] == 1 else shape
    whole = all(type(side) is int and 0 < side < 1 << 31 for side in sides)
    if not whole or len(sides) != 3 or sides[2] not in (3, 4):
        raise _wrong("The shape is not (height, width, 3 or 4), with or without a leading 1")
    return sides[0], sides[1], sides[2]


def _tensor(
    tensor: Mapping[str, Any], size: tuple[int, int, int], binary: bytes
) -> NDArray[np.uint8]:
    count = math.prod(size)
    stated = _parameters(tensor).get("binary_data_size")
    if stated is not None:
        if stated != count or len(binary) != count:
            raise _wrong(f"The tensor is not the {count} bytes of its shape")
        return np.frombuffer(binary, np.uint8).reshape(size)
    try:
        values = np.asarray(tensor.get("data"))
    except (ValueError, OverflowError):
        raise _wrong("The data is ragged") from None
    if values.dtype.kind not in "iu" or values.size != count:
        raise _wrong(f"The data is not the {count} whole numbers of its shape")
    if values.min() < 0 or values.max() > 255:
        raise _wrong("The data is not between 0 and 255")
    return values.astype(np.uint8).reshape(size)


def _limits(parameters: Mapping[str, Any]) -> Limits:
    shares: list[float | None] = []
    for name in ("threshold", "iou"):
        value = parameters.get(name)
        if value is not None and (type(value) not in (int, float) or not 0 <= value <= 1):
            raise _wrong(f"{name} is not between 0 and 1")
        shares.append(value)
    classes = parameters.get("classes")
    if not isinstance(classes, str | None):
        raise _wrong("classes is not text, with names parted by commas")
    return Limits(shares[0], shares[1], split_names(classes))


def split_names(text: str | None) -> tuple[str, ...] | None:
    """Return names that commas part; None for none."""
    return tuple(name for part in (text or "").split(",") if (name := part.strip())) or None


def _outputs(table: Mapping[str, Any]) -> dict[str, bool]:
    usual = _parameters(table).get("binary_data_output") is True
    asked = table.get("outputs") or [{"name": name} for name in OUTPUTS]
    if not isinstance(asked, list):
        raise _wrong("outputs is not a list")
    outputs = {}
    for each in asked:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str) or name not in OUTPUTS:
            raise _wrong(f"An output is none of {', '.join(OUTPUTS)}")
        outputs[name] = _parameters(each).get("binary_data", usual) is True
    return outputs


def answer(
    name: str, asked: Asked, found: Detections, failures: Mapping[str, str]
) -> tuple[bytes, dict[str, str]]:
    """Return the body of an answer and its headers.

    Args:
        failures: messages of heads that failed, by their names.
    """
    arrays = {"boxes": found.xyxy, "scores": found.score, "class_ids": found.class_id}
    outputs, binary = [], b""
    for output, in_binary in asked.outputs.items():
        datatype, dtype = OUTPUTS[output]
        array = np.ascontiguousarray(arrays[output], dtype)
        entry: dict[str, Any] = {"name": output, "datatype": datatype, "shape": list(array.shape)}
        if in_binary:
            data = array.tobytes()
            entry["parameters"] = {"binary_data_size": len(data)}
            binary += data
        else:
            entry["data"] = array.ravel().tolist()
        outputs.append(entry)
    table: dict[str, Any] = {"model_name": name, "model_version": "1", "outputs": outputs}
    if failures:
        table["parameters"] = {"failures": json.dumps(dict(failures), ensure_ascii=False)}
    if asked.id is not None:
        table["id"] = asked.id
    text = json.dumps(table, separators=(",", ":")).encode()
    if not any(asked.outputs.values()):
        return text, {"content-type": "application/json"}
    return text + binary, {"content-type": "application/octet-stream", LENGTH: str(len(text))}
