"""The public face of the library as text: names, signatures and fields, one a line.

After a change that is meant, from the root:
``build.py run tests/core/public_face.py > tests/core/public_face.txt``.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import obscura
import obscura.export
import obscura.sources

MODULES = (obscura, obscura.export, obscura.sources)


def face() -> str:
    """Return the public face; it is stored in ``public_face.txt``."""
    lines = (
        f"{module.__name__.removeprefix('obscura')}.{line}".removeprefix(".")
        for module in MODULES
        for name in sorted(module.__all__)
        for line in _lines(module, name)
    )
    return "".join(f"{line}\n" for line in lines).replace("'", "")  # types are text or not


def _lines(module: ModuleType, name: str) -> Iterator[str]:
    value = getattr(module, name)
    if name.startswith("__"):
        yield name  # its value changes with every version
    elif inspect.isclass(value):
        # Protocols are not made, and what Python says of that depends on its version.
        protocol = getattr(value, "_is_protocol", False)
        yield name if protocol else f"{name}{_signature(value)}"
        for member, what in sorted(_members(value).items()):
            yield from _member(f"{name}.{member}", what)
    else:
        yield f"{name}{_signature(value)}"


def _members(kind: type[Any]) -> dict[str, Any]:
    """Return the public members of a class that are ours: a field by its type, as text."""
    found: dict[str, Any] = {}
    for each in reversed(kind.__mro__):
        if each.__module__.startswith("obscura."):
            found |= vars(each) | vars(each).get("__annotations__", {})
    return {name: value for name, value in found.items() if not name.startswith("_")}


def _member(shown: str, value: Any) -> Iterator[str]:
    if isinstance(value, property):
        yield f"{shown}: property{_returns(value.fget)}"
    elif isinstance(value, classmethod | staticmethod):
        yield f"{shown}{_signature(value.__func__)}: {type(value).__name__}"
    elif inspect.isfunction(value):
        yield f"{shown}{_signature(value)}"
    else:
        yield f"{shown}: {value}"


def _returns(getter: Any) -> str:
    return f" -> {inspect.signature(getter).return_annotation}"


def _signature(value: Any) -> str:
    try:
        return str(inspect.signature(value))
    except ValueError:
        return ""


if __name__ == "__main__":
    print(face(), end="")
