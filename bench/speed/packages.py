"""Other packages that find objects in browsers: what they are, and what of them is served."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from builder import npm
from builder.build import without_map
from builder.errors import BuildError
from builder.page import ATTRIBUTE
from builder.site import Site

WEIGHTS = "weights"


class Other(NamedTuple):
    """A package that is compared.

    Attributes:
        name: of its page in bench/rivals/pages.
        title: for people.
        package: its name on npm, and `home` the folder of bench/rivals with the lock that has it.
        license: SPDX identifier.
        model: what it runs.
        folders: what is served of it: folder, then file in it and its place in node_modules.
        weights: name of the file in `WEIGHTS` with a network that no registry has; "" if the
            package has its own.
    """

    name: str
    title: str
    package: str
    home: str
    license: str
    model: str
    folders: Mapping[str, Mapping[str, str]]
    weights: str = ""


def _of(place: str, *names: str) -> dict[str, str]:
    return {name: f"{place}/{name}" for name in names}


_TF_WASM = _of(
    "@tensorflow/tfjs-backend-wasm/dist",
    "tfjs-backend-wasm.wasm",
    "tfjs-backend-wasm-simd.wasm",
    "tfjs-backend-wasm-threaded-simd.wasm",
)
_LITERT = [
    f"wasm/litert_wasm_{kind}internal.{ending}"
    for kind in ("", "threaded_")
    for ending in ("js", "wasm")
]
_LOADER = "pkg/snippets/ort-web-4c80a52e3fc0a0d5"

OTHERS = (
    Other(
        "human",
        "Human",
        "@vladmandic/human",
        "",
        "MIT",
        "CenterNet, 512 × 512",  # noqa: RUF001
        {
            "human": _of("@vladmandic/human/dist", "human.esm.js")
            | _of("@vladmandic/human/models", "centernet.json", "centernet.bin")
            | _TF_WASM
        },
    ),
    Other(
        "mediapipe",
        "MediaPipe Tasks",
        "@mediapipe/tasks-vision",
        "",
        "Apache-2.0",
        "EfficientDet-Lite0, 320 × 320",  # noqa: RUF001
        {
            "mediapipe": _of("@mediapipe/tasks-vision", "vision_bundle.mjs")
            | _of(
                "@mediapipe/tasks-vision/wasm",
                "vision_wasm_internal.js",
                "vision_wasm_internal.wasm",
            )
        },
        "mediapipe.tflite",
    ),
    Other(
        "libreyolo",
        "libreyolo-web",
        "libreyolo-web",
        "",
        "MIT",
        "YOLOX-Nano, 416 × 416",  # noqa: RUF001
        {
            "libreyolo": _of("libreyolo-web/dist", "index.mjs"),
            "libreyolo-ort": _of(
                "onnxruntime-web/dist",
                "ort.bundle.min.mjs",
                "ort-wasm-simd-threaded.jsep.mjs",
                "ort-wasm-simd-threaded.jsep.wasm",
            ),
        },
        "libreyolo.onnx",
    ),
    Other(
        "ultralytics",
        "Ultralytics",
        "@ultralytics/yolo",
        "agpl",
        "AGPL-3.0",
        "YOLO of the file given",
        {
            "ultralytics": _of(
                "@ultralytics/yolo",
                "dist/index.js",
                "pkg/ultralytics_inference_web.js",
                "pkg/ultralytics_inference_web_bg.wasm",
                f"{_LOADER}/_loader.js",
                f"{_LOADER}/_telemetry.js",
            ),
            "litert": _of("@litertjs/core", "dist/index.js", *_LITERT),
            "litert-utils": _of("@litertjs/wasm-utils", "dist/index.js"),
        },
        "ultralytics.tflite",
    ),
)
BY_NAME = {other.name: other for other in OTHERS}

__all__ = ["ATTRIBUTE", "BY_NAME", "IMPORT", "OTHERS", "Other", "add_others", "parse_weights"]

IMPORT = re.compile(r'(?P<before>": ")(?P<reference>\./[^"]*)"')
"""An entry of a page's import map."""


def add_others(
    home: Path, site: Site, names: Collection[str], weights: Mapping[str, Path]
) -> dict[str, str]:
    """Add the packages of these names and what they load; return their versions.

    Args:
        home: bench/rivals.
        weights: files of networks that no registry has, by name.

    Raises:
        BuildError: a package cannot be installed, or a file of weights is not there.
    """
    versions: dict[str, str] = {}
    for other in OTHERS:
        if other.name not in names:
            continue
        modules = npm.install(home / other.home)
        for folder, files in other.folders.items():
            site.add_folder(folder, {n: without_map(modules / p) for n, p in files.items()})
        versions[other.package] = npm.version(modules, other.package)
        if other.name in weights:
            add_weights(site, other, weights[other.name])
    return versions


def add_weights(site: Site, other: Other, file: Path) -> None:
    """Add the network that a package runs."""
    if not file.is_file():
        raise BuildError(f"--weights {other.name}={file}: there is no such file.")
    path = site.folder / WEIGHTS / other.weights
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(file, path)


def parse_weights(told: Collection[str]) -> dict[str, Path]:
    """Return the files of ``--weights NAME=FILE``, by name.

    Raises:
        BuildError: there is no such rival, or it has weights of its own.
    """
    files: dict[str, Path] = {}
    wanting = [other.name for other in OTHERS if other.weights]
    for text in told:
        name, _, file = text.partition("=")
        if name not in wanting or not file:
            raise BuildError(f"--weights {text}: it should be {'|'.join(wanting)}=FILE.")
        files[name] = Path(file)
    return files
