"""Halves: a WebAssembly module in two, of which a visit needs only the first until its first boxes.

Both halves define every function, at the index it has in the whole module, so no instruction of any
function changes. Each function's body is in one half; in the other there is a short jump to it
through a table that both share. The first half keeps all else: memory, data, exports. The second
imports what it shares with the first, and fills the table once it is there.

``assets/common/halves.js`` joins them. A jump to a body that has not arrived first calls the
function at ``LOADER`` in the table, which returns once the second half is there.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from builder import wasm
from builder.errors import BuildError
from builder.wasm import I32, Export, Import, Module, Signature, signed, unsigned, vector

SHARED = b"halves"
"""The module's name in the second half's imports of what the first half exports."""

LOADER = 0
"""The slot of the function that fetches the second half; then comes one for each function."""

RAN = "ran:"
"""How the globals begin that tell which functions ran."""

LOCAL_GET, GLOBAL_SET, CONST, TABLE_GET, IS_NULL = 0x20, 0x24, 0x41, 0x25, 0xD1
NOTHING, SLOT = Signature(b"", b""), Signature(bytes([I32]), bytes([I32]))
CALL, CALL_INDIRECT, IF, EMPTY, END = 0x10, 0x11, 0x04, 0x40, 0x0B


def recording(module: Module) -> Module:
    """Return a module that notes which of its functions ran, in a global for each of them.

    They are exported as ``ran:`` and the function's place among those that it defines.
    """
    first = module.imported(wasm.GLOBALS) + len(module.globals)
    count = len(module.bodies)
    note = b"\x7f\x01\x41\x00\x0b"  # a variable i32, at first 0
    return replace(
        module,
        globals=(*module.globals, *[note] * count),
        exports=(
            *module.exports,
            *(Export(f"{RAN}{each}".encode(), wasm.GLOBALS, first + each) for each in range(count)),
        ),
        bodies=tuple(
            body[: locals_end(body)]
            + bytes([CONST, 1, GLOBAL_SET])
            + unsigned(first + each)
            + body[locals_end(body) :]
            for each, body in enumerate(module.bodies)
        ),
    )


def locals_end(body: bytes) -> int:
    """Return where a function's instructions begin, behind its local variables."""
    groups, at = wasm.number(body, 0)
    for _ in range(groups):
        at = wasm.number(body, at)[1] + 1
    return at


def split(module: Module, hot: Collection[int]) -> tuple[Module, Module]:
    """Return the first and the second half of a module.

    Args:
        hot: the functions whose bodies are in the first half, by their places among those that
            the module defines.

    Raises:
        BuildError: the module does not define all of them.
    """
    count = len(module.bodies)
    if not {*hot} <= {*range(count)}:
        raise BuildError(f"a list of functions does not fit a module that defines {count}.")
    cold = sorted({*range(count)} - {*hot})
    table = module.imported(wasm.TABLES) + len(module.tables)
    slots = {each: 1 + slot for slot, each in enumerate([*sorted(hot), *cold])}
    size = unsigned(count + 1)
    whole = with_wait(
        replace(module, tables=(*module.tables, bytes([wasm.FUNCREF, 1]) + size + size)), table
    )
    wait = module.imported(wasm.FUNCTIONS) + count
    first = with_bodies(whole, {each: jump(whole, each, slots[each], table, wait) for each in cold})
    first = with_entries(first, table, slots, sorted(hot))
    second = with_bodies(whole, {each: jump(whole, each, slots[each], table) for each in hot})
    second = with_entries(importing(second), table, slots, cold)
    kept = tuple(Export(each.name, each.kind, at) for each, at in state(whole))
    return replace(first, exports=(*first.exports, *kept)), second


def with_wait(module: Module, table: int) -> Module:
    """Return a module with one more function, behind the others: it takes a slot of the table and
    returns it once the table has a function there."""
    types = list(module.types)
    for each in (NOTHING, SLOT):
        if each not in types:
            types.append(each)
    body = bytes([0, LOCAL_GET, 0, TABLE_GET]) + unsigned(table) + bytes([IS_NULL, IF, EMPTY])
    body += bytes([CONST, LOADER, CALL_INDIRECT])
    body += unsigned(types.index(NOTHING)) + unsigned(table) + bytes([END, LOCAL_GET, 0, END])
    return replace(
        module,
        types=tuple(types),
        functions=(*module.functions, types.index(SLOT)),
        bodies=(*module.bodies, body),
    )


def jump(module: Module, place: int, slot: int, table: int, wait: int | None = None) -> bytes:
    """Return a body that calls, with its own arguments, the function in a slot of the table.

    Args:
        wait: the function of `with_wait`, if the slot may be empty yet.
    """
    kind = module.functions[place]
    body = bytearray([0])
    for each in range(len(module.types[kind].params)):
        body += bytes([LOCAL_GET]) + unsigned(each)
    body += bytes([CONST]) + signed(slot)
    if wait is not None:
        body += bytes([CALL]) + unsigned(wait)
    body += bytes([CALL_INDIRECT]) + unsigned(kind) + unsigned(table)
    return bytes([*body, END])


def with_bodies(module: Module, other: Mapping[int, bytes]) -> Module:
    """Return a module in which some functions have ``other`` bodies."""
    bodies = tuple(other.get(each, body) for each, body in enumerate(module.bodies))
    return replace(module, bodies=bodies)


def with_entries(module: Module, table: int, slots: Mapping[int, int], places: list[int]) -> Module:
    """Return a module that at its start enters its functions at ``places`` into the table."""
    if not places:
        return module
    first = module.imported(wasm.FUNCTIONS)
    segment = bytes([2]) + unsigned(table) + bytes([CONST]) + signed(slots[places[0]])
    segment += bytes([END, 0]) + vector([unsigned(first + each) for each in places])
    count, at = wasm.number(module.sections.get(wasm.ELEMENT, b"\0"), 0)
    others = module.sections.get(wasm.ELEMENT, b"\0")[at:]
    elements = unsigned(count + 1) + others + segment
    return replace(module, sections=module.sections | {wasm.ELEMENT: elements})


def state(module: Module) -> list[tuple[Import, int]]:
    """Return the state that a module defines, as imports of the second half, with their indices:
    memories, tables, tags, and its globals up to the last that may change.

    Those behind it are constants, of which each half may have its own.
    """
    memories = memory_forms(module)
    variable = [at for at, each in enumerate(module.globals) if each[1]]
    forms = {
        wasm.TABLES: module.tables,
        wasm.MEMORIES: memories,
        wasm.GLOBALS: [each[:2] for each in module.globals[: max(variable, default=-1) + 1]],
        wasm.TAGS: module.tags,
    }
    return [
        (Import(SHARED, f"{SHARED.decode()}:{kind}:{at}".encode(), kind, form), first + at)
        for kind, listed in forms.items()
        for first in [module.imported(kind)]
        for at, form in enumerate(listed)
    ]


def memory_forms(module: Module) -> list[bytes]:
    """Return the limits of the memory that a module defines, if it defines one."""
    count, at = wasm.number(module.sections.get(wasm.MEMORY, b"\0"), 0)
    return [module.sections[wasm.MEMORY][at:]] if count else []


def importing(module: Module) -> Module:
    """Return a module that imports the state that it would define, and does nothing else at its
    start: no exports, no data, no entries in tables."""
    imported = [each for each, _ in state(module)]
    variables = sum(each.kind == wasm.GLOBALS for each in imported)
    return replace(
        module,
        custom=(),
        sections={},
        imports=(*module.imports, *imported),
        tables=(),
        tags=(),
        globals=module.globals[variables:],
        exports=(),
    )
