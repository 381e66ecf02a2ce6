"""The command ``python3 -m obscura evaluate``."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from obscura.cards import catalogue
from obscura.cli.arguments import add_threads, count, filled, fraction
from obscura.cli.plain import message
from obscura.detector import Detector
from obscura.errors import BackendError
from obscura.evaluation import LOW, evaluate, read_truth
from obscura.evaluation.browser import PageDetector
from obscura.evaluation.report import Result, document, markdown
from obscura.evaluation.score import draw_samples
from obscura.export.errors import OutputError
from obscura.extras import ToolMissing


def _native(model: str, options: argparse.Namespace) -> Detector:
    return Detector(
        model,
        threshold=options.threshold,
        threads=options.threads,
        flip=options.flip,
        thorough=not options.live,
    )


def _browser(model: str, options: argparse.Namespace) -> PageDetector:
    if options.flip:
        raise BackendError(
            "The page cannot detect on mirrored pictures",
            "--flip",
            remedy="Leave it out, or choose --backend native.",
        )
    site = options.site if "://" in options.site else Path(options.site)
    return PageDetector(model, site, threshold=options.threshold, threads=options.threads)


BACKENDS: dict[str, Callable[[str, argparse.Namespace], Detector | PageDetector]] = {
    "native": _native,
    "browser": _browser,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add("--images", type=filled, required=True, metavar="DIR", help="the folder of pictures")
    add(
        "--annotations",
        type=filled,
        required=True,
        metavar="JSON",
        help="their annotations: an instances file in COCO's format",
    )
    add(
        "--limit",
        type=count,
        default=0,
        metavar="N",
        help="use only the first N of the pictures that are there (default: all)",
    )
    add(
        "--model",
        type=filled,
        action="append",
        metavar="NAME",
        help="may be repeated (default: all)",
    )
    add("--backend", choices=BACKENDS, default="native", help="default: %(default)s")
    add(
        "--site",
        default="dist",
        metavar="DIR|URL",
        help="the built page, for --backend browser (default: %(default)s)",
    )
    add(
        "--threshold",
        type=fraction,
        default=LOW,
        metavar="T",
        help="minimum score (default: %(default)s; average precision needs low scores, too)",
    )
    add_threads(add)
    add(
        "--flip",
        action="store_true",
        help="also detect on the mirrored pictures (slower, finds more)",
    )
    add(
        "--live",
        action="store_true",
        help="detect as the page does: fewer rows, one class for a box, the card's overlap",
    )
    add("--per-class", action="store_true", help="also print the precision of each class")
    add(
        "--bootstrap",
        type=count,
        default=0,
        metavar="N",
        help="also report the standard error of AP, from N random draws of the pictures",
    )
    add("--json", type=filled, metavar="FILE", help="also write the results to a JSON file")


def run(options: argparse.Namespace) -> int:
    """Evaluate each model and print the results; return the exit code, 1 if a picture was bad."""
    bar = _progress_bar()
    truth = read_truth(Path(options.annotations), Path(options.images), options.limit)
    samples = draw_samples(len(truth.pictures), options.bootstrap)
    results = []
    for name in options.model or catalogue.known():
        with BACKENDS[options.backend](name, options) as finder:
            found = evaluate(finder, truth, partial(bar, desc=name))
            info = finder.info
        for error in found.damaged:
            print(f"obscura: {message(error)}", file=sys.stderr)
        results.append(
            Result(
                name,
                info,
                options.flip,
                found.matches.scores(),
                float(found.matches.resampled(samples).std()) if options.bootstrap else None,
                found.matches.per_class(),
                found.damaged,
                _command(name, options),
            )
        )
    if options.json:
        _write(Path(options.json), document(results, truth, options.threshold))
    print(markdown(results, truth, per_class=options.per_class))
    return 1 if any(result.damaged for result in results) else 0


def _progress_bar() -> Callable[..., Iterable[int]]:
    """Return tqdm, which shows itself only on a terminal."""
    try:
        from tqdm import tqdm  # here, because it is an extra
    except ImportError as error:
        raise ToolMissing("tqdm is missing") from error
    bar: Callable[..., Iterable[int]] = partial(tqdm, disable=None, leave=False, unit="picture")
    return bar


def _command(model: str, options: argparse.Namespace) -> str:
    """Return the command that repeats the measurement on any machine."""
    images, annotations = (
        "/".join(Path(path).resolve().parts[-2:]) for path in (options.images, options.annotations)
    )
    words = ["--images", images, "--annotations", annotations, "--model", model]
    if options.backend != "native":
        words += ["--backend", options.backend]
    if options.flip:
        words.append("--flip")
    if options.live:
        words.append("--live")
    if options.limit:
        words += ["--limit", str(options.limit)]
    if options.threshold != LOW:
        words += ["--threshold", f"{options.threshold:g}"]
    return f"python3 -m obscura evaluate {shlex.join(words)}"


def _write(path: Path, values: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"The file cannot be written: {error.strerror}",
            path,
            remedy="Name another file with --json.",
        ) from error
