#!/usr/bin/env python3
"""Prints the tables of docs/accuracy.md: the models as shipped, and what might make them better.

python3 bench/accuracy.py --images DIR --annotations instances.json [--site dist]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "py"))  # the bench runs from a plain checkout

import thresholds  # noqa: E402
from fusion import soft_nms, weighted_fusion  # noqa: E402
from obscura import Detections, Detector, ObscuraError, catalogue, pictures  # noqa: E402
from obscura.boxes import nms  # noqa: E402
from obscura.evaluation import LOW, Evaluation, Truth, evaluate, read_truth  # noqa: E402
from obscura.evaluation.browser import PageDetector  # noqa: E402
from obscura.evaluation.report import Result, markdown, table  # noqa: E402
from obscura.evaluation.score import Matches, draw_samples  # noqa: E402

ROUNDS = 100  # of the bootstrap


class Views(NamedTuple):
    """One picture as a model sees it: every row above LOW, none suppressed, best first."""

    plain: Detections
    mirrored: Detections  # found on the mirror image, and mirrored back


def _nms(found: Detections, iou: float) -> Detections:
    return found[nms(found.xyxy, found.score, iou, found.class_id)]


def _both(views: Views) -> Detections:
    sides = (views.plain, views.mirrored)
    return Detections(
        np.concatenate([side.xyxy for side in sides]),
        np.concatenate([side.score for side in sides]),
        np.concatenate([side.class_id for side in sides]),
    ).sorted()


def _boxes_fused(views: Sequence[Detections], iou: float) -> Detections:
    return weighted_fusion(views, above=iou, best_score=True)


AS_SHIPPED = "NMS 0.5 (as shipped)"
MERGES: dict[str, Callable[[Views], Detections]] = {
    AS_SHIPPED: lambda views: _nms(views.plain, 0.5),
    "NMS 0.4": lambda views: _nms(views.plain, 0.4),
    "NMS 0.6": lambda views: _nms(views.plain, 0.6),
    "NMS 0.7": lambda views: _nms(views.plain, 0.7),
    "NMS 0.8": lambda views: _nms(views.plain, 0.8),
    "soft-NMS, linear, 0.5": lambda views: soft_nms(views.plain, above=0.5),
    "soft-NMS, linear, 0.3": lambda views: soft_nms(views.plain, above=0.3),
    "soft-NMS, gaussian, 0.5": lambda views: soft_nms(views.plain, sigma=0.5),
    "weighted fusion 0.55": lambda views: weighted_fusion([views.plain], above=0.55),
    "weighted fusion 0.7": lambda views: weighted_fusion([views.plain], above=0.7),
    "weighted boxes, best score, 0.55": lambda views: _boxes_fused([views.plain], 0.55),
    "weighted boxes, best score, 0.7": lambda views: _boxes_fused([views.plain], 0.7),
    "flip, NMS 0.5": lambda views: _nms(_both(views), 0.5),
    "flip, NMS 0.7": lambda views: _nms(_both(views), 0.7),
    "flip, soft-NMS, gaussian, 0.5": lambda views: soft_nms(_both(views), sigma=0.5),
    "flip, weighted fusion 0.55": lambda views: weighted_fusion(list(views), above=0.55),
    "flip, weighted fusion 0.7": lambda views: weighted_fusion(list(views), above=0.7),
    "flip, weighted boxes, best score, 0.55": lambda views: _boxes_fused(list(views), 0.55),
    "flip, weighted boxes, best score, 0.7": lambda views: _boxes_fused(list(views), 0.7),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, metavar="DIR")
    parser.add_argument("--annotations", type=Path, required=True, metavar="JSON")
    parser.add_argument("--model", action="append", metavar="NAME", help="default: all")
    parser.add_argument("--site", type=Path, metavar="DIR", help="measure the built page, too")
    options = parser.parse_args(arguments)
    try:
        truth = read_truth(options.annotations, options.images)
        names = options.model or catalogue.known()
        print(f"## The models as shipped\n\n{_shipped(names, truth, options.site)}\n", flush=True)
        matches = {name: _merged(name, truth) for name in names}
    except ObscuraError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"## Merging\n\n{_merge_tables(matches, len(truth.pictures))}\n")
    print(f"## Thresholds\n\n{_threshold_table(matches)}")
    return 0


def _shipped(names: Sequence[str], truth: Truth, site: Path | None) -> str:
    """Each model as it is, natively and, where there is a site, in a browser."""
    samples = draw_samples(len(truth.pictures), ROUNDS)
    results = []
    for name in names:
        with Detector(name, threshold=LOW) as detector:
            results.append(_result(name, detector, evaluate(detector, truth), samples))
        if site:
            with PageDetector(name, site, threshold=LOW) as page:
                results.append(_result(name, page, evaluate(page, truth), samples))
    speed = [(name, f"{_milliseconds(name, truth):.1f}") for name in names]
    return (
        f"{markdown(results, truth, per_class=False)}\n\n{table(('model', 'ms'), speed, words=1)}"
    )


def _result(
    name: str, finder: Detector | PageDetector, found: Evaluation, samples: NDArray[np.int64]
) -> Result:
    error = float(found.matches.resampled(samples).std())
    return Result(
        name,
        finder.info,
        found.matches.scores(),
        error,
        found.matches.per_class(),
        found.damaged,
        "",
    )


def _milliseconds(name: str, truth: Truth) -> float:
    """The median time of a detection with one thread, the picture decoded; the best of three."""
    images = [pictures.open_picture(path) for path in list(truth.pictures.values())[:30]]
    taken = []
    with Detector(name, threads=1) as detector:
        for image in images:
            tries = []
            for _ in range(3):
                begun = time.perf_counter()
                detector.detect(image)
                tries.append(time.perf_counter() - begun)
            taken.append(min(tries))
    return 1000 * float(np.median(taken))


def _merged(name: str, truth: Truth) -> dict[str, Matches]:
    """What each way of merging makes of a model's rows."""
    found: dict[str, dict[int, Detections]] = {merge: {} for merge in MERGES}
    with Detector(name, threshold=LOW, iou=1) as detector:
        for number, views in _views(detector, truth):
            for merge, merged in MERGES.items():
                found[merge][number] = merged(views)
        return {merge: Matches(truth, detector.labels, rows) for merge, rows in found.items()}


