"""LiteRT, which computes some models faster on processors: its builds, and the models' graphs.

It is an addition: a site works without it, and a page fetches it only where it may be of use.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from builder import scripts
from builder.errors import BuildError
from builder.models import Model
from builder.site import Site

# The builds by their names in the library's plans, with the stem of their script and their wasm.
BUILDS = {
    "litert-simd": "litert_wasm_internal",
    "litert-threads": "litert_wasm_threaded_internal",
}
MODULE = "assets/litert.js"
PACKAGES = ("@litertjs/core", "@litertjs/wasm-utils")
CORE = "core.litert"


def add(site: Site, modules: Path, models: Iterable[Model]) -> dict[str, Any]:
    """Add its builds, and the graphs of the models that have one.

    Args:
        modules: the folder of npm's packages.

    Returns:
        what the page needs to know of it.

    Raises:
        BuildError: a graph does not belong to its model's network.
    """
    wasm = modules / "@litertjs" / "core" / "wasm"
    files = {}
    for stem in BUILDS.values():
        files[f"{stem}.js"] = scripts.stripped(modules, wasm / f"{stem}.js")
        files[f"{stem}.wasm"] = (wasm / f"{stem}.wasm").read_bytes()
    site.add_folder("litert", files)
    cores = {}
    for model in models:
        path = model.path.parent / CORE
        if path.is_file():
            cores[model.name] = site.add(f"models/{model.name}/{CORE}", verified(path, model))
    return {
        "module": site.url(MODULE),
        "builds": {
            build: {kind: site.url(f"litert/{stem}.{kind}") for kind in ("js", "wasm")}
            for build, stem in BUILDS.items()
        },
        "cores": cores,
    }


def verified(path: Path, model: Model) -> bytes:
    """Return a graph; raise BuildError if it is not one for the model's network."""
    data = path.read_bytes()
    try:
        table = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
        fits = table["network"] == model.card["file"]["sha256"]
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise BuildError(
            f"models/{model.name}/{CORE} does not belong to the model's network: restore it, or "
            "delete it."
        )
    return data
