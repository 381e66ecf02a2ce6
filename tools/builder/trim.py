"""What the browser's Python carries: of numpy and the standard library, only what is used there."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from builder.errors import BuildError

# Left out of numpy. Every visit compiles each extension module (*.so) of the wheel, used or not,
# and random alone has nine.
NUMPY_UNUSED = re.compile(
    r"""
      \.(pyi|pxd|h|a|c|f|f90|ini|src|build|typed|rst)$    # for compilers and type checkers
    | /(tests|testing|f2py|_pyinstaller|include|conftest\.py)(/|$)
    | ^numpy/(_configtool|_core/cversions|lib/recfunctions|matlib|typing/mypy_plugin)\.py$
    | ^numpy/(core|ctypeslib|doc|fft|ma|polynomial|random)/
    | ^numpy/linalg/lapack_lite                           # numpy.linalg has its own
    """,
    re.VERBOSE,
)

# Emptied: what they do on import, at every start, is to give C functions their docstrings.
NUMPY_DOCS = re.compile(r"^numpy/_core/_add_newdocs(_scalars)?\.py$")

# Standard modules that the trace does not meet, for they are imported only when something happens.
STDLIB_ON_OCCASION = (
    "difflib",  # traceback: "did you mean"
    "encodings.ascii",
    "encodings.cp437",  # zipfile: the names in an archive
    "encodings.latin_1",
    "encodings.utf_8_sig",
    "importlib.metadata",  # Pyodide: what is installed
    "tarfile",  # Pyodide: installing a package
    "tracemalloc",  # warnings
)

# The part of the library that runs in CPython alone.
NATIVE = re.compile(
    r"^obscura/(__main__|cli|detector|flip|pictures|catalogue|engine/ort_native|evaluation/\w+)\.py$"
)


# The part that only the benchmark's page has.
BENCH = re.compile(r"^obscura/page/(__pycache__/)?bench\w*\.")


def numpy(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of the numpy wheel that are used, its licences among them."""
    return {
        name: b"" if NUMPY_DOCS.match(name) else data
        for name, data in members.items()
        if ".dist-info/" in name or not NUMPY_UNUSED.search(name)
    }


def modules(names: Iterable[str]) -> set[str]:
    """Return the modules that files hold: ``a/b.py`` is ``a.b``, ``a/__init__.py`` is ``a``."""
    return {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in names
        if name.endswith(".py")
    }


def imports(sources: Mapping[str, bytes]) -> set[str]:
    """Return every module that ``sources`` (file name to text) import anywhere, by absolute name.

    ``from a import b`` counts as ``a`` and as ``a.b``: whether ``b`` is a module is not known here.
    What stands under ``if TYPE_CHECKING:`` does not count.
    """
    found = set()
    for name, text in sources.items():
        package = name.split("/")[:-1]
        for node in running(ast.parse(text, name)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) - node.level + 1] if node.level else []
                origin = ".".join([*above, *([node.module] if node.module else [])])
                found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return found


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a syntax tree, less those that only type checkers read."""
    if isinstance(tree, ast.If) and ast.unparse(tree.test).endswith("TYPE_CHECKING"):
        return
    yield tree
    for child in ast.iter_child_nodes(tree):
        yield from running(child)


def check_imports(sources: Mapping[str, bytes], left_out: set[str]) -> None:
    """Raise BuildError if one of ``sources`` imports a module that is ``left_out`` of the page."""
    for name, text in sources.items():
        missing = imports({name: text}) & left_out
        if missing:
            raise BuildError(
                f"py/{name} imports {min(missing)}, which the page is shipped without: "
                "do without it, or keep it in tools/builder/trim.py."
            )
