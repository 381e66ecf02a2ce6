#!/usr/bin/env python3
"""Write the figures of `python3 -m obscura evaluate --json FILE` to the models' cards.

.venv/bin/python build.py run tools/record_accuracy.py FILE --dataset "coco128 (with notes)"
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from modelkit.cards import write_accuracy
from obscura import ObscuraError
from obscura.cards import catalogue

FROM_BENCH = ("seen_in_training", "found", "right", "ms")
"""Keys that this leaves as they are: people copy them from what bench/accuracy.py prints."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, metavar="FILE", help="a file written by evaluate --json")
    parser.add_argument(
        "--dataset",
        required=True,
        metavar="TEXT",
        help="description of the pictures, for the cards",
    )
    options = parser.parse_args(arguments)
    try:
        results = json.loads(options.file.read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(f"{options.file} is not what evaluate --json writes: {error!r}")
    for result in results:
        card = catalogue.read_card(catalogue.find(result["model"]))
        accuracy = {
            **{key: card.accuracy[key] for key in FROM_BENCH if key in card.accuracy},
            "dataset": options.dataset,
            "ap": round(result["ap"], 1),
            "ap50": round(result["ap50"], 1),
            "command": result["command"],
        }
        try:
            write_accuracy(catalogue.find(result["model"]), accuracy)
        except ObscuraError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"{result['model']}: AP {accuracy['ap']}, AP50 {accuracy['ap50']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
