"""Explain why a network is not a detector that Obscura can read."""

from __future__ import annotations

from obscura.errors import NotADetector
from obscura.families.common.reading import as_picture
from obscura.graph.inspect import Graph, Value

_FED = ("mask", "size", "shape", "scale_factor")
"""Parts of the names of inputs beside the picture that some family has a value for."""
_SEALED = {"boxes", "scores", "classes"}
_PICTURES = ("float32", "float16", "uint8")


def not_a_detector(graph: Graph) -> NotADetector:
    """Return the error for a network that no family can read, with what it looks like."""
    pictures = [value for value in graph.inputs if as_picture(value)]
    if len(pictures) == 1:
        others = [value for value in graph.inputs if value is not pictures[0]]
        unfed = [v for v in others if not any(word in v.name.lower() for word in _FED)]
        return unfed_input(unfed) if unfed else _by_outputs(graph)
    if pictures:
        return NotADetector(
            "This model takes several images at once",
            _listed(pictures),
            remedy="Export it again with one image as its input.",
        )
    if len(graph.inputs) == 1 and {value.name for value in graph.outputs} >= _SEALED:
        return NotADetector(
            "This is one of Obscura's own models, and needs its settings file",
            _listed(graph.inputs),
            remedy="Add its model.toml together with it.",
        )
    return next(
        (error for value in graph.inputs if (error := _almost(value))), None
    ) or NotADetector("This model does not take images", _listed(graph.inputs) or "no inputs")


def unfed_input(values: list[Value]) -> NotADetector:
    """Return the error for a network with inputs that Obscura has no value for."""
    name = values[0].name[:40]
    return NotADetector(
        f"This model needs an input that Obscura has no value for: {name}",
        _listed(values),
        remedy=f"Export it again without {name}, or with its value in the file.",
    )


def _almost(value: Value) -> NotADetector | None:
    """Return the error for an input that is nearly that of a picture; None if it is not near."""
    batch, *sides = value.shape or ("",)
    if len(value.shape) == 4 and isinstance(batch, int) and batch > 1:
        return NotADetector(
            f"This model takes {batch} images at once",
            _listed([value]),
            remedy="Export it again with a batch of 1.",
        )
    if len(value.shape) == 4 and value.dtype not in _PICTURES:
        return NotADetector(
            f"This model takes images as {value.dtype or 'an unknown type'}",
            _listed([value]),
            remedy=f"Export it again with one of {', '.join(_PICTURES)}.",
        )
    if len(value.shape) == 4 and all(isinstance(size, int) for size in sides):
        return NotADetector(
            "This model takes images with other than one or three colour channels",
            _listed([value]),
            remedy="Export it again for colour or grey images.",
        )
    if len(value.shape) == 3 and value.shape[2] in (1, 3):
        return NotADetector(
            "This model takes an image with its channels last and without a batch",
            _listed([value]),
            remedy="Export it again with an input of four dimensions, such as [1, 640, 640, 3].",
        )
    return None


def _by_outputs(graph: Graph) -> NotADetector:
    outputs = _listed(graph.outputs)
    shapes = [value.shape for value in graph.outputs]
    first = shapes[0]
    if len(shapes) == 1 and isinstance(first[-1] if first else "", int):
        flat = len(first) == 2 or (len(first) == 4 and first[2:] == (1, 1))
        if flat and (first[0] == 1 or isinstance(first[0], str)):
            return NotADetector(
                f"This looks like a classifier: it returns {first[1]} numbers for the whole image",
                outputs,
                remedy="Use a model that detects objects.",
            )
    if len(shapes) == 1 and len(first) == 4:
        return NotADetector(
            "This looks like a segmentation model: it returns a value for each pixel",
            outputs,
            remedy="Use a model that detects objects.",
        )
    if any(not shape or any(isinstance(size, str) for size in shape[1:]) for shape in shapes):
        return NotADetector(
            "The file does not describe what the model returns",
            outputs,
            remedy="Export it again with fixed shapes, or write a card that names its family.",
        )
    return NotADetector("The model's outputs match no detector that Obscura knows", outputs)


def _listed(values: list[Value] | tuple[Value, ...]) -> str:
    return ", ".join(
        f"{value.name[:40]} {value.dtype} [{', '.join(str(size or '?') for size in value.shape)}]"
        for value in values[:4]
    ) + (", ..." if len(values) > 4 else "")
