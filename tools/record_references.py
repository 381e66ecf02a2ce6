"""Record what the original projects make of raw outputs, and the faces of their exports.

    python3 tools/record_references.py [PROJECT ...]

Writes tests/data/references/NAME.npz and tests/data/graphs/NAME.onnx, which the tests of the
families read. The suite does not run this: it needs PyTorch and the projects themselves, each with
random weights, in an environment of its own:

    python3 -m pip install torch torchvision onnx onnxscript onnxruntime opencv-python-headless
    python3 -m pip install libreyolo==1.6.0 loguru tabulate psutil thop
    python3 -m pip install --no-deps --no-build-isolation yolox==0.3.0

Versions and licences stand in each module of tools/references and in each file that is written.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

import references
from references.record import save_face, save_reference

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
_LARGEST = 150_000  # bytes; they are read, and cloned, by everyone
_PARTS = ("record", "exporting")


def main(wanted: list[str]) -> None:
    """Record the projects named, or all."""
    projects = [
        module.name for module in pkgutil.iter_modules(references.__path__)
        if module.name not in _PARTS
    ]  # fmt: skip
    for folder in ("references", "graphs"):
        (DATA / folder).mkdir(parents=True, exist_ok=True)
    for name in wanted or projects:
        project = importlib.import_module(f"references.{name}")
        for reference in project.references():
            path = save_reference(reference, DATA / "references")
            size = path.stat().st_size
            if size > _LARGEST:
                raise SystemExit(f"{path.name} has {size} bytes; make its network smaller")
            print(f"{path.name}: {size} bytes, {len(reference.scores)} boxes, {reference.source}")
        for face in project.faces():
            path = save_face(face, DATA / "graphs")
            print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
