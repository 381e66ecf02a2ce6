"""Python for the browser: standard library, numpy and our own, as bytecode, without the unused."""

import base64
import hashlib
import json
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from builder import trim
from builder.archive import read_zip, write_zip
from builder.cache import cached, digest
from builder.errors import BuildError
from builder.pyodide import Source, compile_all, trace
from builder.sources import read, read_below

STDLIB = "python_stdlib.zip"
LOCK = "pyodide-lock.json"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")

# Where the interpreter finds what we compile, for the file names in tracebacks.
STDLIB_ROOT = "/lib/python314.zip"
SITE_ROOT = "/lib/python3.14/site-packages"
HOME = "/home/pyodide"
PYC = "cpython-314.pyc"


def verified_numpy(root: Path, lock: Mapping[str, Any]) -> Path:
    """Return the vendored numpy wheel if its hash is the pinned one and the one in ``lock``."""
    pin = tomllib.loads(read(root, "vendor/vendor.toml").decode())["numpy"]
    wheel = root / "vendor" / str(pin["file"])
    shown = wheel.relative_to(root).as_posix()
    if not wheel.is_file():
        raise BuildError(f"{shown} is missing: restore it from the repository.")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != pin["sha256"]:
        raise BuildError(
            f"{shown} is not the pinned file (its sha256 begins {found[:8]}, not "
            f"{pin['sha256'][:8]}): restore it from the repository."
        )
    listed = lock["packages"]["numpy"]
    if listed["sha256"] != found or listed["file_name"] != wheel.name:
        raise BuildError(
            f"{LOCK} of npm pyodide lists another numpy ({listed['file_name']}, sha256 "
            f"{listed['sha256'][:8]}...) than {shown}: delete node_modules and build again."
        )
    return wheel


def page_sources(root: Path, modules: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the Python that the page runs, by the names it has there: the library's, PyScript's.

    Raises:
        BuildError: there is no library, or a file of it is not valid Python.
    """
    whole = read_below(root / "py", "obscura")
    library = {name: text for name, text in whole.items() if not trim.NATIVE.match(name)}
    if not library:
        raise BuildError("py/obscura is missing: restore it from the repository.")
    for name, text in library.items():
        try:
            compile(text, name, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise BuildError(f"py/{name}:{error.lineno}: {error.msg}: mend that line.") from None
    return library, read_below(modules / "@pyscript" / "core" / "src" / "stdlib", "pyscript")


def python_runtime(root: Path, modules: Path) -> Path:
    """Return a folder with the rebuilt standard library, numpy, and a lock of this numpy alone."""
    pyodide = modules / "pyodide"
    lock_text = (pyodide / LOCK).read_bytes()
    try:
        lock = json.loads(lock_text)
    except ValueError:
        raise BuildError(
            f"{LOCK} of npm pyodide is damaged: delete node_modules and build again."
        ) from None
    wheel = verified_numpy(root, lock)
    library, pyscript = page_sources(root, modules)
    ours = library | {"main.py": read(root, "py/main.py")}
    with zipfile.ZipFile(wheel) as archive:
        numpy = dict.fromkeys(archive.namelist(), b"")
    shipped = trim.modules(library) | trim.modules(trim.numpy(numpy))
    whole = trim.modules(read_below(root / "py", "obscura")) | trim.modules(numpy)
    trim.check_imports(ours, whole - shipped)
    imported = sorted(trim.imports(ours | pyscript))

    def make(folder: Path) -> None:
        print("compiling Python for the browser (once) ...", flush=True)
        whole = read_zip(pyodide / STDLIB)
        packed = trim.numpy(read_zip(wheel))
        known = trim.modules(whole) | trim.modules(packed)
        wanted = (known & {*imported, *trim.STDLIB_ON_OCCASION}) | trim.modules(packed)
        stdlib = [(name, whole[name]) for name in trace(wanted, packed, pyodide)]
        sources = [Source(text, f"{STDLIB_ROOT}/{name}", 2) for name, text in stdlib]
        sources += [Source(data, f"{SITE_ROOT}/{name}", 2) for name, data in python_files(packed)]
        compiled = iter(compile_all(sources, pyodide))
        # Beside where the source was: zipimport looks nowhere else, and it will do in folders, too.
        write_zip(folder / STDLIB, {f"{name}c": next(compiled) for name, _ in stdlib})
        code = {f"{name}c": next(compiled) for name, _ in python_files(packed)}
        rest = {
            name: data for name, data in packed.items() if not name.endswith((".py", "/RECORD"))
        }
        write_zip(folder / wheel.name, with_record(code | rest))
        entry = lock["packages"]["numpy"] | {"sha256": sha256(folder / wheel.name)}
        cut = {"info": lock["info"], "packages": {"numpy": entry}}
        (folder / LOCK).write_text(json.dumps(cut, sort_keys=True), encoding="utf-8")

    inputs = [pyodide / STDLIB, pyodide / "pyodide.asm.wasm", wheel, *recipe()]
    key = digest([lock_text, *(path.read_bytes() for path in inputs), "\n".join(imported).encode()])
    return cached(root / "build" / "cache", "python", key, make)


def library_zip(root: Path, modules: Path) -> Path:
    """Return ``obscura.zip``: the library's sources, for tracebacks, beside their bytecode.

    PyScript writes the sources of its own ``pyscript`` package into the same folder before it runs
    a page's script; their bytecode is here too, so that no visit compiles them either.
    """
    library, pyscript = page_sources(root, modules)
    every = library | pyscript

    def make(folder: Path) -> None:
        sources = [Source(text, f"{HOME}/{name}", 0) for name, text in every.items()]
        compiled = compile_all(sources, modules / "pyodide")
        code = {cache_name(name): data for name, data in zip(every, compiled, strict=True)}
        write_zip(folder / "obscura.zip", library | code)

    inputs = [modules / "pyodide" / "pyodide.asm.wasm", *recipe()]
    names = "\n".join(every).encode()
    key = digest([names, *every.values(), *(path.read_bytes() for path in inputs)])
    return cached(root / "build" / "cache", "library", key, make) / "obscura.zip"


def recipe() -> list[Path]:
    """Return the files of this builder that decide what is made of the inputs."""
    here = Path(__file__).parent
    return [here / name for name in ("archive.py", "pyodide.py", "runtime.py", "trim.py")] + [
        *sorted((here / "inside").iterdir())
    ]


def python_files(members: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    """Return the Python sources among ``members``."""
    return [(name, data) for name, data in members.items() if name.endswith(".py")]


def cache_name(source: str) -> str:
    """Return where Python looks for the bytecode of a source beside it."""
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
