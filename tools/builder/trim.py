"""What the browser's Python can do without."""

import re
from collections.abc import Mapping

# Parts of the numpy wheel that only building, testing or type-checking against numpy needs.
NUMPY_UNUSED = re.compile(
    r"""
      \.(pyi|pxd|h|a|c|f|f90|ini|src|build|typed|rst)$
    | /(tests|testing|f2py|_pyinstaller|include|examples)/
    """,
    re.VERBOSE,
)


def stdlib(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the modules of Pyodide's standard library that a page can come to import."""
    return {name: data for name, data in members.items() if name.endswith(".py")}


def numpy(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of the numpy wheel that running it needs, its licences among them."""
    return {
        name: data
        for name, data in members.items()
        if ".dist-info/" in name or not NUMPY_UNUSED.search(name)
    }
