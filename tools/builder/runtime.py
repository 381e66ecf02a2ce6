"""Python for the browser: standard library, numpy and our own, as bytecode, without the unused."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from builder import trim
from builder.archive import read_zip, write_zip
from builder.cache import cached, digest
from builder.errors import BuildError
from builder.pyodide import Source, compile_all, trace
from builder.sources import read, read_below, read_toml

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
    pin = read_toml(root, "vendor/vendor.toml")["numpy"]
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
    return library, pyscript_sources(modules)


def pyscript_sources(modules: Path) -> dict[str, bytes]:
    """Return the Python that PyScript writes into the page's files, from a module of bare JSON."""
    text = (modules / "@pyscript/core/src/stdlib/pyscript.js").read_text(encoding="utf-8")
    try:
        table = json.loads(text.partition("export default")[2].strip().removesuffix(";"))
        return {f"pyscript/{name}": code.encode() for name, code in table["pyscript"].items()}
    except (ValueError, KeyError, AttributeError):
        raise BuildError(
            "npm @pyscript/core is damaged: delete node_modules and build again."
        ) from None


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
    imported = sorted(page_imports(root, modules, wheel))

    def make(folder: Path) -> None:
        print("compiling Python for the browser (once) ...", flush=True)
        stdlib, numpy = used(imported, read_zip(pyodide / STDLIB), read_zip(wheel), pyodide)
        sources = [Source(text, f"{STDLIB_ROOT}/{name}", 2) for name, text in stdlib.items()]
        python = {name: text for name, text in numpy.items() if name.endswith(".py")}
        sources += [Source(text, f"{SITE_ROOT}/{name}", 2) for name, text in python.items()]
        compiled = iter(compile_all(sources, pyodide))
        # Beside where the source was: zipimport looks nowhere else, and it will do in folders, too.
        write_zip(folder / STDLIB, {f"{name}c": next(compiled) for name in stdlib})
        code = {f"{name}c": next(compiled) for name in python}
        rest = {name: data for name, data in numpy.items() if name not in python}
        write_zip(folder / wheel.name, with_record(code | rest))
        mark = hashlib.sha256((folder / wheel.name).read_bytes()).hexdigest()
        packages = {"numpy": lock["packages"]["numpy"] | {"sha256": mark}}
        cut = json.dumps({"info": lock["info"], "packages": packages}, sort_keys=True)
        (folder / LOCK).write_text(cut, encoding="utf-8")

    inputs = [pyodide / STDLIB, pyodide / "pyodide.asm.wasm", wheel, *recipe()]
    key = digest([lock_text, *(path.read_bytes() for path in inputs), "\n".join(imported).encode()])
    return cached(root / "build" / "cache", "python", key, make)


def page_imports(root: Path, modules: Path, wheel: Path) -> set[str]:
    """Return what the page's Python imports; raise BuildError if that is something left out."""
    library, pyscript = page_sources(root, modules)
    ours = library | {name: read(root, f"py/{name}") for name in ("main.py", "bench.py")}
    with zipfile.ZipFile(wheel) as archive:
        numpy = dict.fromkeys(archive.namelist(), b"")
    whole = trim.modules(read_below(root / "py", "obscura")) | trim.modules(numpy)
    trim.check_imports(ours, whole - trim.modules(library) - trim.modules(trim.numpy(numpy)))
    return trim.imports(ours | pyscript)


def used(
    imported: Iterable[str], stdlib: Mapping[str, bytes], wheel: Mapping[str, bytes], pyodide: Path
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return what the page uses of the standard library's files, and of the numpy wheel's."""
    numpy = trim.numpy(wheel)
    known = trim.modules(stdlib) & {*imported, *trim.STDLIB_ON_OCCASION}
    loaded = trace(known | trim.modules(numpy), numpy, pyodide)
    return {name: stdlib[name] for name in loaded}, numpy


def archives(root: Path, modules: Path) -> list[Path]:
    """Return ``obscura.zip``, the library, and ``bench.zip``, what only the benchmark's page has.

    They hold sources, for tracebacks, beside their bytecode.

    PyScript writes the sources of its own ``pyscript`` package into the same folder before it runs
    a page's script; their bytecode is here too, so that no visit compiles them either.
    """
    library, pyscript = page_sources(root, modules)
    every = library | pyscript

    def make(folder: Path) -> None:
        # Ours keep their docstrings: dataclasses without one make one up, at every start.
        sources = [Source(text, f"{HOME}/{name}", 0) for name, text in library.items()]
        sources += [Source(text, f"{HOME}/{name}", 2) for name, text in pyscript.items()]
        compiled = compile_all(sources, modules / "pyodide")
        code = {cache_name(name): data for name, data in zip(every, compiled, strict=True)}
        members = library | code
        bench = {name: data for name, data in members.items() if trim.BENCH.match(name)}
        rest = {name: data for name, data in members.items() if name not in bench}
        write_zip(folder / "obscura.zip", rest)
        write_zip(folder / "bench.zip", bench)

    inputs = [modules / "pyodide" / "pyodide.asm.wasm", *recipe()]
    names = "\n".join(every).encode()
    key = digest([names, *every.values(), *(path.read_bytes() for path in inputs)])
    entry = cached(root / "build" / "cache", "library", key, make)
    return [entry / "obscura.zip", entry / "bench.zip"]


def recipe() -> list[Path]:
    """Return the files of this builder that decide what is made of the inputs."""
    here = Path(__file__).parent
    return [here / name for name in ("archive.py", "pyodide.py", "runtime.py", "trim.py")] + [
        *sorted((here / "inside").iterdir())
    ]


def cache_name(source: str) -> str:
    """Return where Python looks for the bytecode of a source beside it."""
    folder, _, name = source.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.{PYC}"


def with_record(members: dict[str, bytes]) -> dict[str, bytes]:
    """Return ``members`` of a wheel, ``RECORD`` made anew to fit them."""
    info = next(name.partition("/")[0] for name in members if ".dist-info/" in name)
    rows = []
    record = f"{info}/RECORD"
    for name in sorted(members.keys() - {record}):
        mark = (
            base64.urlsafe_b64encode(hashlib.sha256(members[name]).digest()).rstrip(b"=").decode()
        )
        rows.append(f"{name},sha256={mark},{len(members[name])}\n")
    return members | {record: ("".join(rows) + f"{record},,\n").encode()}
