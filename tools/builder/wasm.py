"""WebAssembly modules: read into sections and entries, and written again.

Only what ``halves.py`` needs is understood: the instructions of functions stay opaque, so every
index in them must stay valid. New types, tables and functions may be added behind the others.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from builder.errors import BuildError

MAGIC = b"\0asm\1\0\0\0"

Item = TypeVar("Item")

TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START = 1, 2, 3, 4, 5, 6, 7, 8
ELEMENT, CODE, DATA, COUNT, TAG = 9, 10, 11, 12, 13
ORDER = (TYPE, IMPORT, FUNCTION, TABLE, MEMORY, TAG, GLOBAL, EXPORT, START, ELEMENT, COUNT, CODE)
"""Of the sections, up to ``DATA``, which is last."""

# Kinds of imports and exports.
FUNCTIONS, TABLES, MEMORIES, GLOBALS, TAGS = 0, 1, 2, 3, 4

FUNC, FUNCREF, I32 = 0x60, 0x70, 0x7F


@dataclass(frozen=True)
class Signature:
    """A function's type: the bytes of its parameters' and its results' types, one each."""

    params: bytes
    results: bytes


@dataclass(frozen=True)
class Import:
    """An import. ``form`` is its encoded type, of the sort that ``kind`` says."""

    module: bytes
    name: bytes
    kind: int
    form: bytes


@dataclass(frozen=True)
class Export:
    """An export: ``index`` counts things of its ``kind``, imported ones first."""

    name: bytes
    kind: int
    index: int


@dataclass(frozen=True)
class Module:
    """A module. ``sections`` has the contents of all sections that are not taken apart."""

    custom: tuple[bytes, ...]
    sections: dict[int, bytes]
    types: tuple[Signature, ...]
    imports: tuple[Import, ...]
    functions: tuple[int, ...]  # the type of each
    tables: tuple[bytes, ...]
    globals: tuple[bytes, ...]  # type, mutability, and the expression of its first value
    tags: tuple[bytes, ...]
    exports: tuple[Export, ...]
    bodies: tuple[bytes, ...]  # without their sizes

    def imported(self, kind: int) -> int:
        """Return how many things of a kind are imported: the index of the first defined one."""
        return sum(each.kind == kind for each in self.imports)


def number(data: bytes, at: int) -> tuple[int, int]:
    """Return the unsigned LEB128 number at a place, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def unsigned(value: int) -> bytes:
    """Return a number as unsigned LEB128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def signed(value: int) -> bytes:
    """Return a number as signed LEB128, as constants in instructions are."""
    out = bytearray()
    while not -0x40 <= value < 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value & 0x7F])


def sized(data: bytes) -> bytes:
    """Return bytes behind their number."""
    return unsigned(len(data)) + data


def vector(items: Sequence[bytes]) -> bytes:
    """Return encoded items behind their number."""
    return unsigned(len(items)) + b"".join(items)


def read(data: bytes) -> Module:
    """Return the module in ``data``.

    Raises:
        BuildError: it is not a module, or has a part that is not understood.
    """
    try:
        return _read(data)
    except (IndexError, ValueError, KeyError) as error:
        raise BuildError(f"a WebAssembly module cannot be read ({error!r}).") from None


def _read(data: bytes) -> Module:
    if data[:8] != MAGIC:
        raise ValueError("no module")
    custom, found = [], {}
    at = len(MAGIC)
    while at < len(data):
        kind = data[at]
        size, at = number(data, at + 1)
        content = data[at : at + size]
        at += size
        if kind == 0:
            custom.append(content)
        elif kind in (*ORDER, DATA) and kind not in found and at <= len(data):
            found[kind] = content
        else:
            raise ValueError(f"section {kind}")
    take = {kind: found.pop(kind, b"\0") for kind in (TYPE, IMPORT, FUNCTION, TABLE, GLOBAL, TAG)}
    return Module(
        custom=tuple(custom),
        types=tuple(_items(take[TYPE], _signature)),
        imports=tuple(_items(take[IMPORT], _import)),
        functions=tuple(_items(take[FUNCTION], number)),
        tables=tuple(_items(take[TABLE], _table)),
        globals=tuple(_items(take[GLOBAL], _global)),
        tags=tuple(_items(take[TAG], _tag)),
        exports=tuple(_items(found.pop(EXPORT, b"\0"), _export)),
        bodies=tuple(_items(found.pop(CODE, b"\0"), _bytes)),
        sections=found,
    )


