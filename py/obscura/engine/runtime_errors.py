"""Classify what onnxruntime reports in words, so that callers can catch errors by their cause."""

from __future__ import annotations

import re

from obscura.errors import (
    BackendError,
    ModelUnreadable,
    ModelUnsupported,
    ObscuraError,
    OutOfMemory,
)

_CAUSES: tuple[tuple[type[ObscuraError], str, str], ...] = (
    (
        OutOfMemory,
        "The engine ran out of memory",
        r"out of memory|bad_alloc|allocation failed|could not allocate|\boom\b",
    ),
    (
        ModelUnsupported,
        "The runtime lacks something that the network needs",
        r"could not find an implementation|no op registered|is not a registered function/op"
        r"|unsupported model ir version|is under development and support for this is limited",
    ),
    (
        ModelUnreadable,
        "The runtime cannot read the network",
        r"protobuf parsing failed|this is an invalid model|failed to load model",
    ),
)
"""Each error, its cause in words, and a pattern that the runtime's message matches."""


_OPERATOR = re.compile(
    r"implementation for ([\w.:]+)|op registered for ([\w.:]+)"
    r"|([\w.:]+)\(-?\d+\) is not a registered",
    re.IGNORECASE,
)


def error_of(message: str, backend: str) -> ObscuraError:
    """Return the error that a message of the runtime stands for; a BackendError by default."""
    # WebGL computes a part that was made of the network, so a file is never to blame.
    for kind, cause, pattern in _CAUSES[: 1 if backend == "webgl" else None]:
        if re.search(pattern, message, re.IGNORECASE):
            operator = _OPERATOR.search(message)
            if kind is ModelUnsupported and operator:
                named = next(filter(None, operator.groups()))
                cause = f"The runtime lacks an operator that the network needs: {named}"
            return kind(cause, message)
    return BackendError(f"The {backend} backend failed", message)
