"""Copies of the built site that differ from it: another version, other facts, a damaged file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

FACTS = re.compile(r'(?<=id="obscura-build">)(.*?)(?=</script>)', re.DOTALL)
LISTING = re.compile(r"^const BUILD = (\{.*\});$", re.MULTILINE)
TITLE = "<title>Obscura</title>"


def copy_of(dist: Path, folder: Path) -> Path:
    """Copy the site; files are shared until they are replaced."""

    def link(source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError:  # another disk
            shutil.copy2(source, target)

    shutil.copytree(dist, folder, copy_function=link)
    return folder


def replace(path: Path, data: bytes) -> None:
    """Write other contents to a file, and leave the files alone that share the present ones."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def with_facts(page: str, change: Callable[[dict[str, Any]], None]) -> str:
    """Return the page's HTML with other facts about its build."""
    facts = json.loads(FACTS.findall(page)[0])
    change(facts)
    written = json.dumps(facts, separators=(",", ":")).replace("<", "\\u003c")
    return FACTS.sub(lambda _: written, page)


def another_version(dist: Path, folder: Path, title: str, main: str) -> Path:
    """Write another version of the site; only its title and its main.py differ.

    Args:
        dist: the built site.
        folder: where to write it.
        title: of the page.
        main: the source text of main.py.

    Returns:
        the folder.
    """
    copy_of(dist, folder)
    (former,) = folder.glob("py/main.*.py")
    script = former.with_name(f"main.{_digest(main.encode())[:10]}.py")
    replace(script, main.encode())
    former.unlink()
    version = _digest((title + main).encode())[:10]
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert html.count(TITLE) == 1
    html = html.replace(TITLE, f"<title>{title}</title>").replace(former.name, script.name)
    html = with_facts(html, lambda facts: facts.update(version=version))
    replace(folder / "index.html", html.encode())
    bench = (folder / "bench.html").read_text(encoding="utf-8").replace(former.name, script.name)
    replace(folder / "bench.html", bench.encode())
    _list_again(folder, version, {f"py/{former.name}": f"py/{script.name}"})
    return folder


def _list_again(folder: Path, version: str, renamed: dict[str, str]) -> None:
    """Have the service worker know the files as they are now."""
    script = (folder / "sw.js").read_text(encoding="utf-8")
    build = json.loads(LISTING.findall(script)[0])
    files = {}
    for name, (_, _, group) in build["files"].items():
        name = renamed.get(name, name)
        data = (folder / (name or "index.html")).read_bytes()
        files[name] = (_digest(data), len(data), group)
    build |= {"files": files, "page": version, "version": _digest(version.encode())[:10]}
    written = json.dumps(build, separators=(",", ":"))
    replace(folder / "sw.js", LISTING.sub(lambda _: f"const BUILD = {written};", script).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
