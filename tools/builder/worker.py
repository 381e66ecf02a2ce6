"""Service worker: Workbox, the list of the site's files, and assets/sw.js, in one script.

It is one script, so that browsers recognise a new version by its bytes.
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
# At the site's root, because a worker serves only addresses below its own; without a hash, because
# browsers look for the next version at the same address.
NAME = "sw.js"

# Workbox's own builds, in the order of their dependencies.
WORKBOX = ("core", "routing", "strategies")
SOURCE_MAP = re.compile(r"\n//# sourceMappingURL=\S+\s*$")

PAGE = "index.html"  # the address that ends in a slash

# Files that the page does not need at its start form groups; each is made available offline whole.
GROUPS = (
    (re.compile(r"ort/.*\.jspi\.|ort/ort\.jspi\."), "engine:jspi"),
    (re.compile(r"ort/.*\.asyncify\.|ort/ort\.webgpu\."), "engine:asyncify"),
    (re.compile(r"ort/ort\.webgl\.|assets/webgl\."), "engine:webgl"),
    (re.compile(r"ort/"), "engine:wasm"),
    (re.compile(r"litert/.*_threaded_"), "engine:litert-threads"),
    (re.compile(r"litert/"), "engine:litert-simd"),
    (re.compile(r"assets/litert\.js$|models/[^/]+/core\.litert$"), "engine:litert"),
    (re.compile(r"models/([^/]+)/"), r"model:\1"),
    (re.compile(r"heads/([^/]+)/"), r"head:\1"),
    (re.compile(r"heads/"), "heads"),
    # With the libraries of charts and of video files, which Python loads.
    (re.compile(r"(pyodide|pyscript)/|py/.*\.zip$|uplot\.|assets/(media|disk)\."), "python"),
    (re.compile(r"assets/clip/"), "clip"),
    (re.compile(r"assets/app/"), "store"),  # icons and pictures for the system, which no page shows
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
    """Write the service worker of a site of which all other files have been written.

    Args:
        modules: the folder of npm's packages.
        source: ``assets/sw.js``.
        page: the version of the page.
        policy: the security policy of its responses, if the host sends none.
        packed: addresses of the files that it fetches as ``.gz`` and unpacks.
    """
    files = listing(site)
    version = digest([json.dumps(files, sort_keys=True).encode()])[:10]
    parts = [workbox(modules, name) for name in WORKBOX]
    facts = {"version": version, "page": page, "policy": policy, "files": files}
    facts["packed"] = list(packed)
    parts.append(f"const BUILD = {inline(facts)};")
    site.add_plain(NAME, "\n".join([*parts, source]).encode())


def listing(site: Site) -> dict[str, tuple[str, int, str]]:
    """Return hash, size in bytes and group of every file, by its address."""
    files = {}
    for name, shipped in sorted(site.names.items()):
        data = site.path(name).read_bytes()
        address = "" if shipped == PAGE else shipped
        files[address] = (hashlib.sha256(data).hexdigest(), len(data), group(name))
    return files


def workbox(modules: Path, name: str) -> str:
    """Return one of Workbox's modules, which adds its exports to a global ``workbox``."""
    path = modules / f"workbox-{name}" / "build" / f"workbox-{name}.prod.js"
    try:
        return SOURCE_MAP.sub("", path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BuildError(f"{path} is missing: delete node_modules and build again.") from None


def inline(data: Any) -> str:
    """Return ``data`` as JavaScript."""
    return json.dumps(data, separators=(",", ":"), sort_keys=True)