def _items(data: bytes, one: Callable[[bytes, int], tuple[Item, int]]) -> Iterator[Item]:
    count, at = number(data, 0)
    for _ in range(count):
        item, at = one(data, at)
        yield item
    if at != len(data):
        raise ValueError("a section is longer than its items")


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = number(data, at)
    return data[at : at + size], at + size


def _signature(data: bytes, at: int) -> tuple[Signature, int]:
    if data[at] != FUNC:
        raise ValueError(f"type {data[at]}")
    params, at = _bytes(data, at + 1)
    results, at = _bytes(data, at)
    if min(params + results, default=I32) < 0x69:  # the first byte of a type of more bytes
        raise ValueError("a type of several bytes")
    return Signature(params, results), at


def _limits(data: bytes, at: int) -> int:
    flags = data[at]
    _, at = number(data, at + 1)
    return number(data, at)[1] if flags & 1 else at


def _table(data: bytes, at: int) -> tuple[bytes, int]:
    end = _limits(data, at + 1)
    return data[at:end], end


def _tag(data: bytes, at: int) -> tuple[bytes, int]:
    _, end = number(data, at + 1)
    return data[at:end], end


def _global(data: bytes, at: int) -> tuple[bytes, int]:
    opcode = data[at + 2]
    if opcode not in (0x41, 0x42, 0x23, 0xD0, 0xD2):  # constants, global.get, null, a function
        raise ValueError(f"the first value of a global is instruction {opcode}")
    _, end = number(data, at + 3)  # signed numbers end where unsigned ones do
    if data[end] != 0x0B:
        raise ValueError("the first value of a global is computed")
    return data[at : end + 1], end + 1


def _import(data: bytes, at: int) -> tuple[Import, int]:
    module, at = _bytes(data, at)
    name, at = _bytes(data, at)
    kind, at = data[at], at + 1
    ends: dict[int, Callable[[], int]] = {
        FUNCTIONS: lambda: number(data, at)[1],
        TABLES: lambda: _limits(data, at + 1),
        MEMORIES: lambda: _limits(data, at),
        GLOBALS: lambda: at + 2,
        TAGS: lambda: _tag(data, at)[1],
    }
    end = ends[kind]()
    return Import(module, name, kind, data[at:end]), end


def _export(data: bytes, at: int) -> tuple[Export, int]:
    name, at = _bytes(data, at)
    kind = data[at]
    index, at = number(data, at + 1)
    return Export(name, kind, index), at


def write(module: Module) -> bytes:
    """Return a module's bytes."""
    made = dict(module.sections)
    for kind, items in {
        TYPE: [bytes([FUNC]) + sized(t.params) + sized(t.results) for t in module.types],
        IMPORT: [
            sized(i.module) + sized(i.name) + bytes([i.kind]) + i.form for i in module.imports
        ],
        FUNCTION: [unsigned(each) for each in module.functions],
        TABLE: module.tables,
        GLOBAL: module.globals,
        TAG: module.tags,
        EXPORT: [sized(e.name) + bytes([e.kind]) + unsigned(e.index) for e in module.exports],
        CODE: [sized(body) for body in module.bodies],
    }.items():
        if items:
            made[kind] = vector(items)
    # "dylink.0" has to come first; the others may.
    parts = [bytes([0]) + sized(each) for each in module.custom]
    parts += [bytes([kind]) + sized(made[kind]) for kind in (*ORDER, DATA) if kind in made]
    return MAGIC + b"".join(parts)


def with_exports(module: Module, kept: Iterable[bytes]) -> Module:
    """Return a module without the exports whose names are not ``kept``."""
    names = {*kept}
    return replace(module, exports=tuple(e for e in module.exports if e.name in names))