def _views(detector: Detector, truth: Truth) -> Iterator[tuple[int, Views]]:
    for number, path in truth.pictures.items():
        pixels = pictures.to_rgba(pictures.open_picture(path))
        seen = detector.detect(np.ascontiguousarray(pixels[:, ::-1]))
        xyxy = seen.xyxy[:, [2, 1, 0, 3]]
        xyxy[:, ::2] = pixels.shape[1] - xyxy[:, ::2]
        yield number, Views(detector.detect(pixels), Detections(xyxy, seen.score, seen.class_id))


def _merge_tables(matches: Mapping[str, Mapping[str, Matches]], picture_count: int) -> str:
    """AP beside that of NMS as shipped, on the same samples of pictures; F1 at card's threshold."""
    samples = draw_samples(picture_count, ROUNDS)
    shipped = {name: ways[AS_SHIPPED].resampled(samples) for name, ways in matches.items()}
    precision, balance = [], []
    for merge in MERGES:
        gains, f1 = [], []
        for name, ways in matches.items():
            ap, base = ways[merge].scores().ap, ways[AS_SHIPPED].scores().ap
            assert ap is not None, "the set holds objects"
            assert base is not None, "the set holds objects"
            noise = (ways[merge].resampled(samples) - shipped[name]).std()
            gains.append(f"{ap:.1f}" if merge == AS_SHIPPED else f"{ap - base:+.1f} ± {noise:.1f}")
            decisions = ways[merge].decisions()
            f1.append(f"{thresholds.f1(decisions, _card_threshold(name)):.1f}")
        precision.append((merge, *gains))
        balance.append((merge, *f1))
    return "\n\n".join(
        table((title, *matches), rows, words=1)
        for title, rows in (("AP", precision), ("F1 at the card's threshold", balance))
    )


def _threshold_table(matches: Mapping[str, Mapping[str, Matches]]) -> str:
    """F1 by way of choosing thresholds: the card's, and how much the others gain on it."""
    columns = []
    for name, ways in matches.items():
        scores = thresholds.compare(ways[AS_SHIPPED].decisions(), _card_threshold(name))
        card = scores.pop(thresholds.CARD)
        gains = {way: found - card for way, found in scores.items()}
        columns.append(
            {
                thresholds.CARD: f"{card.mean():.1f} at {_card_threshold(name):g}",
                **{way: f"{gain.mean():+.1f} ± {gain.std():.1f}" for way, gain in gains.items()},
            }
        )
    rows = [(way, *(column[way] for column in columns)) for way in columns[0]]
    return table(("F1", *matches), rows, words=1)


def _card_threshold(name: str) -> float:
    return catalogue.read_card(catalogue.find(name)).threshold


if __name__ == "__main__":
    sys.exit(main())
