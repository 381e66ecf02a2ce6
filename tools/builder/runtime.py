"""Python for the browser: standard library, numpy and our library, trimmed, as bytecode."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from builder import core, trim
from builder.archive import read_zip, write_zip
from builder.cache import cached, digest
from builder.errors import BuildError
from builder.pyodide import Source, compile_all, trace
from builder.sources import read, read_below, read_toml

STDLIB = "python_stdlib.zip"
LOCK = "pyodide-lock.json"

# Where the compiled modules are in the page's file system, for the file names in tracebacks.
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


def pyodide_core(root: Path, modules: Path) -> Path:
    """Return a folder with Pyodide's script and the halves of its module; see ``core.py``."""
    pyodide = modules / "pyodide"
    lock = json.loads((pyodide / LOCK).read_bytes())
    return core.core(root, pyodide, verified_numpy(root, lock))


def page_sources(
    root: Path, modules: Path, added: Collection[str] = ()
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the Python sources of the page, by file name: the library's and PyScript's.

    Args:
        added: the features of ``trim.OPTIONAL`` that the page has.

    Raises:
        BuildError: the library is missing, or a file of it is not valid Python.
    """
    whole = read_below(root / "py", "obscura")
    library = {name: text for name, text in whole.items() if not trim.left_out(name, added)}
    if not library:
        raise BuildError("py/obscura is missing: restore it from the repository.")
    for name, text in library.items():
        try:
            compile(text, name, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise BuildError(f"py/{name}:{error.lineno}: {error.msg}: fix that line.") from None
    return library, pyscript_sources(modules)


def pyscript_sources(modules: Path) -> dict[str, bytes]:
    """Return the Python that PyScript writes to the page's file system, from a module of JSON."""
    text = (modules / "@pyscript/core/src/stdlib/pyscript.js").read_text(encoding="utf-8")
    try:
        table = json.loads(text.partition("export default")[2].strip().removesuffix(";"))
        return {f"pyscript/{name}": code.encode() for name, code in table["pyscript"].items()}
    except (ValueError, KeyError, AttributeError):
        raise BuildError(
            "npm @pyscript/core is damaged: delete node_modules and build again."
        ) from None


def python_runtime(root: Path, modules: Path, added: Collection[str] = ()) -> Path:
    """Return a folder with the rebuilt Python.

    It holds a folder ``pyodide``: the standard library that a page needs to start, numpy, and a
    lock of this numpy alone; and ``rest.zip``: the standard library's part in ``obscura-rest.zip``.
    """
    pyodide = modules / "pyodide"
    lock_text = (pyodide / LOCK).read_bytes()
    try:
        lock = json.loads(lock_text)
    except ValueError:
        raise BuildError(
            f"{LOCK} of npm pyodide is damaged: delete node_modules and build again."
        ) from None
    wheel = verified_numpy(root, lock)
    at_once, ever = page_imports(root, modules, wheel, added)

    def make(folder: Path) -> None:
        print("compiling Python for the browser (once) ...", flush=True)
        stdlib = read_zip(pyodide / STDLIB) | trim.STDLIB_INSTEAD
        numpy = trim.numpy(read_zip(wheel))
        first = trace(
            trim.standard({*at_once, *trim.STDLIB_ON_OCCASION}, stdlib) | trim.modules(numpy),
            numpy,
            pyodide,
        )
        every = trace(
            trim.standard({*ever, *trim.STDLIB_ON_OCCASION, *trim.STDLIB_LATER}, stdlib)
            | trim.modules(numpy),
            numpy,
            pyodide,
        )
        first = trim.at_start(first)
        later = sorted({name for name in every if not trim.STDLIB_UNUSED.match(name)} - {*first})
        python = {name: text for name, text in numpy.items() if name.endswith(".py")}
        sources = [
            Source(stdlib[name], f"{STDLIB_ROOT}/{name}", keep_asserts=False) for name in first
        ]
        sources += [Source(stdlib[name], f"{HOME}/{name}", keep_asserts=False) for name in later]
        sources += [
            Source(text, f"{SITE_ROOT}/{name}", keep_asserts=False) for name, text in python.items()
        ]
        compiled = iter(compile_all(sources, pyodide))
        target = folder / "pyodide"
        target.mkdir()
        # In the place of the source: zipimport looks nowhere else, and in folders it works too.
        write_zip(target / STDLIB, {f"{name}c": next(compiled) for name in first})
        write_zip(folder / "rest.zip", {f"{name}c": next(compiled) for name in later})
        code = {f"{name}c": next(compiled) for name in python}
        rest = {name: data for name, data in numpy.items() if name not in python}
        write_zip(target / wheel.name, with_record(code | rest))
        mark = hashlib.sha256((target / wheel.name).read_bytes()).hexdigest()
        packages = {"numpy": lock["packages"]["numpy"] | {"sha256": mark}}
        cut = json.dumps({"info": lock["info"], "packages": packages}, sort_keys=True)
        (target / LOCK).write_text(cut, encoding="utf-8")

    inputs = [pyodide / STDLIB, pyodide / "pyodide.asm.wasm", wheel, *recipe()]
    names = ["\n".join(sorted(names)).encode() for names in (at_once, ever)]
    key = digest([lock_text, *(path.read_bytes() for path in inputs), *names])
    return cached(root / "build" / "cache", "python", key, make)


def page_imports(
    root: Path, modules: Path, wheel: Path, added: Collection[str] = ()
) -> tuple[set[str], set[str]]:
    """Return which modules the page's Python imports at its start, and which it may ever import.

    Raises:
        BuildError: it imports a module that is not shipped.
    """
    library, pyscript = page_sources(root, modules, added)
    main, bench = (read(root, f"py/{name}.py") for name in ("main", "bench"))
    main += trim.rows(added)
    ours = library | {"main.py": main, "bench.py": bench}
    with zipfile.ZipFile(wheel) as archive:
        numpy = dict.fromkeys(archive.namelist(), b"")
    whole = trim.modules(read_below(root / "py", "obscura")) | trim.modules(numpy)
    trim.check_imports(ours, whole - trim.modules(library) - trim.modules(trim.numpy(numpy)))
    # PyScript has few functions and any of them may be called, so all their imports count.
    start = trim.imports(trim.first(library, main) | {"main.py": main}, at_once=True)
    return start | trim.imports(pyscript), trim.imports(ours | pyscript)


def archives(root: Path, modules: Path, python: Path, added: Collection[str] = ()) -> list[Path]:
    """Return the archives of our Python, all unpacked into one place.

    ``obscura.zip`` has the modules that the start page imports at its start, and ``bench.zip`` what
    the benchmark's page imports beyond them, both only as bytecode. ``feature-NAME.zip`` has what a
    feature of the page imports beyond them, also of the standard library, and is fetched when the
    feature is first wanted.
    ``obscura-rest.zip`` is fetched when it is needed (``page/browser/late.py``): it has all other
    modules, such as the interpretation of people's own models, and all sources, for tracebacks.

    PyScript writes the sources of its own ``pyscript`` package into the same folder before it runs
    a page's script; their bytecode is included too, so that no visit compiles them.

    Args:
        python: what ``python_runtime`` returned.
        added: the features of ``trim.OPTIONAL`` that the page has.
    """
    library, pyscript = page_sources(root, modules, added)
    every = library | pyscript
    main = read(root, "py/main.py") + trim.rows(added)
    first = trim.first(library, main)
    bench = trim.first(library, read(root, "py/bench.py")).keys() - first
    # The start page may import some of these later.
    only_bench = bench - trim.ever(library, main).keys()
    rest = python / "rest.zip"
    features = {
        name: trim.first(library, trim.feature_imports(name, entry)).keys() - first
        for name, entry in trim.late_features(library).items()
    }

    def make(folder: Path) -> None:
        sources = [
            Source(text, f"{HOME}/{name}", keep_asserts=True) for name, text in library.items()
        ]
        sources += [
            Source(text, f"{HOME}/{name}", keep_asserts=False) for name, text in pyscript.items()
        ]
        code = dict(zip(every, compile_all(sources, modules / "pyodide"), strict=True))
        alone = {
            name: {f"{each}c": code[each] for each in part}
            for name, part in {"obscura": first, "bench": bench, **features}.items()
        }
        rest_files = read_zip(rest)
        stdlib = read_zip(modules / "pyodide" / STDLIB)
        late = {name: text for name, text in stdlib.items() if f"{name}c" in rest_files}
        for name, part in features.items():
            for each in trim.standard_files({each: library[each] for each in part}, late):
                alone[name][f"{each}c"] = rest_files[f"{each}c"]
        later = library.keys() - first - only_bench
        write_zip(
            folder / "obscura.zip", alone["obscura"] | {cache_name(n): code[n] for n in pyscript}
        )
        write_zip(folder / "bench.zip", alone["bench"])
        for name in features:
            write_zip(folder / feature_archive(name), alone[name])
        write_zip(
            folder / "obscura-rest.zip",
            library | {cache_name(n): code[n] for n in later} | rest_files,
        )

    inputs = [modules / "pyodide" / "pyodide.asm.wasm", rest, *recipe()]
    divided = [first, bench, only_bench, *(features[name] for name in sorted(features))]
    listed = "\n".join([*every, *(f"\n{name}" for part in divided for name in ["", *sorted(part)])])
    key = digest([listed.encode(), *every.values(), *(path.read_bytes() for path in inputs)])
    entry = cached(root / "build" / "cache", "library", key, make)
    names = ["obscura.zip", "bench.zip", "obscura-rest.zip", *map(feature_archive, features)]
    return [entry / name for name in names]


def feature_archive(name: str) -> str:
    """Return the name of the archive with a feature's modules."""
    return f"feature-{name}.zip"


def recipe() -> list[Path]:
    """Return the files of the builder on which the results depend, besides the inputs."""
    here = Path(__file__).parent
    return [here / name for name in ("archive.py", "pyodide.py", "runtime.py", "trim.py")] + [
        *sorted((here / "inside").iterdir())
    ]


def cache_name(source: str) -> str:
    """Return the name under which Python looks for the bytecode of a source file."""
    folder, _, name = source.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.{PYC}"


def with_record(members: dict[str, bytes]) -> dict[str, bytes]:
    """Return ``members`` of a wheel with a ``RECORD`` that matches them."""
    info = next(name.partition("/")[0] for name in members if ".dist-info/" in name)
    rows = []
    record = f"{info}/RECORD"
    for name in sorted(members.keys() - {record}):
        mark = (
            base64.urlsafe_b64encode(hashlib.sha256(members[name]).digest()).rstrip(b"=").decode()
        )
        rows.append(f"{name},sha256={mark},{len(members[name])}\n")
    return members | {record: ("".join(rows) + f"{record},,\n").encode()}
