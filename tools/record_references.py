"""Record what the original projects make of their networks' outputs: see `references`.

    python3 tools/record_references.py [NAME ...]

Not run by the suite. It needs torch and torchvision (BSD-3-Clause), onnx (Apache-2.0), onnxruntime
(MIT), and the projects: effdet (Apache-2.0), transformers (Apache-2.0), rfdetr (Apache-2.0),
libreyolo (MIT).
"""

from __future__ import annotations

import argparse
from importlib import import_module

from references import save

MODULES = ("centernet", "detr", "efficientdet", "rfdetr", "torchvision")


def main() -> None:
    """Run the command."""
    records = {}
    for module in MODULES:
        records.update(import_module(f"references.of_{module}").RECORDS)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(records)}; all")
    for name in parser.parse_args().names or records:
        print(save(name, records[name]))


if __name__ == "__main__":
    main()
