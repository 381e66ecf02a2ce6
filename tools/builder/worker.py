"""The service worker: Workbox, the list of the site's files, and our own part, in one script.

One script, so that browsers see by its bytes alone that there is another version.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from builder.cache import digest
from builder.errors import BuildError
from builder.site import Site

SOURCE = "assets/sw.js"
# At the site's root, for a worker serves only what lies below it; without a hash, for browsers look
# for the next version under the same address.
NAME = "sw.js"

# Workbox's own builds, in the order in which they need each other: no bundler is wanted.
WORKBOX = ("core", "routing", "strategies")
SOURCE_MAP = re.compile(r"\n//# sourceMappingURL=\S+\s*$")

PAGE = "index.html"  # the address that ends in a slash

# What the page does not start with comes in groups, which are made available offline as wholes.
GROUPS = (
    (re.compile(r"ort/.*\.jspi\.|ort/ort\.jspi\."), "engine:jspi"),
    (re.compile(r"ort/.*\.asyncify\.|ort/ort\.webgpu\."), "engine:asyncify"),
    (re.compile(r"ort/"), "engine:wasm"),
    (re.compile(r"models/([^/]+)/"), r"model:\1"),
    (re.compile(r"(pyodide|pyscript)/|py/.*\.zip$"), "python"),
    (re.compile(r"assets/app/"), "store"),  # icons and pictures for systems, no page shows them
)
SHELL = "shell"


def group(name: str) -> str:
    """Return the group of the file known as ``name``."""
    for pattern, title in GROUPS:
        match = pattern.match(name)
        if match:
            return match.expand(title)
    return SHELL


def add(
    site: Site, modules: Path, source: str, page: str, policy: str, packed: Sequence[str] = ()
) -> None:
    """Write the service worker of a site that is otherwise complete.

    Args:
        modules: the folder of npm's packages.
        source: ``assets/sw.js``.
        page: the version that the page calls itself.
        policy: the security policy of what it serves, where the host sends none.
        packed: addresses in the site of what it fetches as ``.gz``, and unpacks.
    """
    files = listing(site)
    version = digest([json.dumps(files, sort_keys=True).encode()])[:10]
    parts = [workbox(modules, name) for name in WORKBOX]
    told = {"version": version, "page": page, "policy": policy, "files": files}
    told["packed"] = list(packed)
    parts.append(f"const BUILD = {inline(told)};")
    site.add_plain(NAME, "\n".join([*parts, source]).encode())


def listing(site: Site) -> dict[str, tuple[str, int, str]]:
    """Return hash, size in bytes and group of every file, by its name as the address has it."""
    files = {}
    for name, shipped in sorted(site.names.items()):
        data = site.path(name).read_bytes()
        address = "" if shipped == PAGE else shipped
        files[address] = (hashlib.sha256(data).hexdigest(), len(data), group(name))
    return files


def workbox(modules: Path, name: str) -> str:
    """Return one of Workbox's modules, which leaves what it offers in a global ``workbox``."""
    path = modules / f"workbox-{name}" / "build" / f"workbox-{name}.prod.js"
    try:
        return SOURCE_MAP.sub("", path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BuildError(f"{path} is missing: delete node_modules and build again.") from None


def inline(data: Any) -> str:
    """Return ``data`` as JavaScript."""
    return json.dumps(data, separators=(",", ":"), sort_keys=True)
