"""What the browser's Python carries: of numpy and the standard library, only what is used there."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from builder.errors import BuildError

# Left out of numpy. Every visit compiles each extension module (*.so) of the wheel, used or not,
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

UNUSED_LICENSES = re.compile(r"/licenses/numpy/(fft|linalg|ma|random)/")  # of what is left out

# Emptied: what they do on import, at every start, is to give C functions their docstrings.
NUMPY_DOCS = re.compile(r"^numpy/_core/_add_newdocs(_scalars)?\.py$")

# What stands in for two packages that numpy and we import at every start: linear algebra, of which
# the page calls nothing, and types, which are for type checkers and take half as long to load as
# numpy itself.
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

# Ways to compress that the standard library imports where it finds them.
STDLIB_UNUSED = re.compile(r"^(bz2|lzma|compression/.*)\.py$")

# Standard modules that the trace does not meet, for they are imported only when something happens.
STDLIB_ON_OCCASION = (
    "encodings.ascii",
    "encodings.cp437",  # zipfile: the names in an archive
    "encodings.latin_1",
    "encodings.utf_8_sig",
    "importlib.metadata",  # Pyodide: what is installed
    "tarfile",  # Pyodide, installing a package; see STDLIB_INSTEAD
)
# Likewise, of those that can wait for the rest of the page's Python, and modules that are met, but
# whose importers do without.
STDLIB_LATER = (
    "_ssl",
    "ctypes",  # numpy
    "ctypes._endian",
    "difflib",  # traceback: "did you mean"
    "ssl",  # asyncio
    "tracemalloc",  # warnings
)

# What stands in for a module that Pyodide imports to install a package, and uses for archives that
# are no wheels; and for the names of characters, which html imports in order to unescape.
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

# Modules of ours that are imported inside functions, but on the way to a first detection.
SOON = (
    "obscura.graph.cut",  # on a GPU
    "obscura.graph.half",
    "obscura.page.features.detect.controls",
)

# The part of the library that runs in CPython alone.
NATIVE = re.compile(
    r"^obscura/(__main__|cli|detector|flip|pictures|cards/catalogue|engine/native|evaluation/\w+)\.py$"
)


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
    """Return those of the standard library's files ``names`` that the page starts with."""
    return [
        name
        for name in names
        if not STDLIB_UNUSED.match(name) and not modules([name]) & {*STDLIB_LATER}
    ]


def standard(imported: Iterable[str], stdlib: Mapping[str, bytes]) -> set[str]:
    """Return those of ``imported`` that are modules of the standard library ``stdlib``."""
    return {*imported} & modules(stdlib)


MODULE = re.compile(r"obscura(\.\w+)+")


def mentions(sources: Mapping[str, bytes]) -> set[str]:
    """Return the names of our modules that ``sources`` hold as strings.

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
    """Return every module that ``sources`` (file name to text) import anywhere, by absolute name.

    ``from a import b`` counts as ``a`` and as ``a.b``: whether ``b`` is a module is not known here.
    What stands under ``if TYPE_CHECKING:`` does not count.

    Args:
        at_once: only those that are imported as soon as the sources themselves are.
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
    """Yield the nodes of a syntax tree, less those that only type checkers read.

    Args:
        at_once: leave out, too, what waits inside functions until they are called.
    """
    if isinstance(tree, ast.If) and ast.unparse(tree.test).endswith("TYPE_CHECKING"):
        return
    yield tree
    if at_once and isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    for child in ast.iter_child_nodes(tree):
        yield from running(child, at_once=at_once)


def first(sources: Mapping[str, bytes], main: bytes) -> dict[str, bytes]:
    """Return those of ``sources`` that ``main`` imports by merely starting, and so on.

    What is imported inside a function, or by a name in a table, is not among them: it may come
    later, unless it stands in ``SOON``.
    """
    return closure(sources, main, lambda new: imports(new, at_once=True) | {*SOON})


def ever(sources: Mapping[str, bytes], main: bytes) -> dict[str, bytes]:
    """Return those of ``sources`` that ``main`` may import at any time, and so on."""
    return closure(sources, main, lambda new: imports(new) | mentions(new))


def closure(
    sources: Mapping[str, bytes], main: bytes, named_by: Callable[[dict[str, bytes]], set[str]]
) -> dict[str, bytes]:
    """Return those of ``sources`` that ``main`` leads to.

    Args:
        named_by: returns the modules that files lead to.
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
    """Raise BuildError if one of ``sources`` needs a module that is ``left_out`` of the page, or
    numpy's linear algebra."""
    for name, text in sources.items():
        missing = imports({name: text}) & left_out
        if missing:
            raise BuildError(
                f"py/{name} imports {min(missing)}, which the page is shipped without: "
                "do without it, or keep it in tools/builder/trim.py."
            )
        if any(getattr(node, "attr", "") == "linalg" for node in ast.walk(ast.parse(text, name))):
            raise BuildError(
                f"py/{name} uses numpy.linalg, which the page is shipped without: "
                "do without it, or keep it in tools/builder/trim.py."
            )
