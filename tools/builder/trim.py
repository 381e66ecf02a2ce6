"""Trimming: the parts of numpy, the standard library and our library that a page needs."""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from builder.errors import BuildError

# Not needed of numpy. Every visit compiles all extension modules (*.so) of the wheel, used or not,
# and random alone has nine.
NUMPY_UNUSED = re.compile(
    r"""
      \.(pyi|pxd|h|a|c|f|f90|ini|src|build|typed|rst)$    # for compilers and type checkers
    | /(tests|testing|f2py|_pyinstaller|include|conftest\.py)(/|$)
    | ^numpy/(_configtool|_core/cversions|lib/recfunctions|matlib|typing/mypy_plugin)\.py$
    | ^numpy/(core|ctypeslib|doc|fft|ma|polynomial|random)/
    | ^numpy/(linalg|typing|_typing)/                     # see NUMPY_INSTEAD
    """,
    re.VERBOSE,
)

UNUSED_LICENSES = re.compile(r"/licenses/numpy/(fft|linalg|ma|random)/")  # of the parts left out

# Replaced by empty files: all they do, at every start, is to give C functions their docstrings.
NUMPY_DOCS = re.compile(r"^numpy/_core/_add_newdocs(_scalars)?\.py$")

# Replacements for two packages that numpy and we import at every start: linear algebra, which the
# page never calls, and types for type checkers, which take half as long to load as numpy itself.
NUMPY_INSTEAD = {
    "numpy/linalg/__init__.py": b"""
class LinAlgError(ValueError):
    pass


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def missing(*_args, **_kwargs):
        raise NotImplementedError(f"numpy.linalg.{name} is left out here (tools/builder/trim.py)")

    return missing
""",
    "numpy/typing/__init__.py": b"""
class NDArray:
    def __class_getitem__(cls, _):
        return cls


ArrayLike = DTypeLike = object
""",
}

# Compression modules that the standard library imports if they exist.
STDLIB_UNUSED = re.compile(r"^(bz2|lzma|compression/.*)\.py$")

# Standard modules that the trace does not find, because they are imported only on some event.
STDLIB_ON_OCCASION = (
    "encodings.ascii",
    "encodings.cp437",  # zipfile: the names in an archive
    "encodings.latin_1",
    "encodings.utf_8_sig",
    "importlib.metadata",  # Pyodide: what is installed
    "tarfile",  # Pyodide, installing a package; see STDLIB_INSTEAD
)
# Those of them that can come with the late archive, and modules that the trace finds but whose
# importers work without them.
STDLIB_LATER = (
    "_ssl",
    "ctypes",  # numpy
    "ctypes._endian",
    "difflib",  # traceback: "did you mean"
    "ssl",  # asyncio
    "tracemalloc",  # warnings
)

# Replacements for a module that Pyodide imports to install a package but uses only for archives
# that are not wheels, and for the names of characters, which html imports for unescape().
STDLIB_INSTEAD = {
    "tarfile.py": b"""
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise NotImplementedError(f"tarfile.{name} is left out here (tools/builder/trim.py)")
""",
    "html/entities.py": b"""
class _LeftOut:
    def __contains__(self, _name):
        raise NotImplementedError("html.unescape is left out here (tools/builder/trim.py)")


html5 = _LeftOut()
""",
}

# Modules that are imported inside functions or by name, but are needed for a first detection.
SOON = (
    "obscura.graph.cut",  # on a GPU
    "obscura.graph.half",
    "obscura.page.features.detect.controls",
)

# Modules that the page imports inside functions, and only while a feature is on: they are fetched
# with that feature.
WHILE_ON = {"redact": ("obscura.flip",)}

# The part of the library that runs only in CPython.
NATIVE = re.compile(
    r"^obscura/(__main__|detector|extras|label_font|own_model|pictures|png_colour"
    r"|batch/\w+|cards/(catalogue|head_files)|cli/\w+|counting/(report|sources)"
    r"|engine/native|evaluation/\w+"
    r"|heads/(native|shelf)"
    r"|redaction/(errors|files|finder|listing|video)|serving/\w+|sources/\w+|starter/\w+)\.py$"
)


# Parts of the library that only a site built for them has, by the name of their feature.
OPTIONAL = {
    "remote": re.compile(
        r"^obscura/(page/features/remote/\w+|engine/remote|page/browser/remote_link)\.py$"
    )
}


def left_out(name: str, added: Collection[str] = ()) -> bool:
    """Whether a site lacks a file of the library.

    Args:
        added: the optional features that it has.
    """
    others = (files for feature, files in OPTIONAL.items() if feature not in added)
    return any(files.match(name) for files in (NATIVE, *others))


def rows(added: Collection[str]) -> bytes:
    """Return a script that imports the rows of optional features, as the page does."""
    return "".join(f"import obscura.page.features.{name}\n" for name in sorted(added)).encode()


