"""Make the folder that the benchmark serves: our site, the rivals' pages, the camera's clip.

Every file is compressed with Brotli, as ``build.py build --precompress`` does it for hosts, and the
plain files are left out. So the folder is small enough to copy to another machine, where
``build.py bench --prepared`` measures it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from browsers.clip import CLIP, write_clip
from builder import npm
from builder.build import build, without_map
from builder.compress import compressed
from builder.errors import BuildError
from builder.page import ATTRIBUTE
from builder.report import BEST
from builder.site import Site
from builder.sources import read
from modelkit.errors import ConversionError
from modelkit.sources import COCO_SSD_TFJS
from speed import packages
from speed.host import PACKED

FACTS = "bench.json"
SITE, RIVALS = "site", "rivals"
MODEL = "models/coco-ssd"
PEOPLE = {"2": "people-2.mjpeg", "100": "people-100.mjpeg"}
"""Clips of people for the camera, by their number."""

TF = {
    "tf.min.js": "@tensorflow/tfjs/dist/tf.min.js",
    "tf-backend-wasm.min.js": "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js",
    "tf-backend-webgpu.min.js": "@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js",
    "coco-ssd.min.js": "@tensorflow-models/coco-ssd/dist/coco-ssd.min.js",
} | {
    name: f"@tensorflow/tfjs-backend-wasm/dist/{name}"
    for name in (
        "tfjs-backend-wasm.wasm",
        "tfjs-backend-wasm-simd.wasm",
        "tfjs-backend-wasm-threaded-simd.wasm",
    )
}


def prepare(
    root: Path, out: Path, rivals: Sequence[str], weights: Mapping[str, Path] | None = None
) -> Path:
    """Make the folder ``out``, replacing an earlier one, and return it.

    Args:
        rivals: "js", which needs no packages from npm, "tfjs" and names of `packages.OTHERS`.
        weights: networks for those that have none, see `packages.add_others`.

    Raises:
        BuildError: something is missing, or ``out`` contains other files.
    """
    if out.exists() and any(out.iterdir()) and not (out / FACTS).is_file():
        raise BuildError(
            f"{out} contains files that are not from a benchmark: choose an empty or new folder."
        )
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    build(out / SITE)
    versions = add_rivals(root, Site(out / RIVALS, "./"), rivals, weights or {})
    compress(out, root / "build" / "cache" / "compressed")
    write_clip(out / CLIP)
    for count, name in PEOPLE.items():
        write_clip(out / name, Path(__file__).with_name(f"people-{count}.jpg"))
    facts = {"versions": versions, "quality": BEST, "rivals": list(rivals)}
    (out / FACTS).write_text(json.dumps(facts, sort_keys=True), encoding="utf-8")
    return out


def read_facts(folder: Path) -> dict[str, Any]:
    """Return the facts that `prepare` wrote; raise BuildError if it did not make this folder."""
    try:
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BuildError(
            f"{folder} was not made by `build.py bench --prepare`: make it, then run this again."
        ) from None
    return facts


def add_rivals(
    root: Path, site: Site, rivals: Sequence[str], weights: Mapping[str, Path]
) -> dict[str, str]:
    """Add the rivals' pages and everything they load; return the versions of their packages."""
    home = root / "bench" / "rivals"
    versions = add_tensorflow(home, site) if "tfjs" in rivals else {}
    versions |= packages.add_others(home, site, rivals, weights)
    site.add("sample.jpg", read(root, "assets/sample.jpg"))
    own = sorted((home / "pages").iterdir())
    scripts = [path for path in own if path.suffix != ".html"]
    site.add_folder("pages", {path.name: path.read_bytes() for path in scripts})

    def reference(match: re.Match[str]) -> str:
        return f'{match["before"]}{site.resolve(match["reference"], "a rival")}"'

    for name in rivals:
        html = (home / "pages" / f"{name}.html").read_text(encoding="utf-8")
        html = packages.IMPORT.sub(reference, ATTRIBUTE.sub(reference, html))
        site.add_plain(f"{name}.html", html.encode())
    return versions


def add_tensorflow(home: Path, site: Site) -> dict[str, str]:
    """Add TensorFlow.js and its model; return the versions of the packages."""
    modules = npm.install(home)
    site.add_folder("tf", {name: without_map(modules / path) for name, path in TF.items()})
    try:
        network = COCO_SSD_TFJS.files(MODEL)
    except ConversionError as error:
        raise BuildError(f"the rival's model could not be downloaded ({error})") from None
    site.add_folder("model", {name.rpartition("/")[2]: data for name, data in network.items()})
    asked = json.loads((home / "package.json").read_text(encoding="utf-8"))["dependencies"]
    shipped = {name: version for name, version in asked.items() if name.startswith("@tensorflow")}
    return shipped | {COCO_SSD_TFJS.name: COCO_SSD_TFJS.version}


def compress(folder: Path, cache: Path) -> None:
    """Replace every file in ``folder`` by its compressed copy, from or into ``cache``."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    say = "compressing what is served (once) ..."
    for path, copy in compressed(files, "br", BEST, cache, say).items():
        shutil.copyfile(copy, path.with_name(path.name + PACKED))
        path.unlink()
