"""Wheel of the library for Pyodide, beside the page: ``obscura-VERSION-py3-none-any.whl``.

It has what numpy alone can do: no models, no engine, nothing of the page. The wheel for CPython,
with the models, comes from ``pip wheel .``.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from builder import trim
from builder.archive import write_zip
from builder.errors import BuildError
from builder.sources import read, read_below

METADATA = """\
Metadata-Version: 2.4
Name: obscura
Version: {version}
Summary: Object detection that stays on the device: the part for Pyodide.
License-Expression: Apache-2.0
License-File: LICENSE
License-File: NOTICE
Requires-Python: >=3.11
Requires-Dist: numpy
"""
WHEEL = """\
Wheel-Version: 1.0
Generator: obscura
Root-Is-Purelib: true
Tag: py3-none-any
"""


def version(root: Path) -> str:
    """Return the version of the library."""
    text = read(root, "py/obscura/__init__.py").decode()
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise BuildError("py/obscura/__init__.py names no version: restore it.")
    return found[1]


def name(version: str) -> str:
    """Return the file's name, from which installers read what it is."""
    return f"obscura-{version}-py3-none-any.whl"


def members(root: Path, version: str) -> dict[str, bytes]:
    """Return the files of the wheel, by name."""
    found = {
        path: text
        for path, text in read_below(root / "py", "obscura").items()
        if not trim.left_out(path) and not path.startswith(("obscura/page/", "obscura/starter/"))
    }
    found["obscura/py.typed"] = read(root, "py/obscura/py.typed")
    about = f"obscura-{version}.dist-info"
    found[f"{about}/METADATA"] = METADATA.format(version=version).encode()
    found[f"{about}/WHEEL"] = WHEEL.encode()
    for licence in ("LICENSE", "NOTICE"):
        found[f"{about}/licenses/{licence}"] = read(root, licence)
    return found | {f"{about}/RECORD": _record(found, f"{about}/RECORD")}


def write(root: Path, version: str, folder: Path) -> Path:
    """Write the wheel into a folder and return its path."""
    path = folder / name(version)
    write_zip(path, members(root, version))
    return path


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    lines = []
    for path, data in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(data)}")
    return "\n".join([*lines, f"{own},,", ""]).encode()
