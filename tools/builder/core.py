"""Pyodide's core as the site ships it: without exports that nothing uses, and in two halves."""

import hashlib
import re
import zipfile
from collections.abc import Collection, Iterable
from pathlib import Path

from builder import exports, halves, wasm
from builder.cache import cached, digest
from builder.errors import BuildError

SCRIPT, WHOLE = "pyodide.asm.mjs", "pyodide.asm.wasm"
REST = "pyodide.rest.wasm"
"""The second half; the first has the name of the whole, which Pyodide asks for."""

LIST = Path(__file__).with_name("start.txt")
"""Which functions a start runs: the SHA-256 of the module, then ranges of their places."""

RECORD = "python3 build.py run tools/record_start.py"


def core(root: Path, pyodide: Path, wheel: Path) -> Path:
    """Return a folder with Pyodide's script and the two halves of its module.

    Args:
        root: the repository.
        pyodide: npm's package.
        wheel: numpy, whole.

    Raises:
        BuildError: the list of functions is of another module.
    """

    def make(folder: Path) -> None:
        module, script = trimmed(pyodide, wheel)
        hot = read_list(LIST.read_text(encoding="ascii"), pyodide / WHOLE)
        first, second = halves.split(module, hot)
        (folder / WHOLE).write_bytes(wasm.write(first))
        (folder / REST).write_bytes(wasm.write(second))
        (folder / SCRIPT).write_text(script, encoding="utf-8")

    here = Path(__file__).parent
    recipe = [here / f"{name}.py" for name in ("core", "exports", "halves", "wasm")]
    inputs = [pyodide / SCRIPT, pyodide / WHOLE, wheel, LIST, *recipe]
    return cached(
        root / "build" / "cache", "core", digest(path.read_bytes() for path in inputs), make
    )


def trimmed(pyodide: Path, wheel: Path) -> tuple[wasm.Module, str]:
    """Return Pyodide's module and script without the exports that neither it nor numpy uses."""
    with zipfile.ZipFile(wheel) as archive:
        users = [archive.read(name) for name in archive.namelist() if name.endswith(".so")]
    return exports.trim(
        wasm.read((pyodide / WHOLE).read_bytes()),
        (pyodide / SCRIPT).read_text(encoding="utf-8"),
        users,
        (pyodide / "pyodide.mjs").read_text(encoding="utf-8"),
    )


def read_list(text: str, module: Path) -> set[int]:
    """Return the places in a list; raise BuildError if it is not of this module."""
    mark, *ranges = text.split()
    if mark != hashlib.sha256(module.read_bytes()).hexdigest():
        raise BuildError(
            f"{LIST.name} lists the functions of another {module.name}: record them again "
            f"({RECORD})."
        )
    found: set[int] = set()
    for each in ranges:
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", each)
        if match is None:
            raise BuildError(f"{LIST.name} has {each!r}: restore it from the repository.")
        found |= {*range(int(match[1]), int(match[2] or match[1]) + 1)}
    return found


def write_list(places: Collection[int], module: Path) -> str:
    """Return a list that `read_list` reads."""
    lines = [hashlib.sha256(module.read_bytes()).hexdigest(), ""]
    for each in ranges(sorted(places)):
        if len(lines[-1]) + len(each) > 98:
            lines.append("")
        lines[-1] += f" {each}" if lines[-1] else each
    return "\n".join(lines) + "\n"


def ranges(places: Iterable[int]) -> list[str]:
    """Return rising numbers as ranges, such as ``3`` and ``5-8``."""
    found: list[list[int]] = []
    for each in places:
        if found and found[-1][1] == each - 1:
            found[-1][1] = each
        else:
            found.append([each, each])
    return [f"{first}-{last}" if last > first else str(first) for first, last in found]
