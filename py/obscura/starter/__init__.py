"""Projects to start from: the folders beside this file, rendered with `string.Template`.

A file of a template is text with ``$name`` and other fields; in paths, ``package``
stands for the project's own package. Python is stored as ``NAME.py.txt``, because it is not
part of this library, as is ``pyproject.toml``; and ``.gitignore`` as ``gitignore``, because Git
would obey it here.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template

TEMPLATES = {
    "page": "a page with your own name, colour, models and zones",
    "library": "a Python package that finds objects in pictures",
    "service": "an HTTP server that finds objects in pictures",
}

LOOKS = ("faces", "emotion", "age-gender", "pose", "text")
"""Closer looks that a page has."""
_OTHERS = sys.stdlib_module_names | {"numpy", "obscura", "onnxruntime", "pil", "sign", "tests"}
"""Modules that a project's own must not take the place of; ``sign`` draws for its tests."""


def package_name(name: str) -> str:
    """Return a name for a Python package, made of a name for people.

    >>> package_name("Door counter 2")
    'door_counter_2'
    >>> package_name("5 birds")
    'project_5_birds'
    >>> package_name("json")  # Python's own
    'project_json'
    """
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    usable = words.isidentifier() and not keyword.iskeyword(words) and words not in _OTHERS
    return words if usable else f"project_{words}".rstrip("_")


def render(template: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a project: text by path, which slashes part.

    Args:
        template: a name in ``TEMPLATES``.
        fields: ``package`` and whatever else the template asks for.

    Raises:
        KeyError: a field is missing, or there is no such template.
    """
    if template not in TEMPLATES:
        raise KeyError(template)
    files = {}
    for path, source in _files(resources.files(__name__) / template, PurePosixPath()):
        parts = [_own(part, fields["package"]) for part in path.parts]
        text = source.read_text(encoding="utf-8")
        files["/".join(parts)] = Template(text).substitute(fields)
    return files


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write files below a folder, which is made if there is none.

    Raises:
        OSError: one cannot be written.
    """
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _own(part: str, package: str) -> str:
    if part == "gitignore":
        return ".gitignore"
    stem = part.removesuffix(".txt")
    return (stem if "." in stem else part).replace("package", package)


def _files(folder: Traversable, path: PurePosixPath) -> list[tuple[PurePosixPath, Traversable]]:
    """Return the files below a folder with their paths, sorted."""
    found = []
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        inside = path / each.name
        if each.is_dir():
            found += [] if each.name == "__pycache__" else _files(each, inside)
        else:
            found.append((inside, each))
    return found
