"""Python for the browser: Pyodide's standard library and numpy, as bytecode and without what is not used."""

import base64
import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from builder import bytecode, trim
from builder.archive import read_zip, write_zip
from builder.bytecode import Source, compile_all
from builder.cache import cached, digest
from builder.errors import BuildError

STDLIB = "python_stdlib.zip"
LOCK = "pyodide-lock.json"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")

# Where the interpreter finds what we compile, for the file names in tracebacks.
STDLIB_ROOT = "/lib/python314.zip"
SITE_ROOT = "/lib/python3.14/site-packages"
HOME = "/home/pyodide"
PYC = "cpython-314.pyc"


def verified_numpy(root: Path, lock: Mapping[str, Any]) -> Path:
    """Return the vendored numpy wheel once its hash is both the pinned one and the one in Pyodide's ``lock``."""
    pin = tomllib.loads((root / "vendor" / "vendor.toml").read_text(encoding="utf-8"))["numpy"]
    wheel = root / "vendor" / str(pin["file"])
    shown = wheel.relative_to(root).as_posix()
    if not wheel.is_file():
        raise BuildError(f"{shown} is missing: restore it from the repository.")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != pin["sha256"]:
        raise BuildError(
            f"{shown} is not the pinned file (sha256 {found[:12]}..., wanted {pin['sha256'][:12]}...): "
            "restore it from the repository."
        )
    listed = lock["packages"]["numpy"]
    if listed["sha256"] != found or listed["file_name"] != wheel.name:
        raise BuildError(
            f"{LOCK} of npm pyodide lists another numpy ({listed['file_name']}, sha256 {listed['sha256'][:12]}...) "
            f"than {shown}: delete node_modules and build again, or vendor that wheel."
        )
    return wheel


def python_runtime(root: Path, modules: Path) -> Path:
    """Return a folder with the rebuilt standard library, numpy, and a lock that lists this numpy alone."""
    pyodide = modules / "pyodide"
    lock_text = (pyodide / LOCK).read_bytes()
    try:
        lock = json.loads(lock_text)
    except ValueError:
        raise BuildError(
            f"{LOCK} of npm pyodide is damaged: delete node_modules and build again."
        ) from None
    wheel = verified_numpy(root, lock)
    stdlib = pyodide / STDLIB

    def make(folder: Path) -> None:
        print(
            "compiling Python's standard library and numpy for the browser (once) ...", flush=True
        )
        members = trim.stdlib(read_zip(stdlib))
        packed = trim.numpy(read_zip(wheel))
        sources = [Source(text, f"{STDLIB_ROOT}/{name}", 2) for name, text in python_files(members)]
        sources += [Source(text, f"{SITE_ROOT}/{name}", 2) for name, text in python_files(packed)]
        compiled = iter(compile_all(sources, pyodide))
        # Legacy places (beside where the source was): the only ones that zipimport looks at, and enough elsewhere.
        write_zip(
            folder / STDLIB, {f"{name}c": next(compiled) for name, _ in python_files(members)}
        )
        code = {f"{name}c": next(compiled) for name, _ in python_files(packed)}
        rest = {
            name: data for name, data in packed.items() if not name.endswith((".py", "/RECORD"))
        }
        write_zip(folder / wheel.name, with_record(code | rest))
        entry = lock["packages"]["numpy"] | {"sha256": sha256(folder / wheel.name)}
        cut = {"info": lock["info"], "packages": {"numpy": entry}}
        (folder / LOCK).write_text(json.dumps(cut, sort_keys=True), encoding="utf-8")

    recipe = (
        Path(__file__),
        Path(trim.__file__),
        bytecode.COMPILER,
        stdlib,
        wheel,
        pyodide / "pyodide.asm.wasm",
    )
    key = digest([lock_text, *(path.read_bytes() for path in recipe)])
    return cached(root / "build" / "cache", "python", key, make)


def library(root: Path, modules: Path) -> Path:
    """Return ``obscura.zip``: the library's sources, for tracebacks, beside their bytecode, for speed.

    PyScript writes the sources of its own ``pyscript`` package into the same folder before it runs a page's
    script; their bytecode is here too, so that they are not compiled on every visit either.
    """
    sources = root / "py"
    members = {
        path.relative_to(sources).as_posix(): path.read_bytes()
        for path in sorted((sources / "obscura").rglob("*.py"))
    }
    if not members:
        raise BuildError("py/obscura is missing: restore it from the repository.")
    pyscript = modules / "@pyscript" / "core" / "src" / "stdlib"
    extra = {
        path.relative_to(pyscript).as_posix(): path.read_bytes()
        for path in sorted((pyscript / "pyscript").rglob("*.py"))
    }

    def make(folder: Path) -> None:
        every = members | extra
        compiled = compile_all(
            [Source(text, f"{HOME}/{name}", 0) for name, text in every.items()], modules / "pyodide"
        )
        pycs = {cache_name(name): data for name, data in zip(every, compiled, strict=True)}
        write_zip(folder / "obscura.zip", members | pycs)

    names = "\n".join([*members, *extra]).encode()
    wasm = (modules / "pyodide" / "pyodide.asm.wasm").read_bytes()
    key = digest([Path(__file__).read_bytes(), wasm, names, *members.values(), *extra.values()])
    return cached(root / "build" / "cache", "library", key, make) / "obscura.zip"


def python_files(members: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    """Return the Python sources among ``members``."""
    return [(name, data) for name, data in members.items() if name.endswith(".py")]


def cache_name(source: str) -> str:
    """Return where Python looks for the bytecode of ``source``: ``a/b.py`` to ``a/__pycache__/b.cpython-314.pyc``."""
    folder, _, name = source.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.{PYC}"


def with_record(members: dict[str, bytes]) -> dict[str, bytes]:
    """Return ``members`` of a wheel with the ``RECORD`` that fits them."""
    info = next(name.partition("/")[0] for name in members if ".dist-info/" in name)
    rows = []
    for name in sorted(members):
        mark = (
            base64.urlsafe_b64encode(hashlib.sha256(members[name]).digest()).rstrip(b"=").decode()
        )
        rows.append(f"{name},sha256={mark},{len(members[name])}\n")
    record = f"{info}/RECORD"
    return members | {record: ("".join(rows) + f"{record},,\n").encode()}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
