#!/usr/bin/env python3
"""Measures the average precision of the shipped models on pictures annotated in COCO's format.

    python3 tools/measure_accuracy.py --images DIR --annotations instances.json [--model NAME]

Prints AP as COCO defines it (IoU 0.50:0.95, up to 100 boxes a picture), in percent. With --write it
goes onto the models' cards, together with what --dataset says of the pictures.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "py"))  # the tool runs from a plain checkout

from modelkit.cards import write_accuracy  # noqa: E402
from obscura import Detector, ObscuraError, catalogue  # noqa: E402

THRESHOLD = 0.01  # low, for precision is averaged over all recalls
COLUMNS = ("AP", "AP50", "AP75", "small", "medium", "large")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = _parse(arguments)
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError:
        print("pycocotools is missing: python3 -m pip install pycocotools", file=sys.stderr)
        return 1
    with contextlib.redirect_stdout(io.StringIO()):  # it reports its progress there
        truth = COCO(str(options.annotations))
    print(f"{'':16}" + "".join(f"{name:>8}" for name in COLUMNS))
    for name in options.model or catalogue.known():
        try:
            with Detector(name, threshold=THRESHOLD) as detector:
                rows = list(_results(detector, truth.imgs, truth.cats, options.images))
        except ObscuraError as error:
            print(error, file=sys.stderr)
            return 1
        if not rows:
            print(f"{name} finds nothing that {options.annotations} knows.", file=sys.stderr)
            return 1
        with contextlib.redirect_stdout(io.StringIO()):
            scoring = COCOeval(truth, truth.loadRes(rows), "bbox")
            scoring.evaluate()
            scoring.accumulate()
            scoring.summarize()
        figures = [round(100 * float(value), 1) for value in scoring.stats[: len(COLUMNS)]]
        print(f"{name:16}" + "".join(f"{value:8.1f}" for value in figures), flush=True)
        if options.write:
            accuracy = {
                "dataset": options.dataset,
                "ap": figures[0],
                "ap50": figures[1],
                "command": f"python3 tools/measure_accuracy.py --images {_tail(options.images)} "
                f"--annotations {_tail(options.annotations)} --model {name}",
            }
            write_accuracy(catalogue.find(name), accuracy)
    return 0


def _results(
    detector: Detector,
    pictures: Mapping[int, Mapping[str, Any]],
    categories: Mapping[int, Mapping[str, Any]],
    folder: Path,
) -> Iterator[dict[str, Any]]:
    """What the detector finds, as COCO's result rows; box as x, y, width, height in pixels."""
    ids = {category["name"]: number for number, category in categories.items()}
    for number, picture in pictures.items():
        found = detector.detect(folder / picture["file_name"])
        for box, score, class_id in zip(found.xyxy, found.score, found.class_id, strict=True):
            label = detector.labels[class_id]
            if label in ids:
                x1, y1, x2, y2 = (float(edge) for edge in box)
                yield {
                    "image_id": number,
                    "category_id": ids[label],
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "score": float(score),
                }


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, metavar="DIR")
    parser.add_argument("--annotations", type=Path, required=True, metavar="JSON")
    parser.add_argument(
        "--model", action="append", metavar="NAME", help="all shipped ones, if none"
    )
    parser.add_argument("--write", action="store_true", help="put the figures onto the cards")
    parser.add_argument("--dataset", metavar="TEXT", help="what the pictures are, for the cards")
    options = parser.parse_args(arguments)
    if options.write and not options.dataset:
        parser.error("--write needs --dataset, which goes onto the cards beside the figures")
    for path in (options.images, options.annotations):
        if not path.exists():
            parser.error(f"{path} does not exist")
    return options


def _tail(path: Path) -> str:
    """The path without what is particular to this machine."""
    return "/".join(path.resolve().parts[-2:])


if __name__ == "__main__":
    sys.exit(main())