def numpy(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of the numpy wheel that are used, their licences among them."""
    return NUMPY_INSTEAD | {
        name: b"" if NUMPY_DOCS.match(name) else data
        for name, data in members.items()
        if not (UNUSED_LICENSES if ".dist-info/" in name else NUMPY_UNUSED).search(name)
    }


def modules(names: Iterable[str]) -> set[str]:
    """Return the modules that files hold: ``a/b.py`` is ``a.b``, ``a/__init__.py`` is ``a``."""
    return {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in names
        if name.endswith(".py")
    }


def at_start(names: Iterable[str]) -> list[str]:
    """Return which of the standard library's files ``names`` the page needs at its start."""
    return [
        name
        for name in names
        if not STDLIB_UNUSED.match(name) and not modules([name]) & {*STDLIB_LATER}
    ]


def standard(imported: Iterable[str], stdlib: Mapping[str, bytes]) -> set[str]:
    """Return which of ``imported`` are modules of the standard library ``stdlib``."""
    return {*imported} & modules(stdlib)


def standard_files(sources: Mapping[str, bytes], stdlib: Mapping[str, bytes]) -> set[str]:
    """Return the files of ``stdlib`` that are imported when ``sources`` are, also indirectly."""
    named = "\n".join(f"import {name}" for name in sorted(imports(sources, at_once=True)))
    return {*closure(stdlib, named.encode(), lambda new: imports(new, at_once=True))}


MODULE = re.compile(r"obscura(\.\w+)+")


def mentions(sources: Mapping[str, bytes]) -> set[str]:
    """Return the names of our modules that stand in ``sources`` as strings.

    Features are imported by such a name, from a table, when they are first wanted.
    """
    return {
        node.value
        for name, text in sources.items()
        for node in ast.walk(ast.parse(text, name))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and MODULE.fullmatch(node.value)
    }


def imports(sources: Mapping[str, bytes], *, at_once: bool = False) -> set[str]:
    """Return the absolute names of all modules that ``sources`` (file name to text) import.

    ``from a import b`` counts as ``a`` and as ``a.b``: whether ``b`` is a module is not known here.
    Imports under ``if TYPE_CHECKING:`` do not count.

    Args:
        at_once: only imports that run when the sources themselves are imported.
    """
    found = set()
    for name, text in sources.items():
        package = name.split("/")[:-1]
        for node in running(ast.parse(text, name), at_once=at_once):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) - node.level + 1] if node.level else []
                origin = ".".join([*above, *([node.module] if node.module else [])])
                found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return found


def running(tree: ast.AST, *, at_once: bool = False) -> Iterator[ast.AST]:
    """Yield the nodes of a syntax tree, except those that only type checkers read.

    Args:
        at_once: also leave out the bodies of functions.
    """
    if isinstance(tree, ast.If) and ast.unparse(tree.test).endswith("TYPE_CHECKING"):
        return
    yield tree
    if at_once and isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    for child in ast.iter_child_nodes(tree):
        yield from running(child, at_once=at_once)


def first(sources: Mapping[str, bytes], main: bytes) -> dict[str, bytes]:
    """Return which of ``sources`` are imported when ``main`` starts, directly or indirectly.

    Modules that are imported inside functions, or by a name in a table, are not among them, unless
    they are in ``SOON``.
    """
    return closure(sources, main, lambda new: imports(new, at_once=True) | {*SOON})


def late_features(sources: Mapping[str, bytes]) -> dict[str, str]:
    """Return the module with which each feature of the page starts, for those that start later.

    A feature is a folder below ``obscura/page/features``; its row names the module.
    """
    found = {}
    for name, text in sources.items():
        row = re.fullmatch(r"obscura/page/features/(\w+)/__init__\.py", name)
        if row:
            entry = re.search(rb'entry="([\w.]+)"', text)
            if entry and entry[1].decode() not in SOON:
                found[row[1]] = entry[1].decode()
    return found


def feature_imports(name: str, entry: str) -> bytes:
    """Return a script that imports what a feature needs: its first module, and `WHILE_ON`."""
    return "\n".join(f"import {each}" for each in (entry, *WHILE_ON.get(name, ()))).encode()


def ever(sources: Mapping[str, bytes], main: bytes) -> dict[str, bytes]:
    """Return which of ``sources`` may be imported at any time, directly or indirectly."""
    return closure(sources, main, lambda new: imports(new) | mentions(new))


def closure(
    sources: Mapping[str, bytes], main: bytes, named_by: Callable[[dict[str, bytes]], set[str]]
) -> dict[str, bytes]:
    """Return which of ``sources`` can be reached from ``main``.

    Args:
        named_by: returns the modules that files refer to.
    """
    files = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name
        for name in sources
    }
    found: dict[str, bytes] = {}
    new = {"main.py": main}
    while new:
        named = named_by(new)
        # Importing a.b.c runs a and a.b first.
        named |= {name[:dot] for name in named for dot, sign in enumerate(name) if sign == "."}
        new = {files[n]: sources[files[n]] for n in named & files.keys() if files[n] not in found}
        found |= new
    return found


def check_imports(sources: Mapping[str, bytes], left_out: set[str]) -> None:
    """Raise BuildError if one of ``sources`` needs numpy's linear algebra or a module that is
    ``left_out`` of the page."""
    for name, text in sources.items():
        missing = imports({name: text}) & left_out
        if missing:
            raise BuildError(
                f"py/{name} imports {min(missing)}, which is not shipped with the page: "
                "remove the import, or keep the module in tools/builder/trim.py."
            )
        if any(getattr(node, "attr", "") == "linalg" for node in ast.walk(ast.parse(text, name))):
            raise BuildError(
                f"py/{name} uses numpy.linalg, which is not shipped with the page: "
                "remove the import, or keep the module in tools/builder/trim.py."
            )
