"""Exports of Pyodide's module: those that the page's packages and Pyodide's own script use.

Pyodide exports all of CPython, for whatever package may be loaded, and its script names each export
several times. A page loads numpy alone.
"""

import re
from collections.abc import Iterable

from builder import wasm
from builder.errors import BuildError
from builder.wasm import Module

# In the script: the variables that hold the exports, and the function that fills them.
ASSIGNMENTS = re.compile(
    r"var (?P<names>[\w$,]+);function assignWasmExports\(wasmExports\)\{(?P<body>[^{}]*)\}"
)
ASSIGNMENT = re.compile(
    r'(?P<targets>([\w$]+=|Module\["[\w$]+"\]=)+)wasmExports\["(?P<name>[\w$]+)"\]'
)
NAME = re.compile(r"[\w$]+")


def trim(module: Module, script: str, users: Iterable[bytes], other: str) -> tuple[Module, str]:
    """Return Pyodide's module and script without the exports that nothing uses.

    Args:
        module: ``pyodide.asm.wasm``.
        script: ``pyodide.asm.mjs``.
        users: the modules of packages, which link to it by name.
        other: further scripts that may name its exports.

    Raises:
        BuildError: the script is not of the form that is known.
    """
    found = ASSIGNMENTS.search(script)
    if found is None:
        raise BuildError("pyodide.asm.mjs assigns its exports in another way: see exports.py.")
    # Whatever is named anywhere else counts as used, as a variable or as an export.
    named = {*NAME.findall(script[: found.start()] + script[found.end() :] + other)}
    linked = {each.name for user in users for each in wasm.read(user).imports}
    linked |= {each.name for each in module.imports if each.module.startswith(b"GOT.")}
    used = {
        name
        for name in (export.name.decode() for export in module.exports)
        if name.encode() in linked or name in named or f"_{name}" in named
    }
    kept, variables = [], set()
    for statement in found["body"].split(";"):
        match = ASSIGNMENT.match(statement)
        if match is None:
            raise BuildError(f"pyodide.asm.mjs has {statement[:60]!r}: see exports.py.")
        if match["name"] in used:
            kept.append(statement)
            variables |= {*match["targets"].split("=")}
    names = [each for each in found["names"].split(",") if each in variables]
    assign = f"var {','.join(names)};function assignWasmExports(wasmExports){{{';'.join(kept)}}}"
    less = wasm.with_exports(module, (name.encode() for name in used))
    return less, script[: found.start()] + assign + script[found.end() :]
