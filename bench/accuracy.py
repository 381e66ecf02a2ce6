#!/usr/bin/env python3
"""Print the tables of docs/accuracy.md: the models as shipped, and possible improvements.

python3 build.py run bench/accuracy.py --images DIR --annotations instances.json [--site dist]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments import thresholds
from experiments.fusion import soft_nms, weighted_fusion
from obscura import Detections, Detector, ObscuraError, pictures
from obscura.boxes import iou as overlaps
from obscura.cards import catalogue
from obscura.engine.session import SessionInfo
from obscura.evaluation import LOW, Evaluation, Truth, evaluate, read_truth
from obscura.evaluation.browser import PageDetector
from obscura.evaluation.report import Result, markdown, table
from obscura.evaluation.score import Decisions, Matches, draw_samples
from obscura.flip import joined, mirrored

ROUNDS = 50  # of the bootstrap


class Views(NamedTuple):
    """A model's rows for one picture: every row above LOW, none suppressed, best first."""

    plain: Detections
    mirrored: Detections  # found on the mirror image, and mirrored back


class Merged(NamedTuple):
    """The detections on all pictures after one way of merging a model's rows."""

    matches: Matches
    doubles: float  # percent


def _boxes_fused(views: Sequence[Detections], iou: float) -> Detections:
    return weighted_fusion(views, above=iou, best_score=True)


AS_SHIPPED = "NMS 0.6 (as shipped)"
MERGES: dict[str, Callable[[Views], Detections]] = {
    AS_SHIPPED: lambda views: joined([views.plain], 0.6),
    "NMS 0.4": lambda views: joined([views.plain], 0.4),
    "NMS 0.5": lambda views: joined([views.plain], 0.5),
    "NMS 0.7": lambda views: joined([views.plain], 0.7),
    "NMS 0.8": lambda views: joined([views.plain], 0.8),
    "soft-NMS, linear, 0.3": lambda views: soft_nms(views.plain, above=0.3),
    "soft-NMS, linear, 0.5": lambda views: soft_nms(views.plain, above=0.5),
    "soft-NMS, gaussian, 0.5": lambda views: soft_nms(views.plain, sigma=0.5),
    "weighted fusion 0.55": lambda views: weighted_fusion([views.plain], above=0.55),
    "weighted fusion 0.7": lambda views: weighted_fusion([views.plain], above=0.7),
    "fused boxes, best score, 0.55": lambda views: _boxes_fused([views.plain], 0.55),
    "fused boxes, best score, 0.7": lambda views: _boxes_fused([views.plain], 0.7),
    "flip, NMS 0.5": lambda views: joined(views, 0.5),
    "flip, NMS 0.6": lambda views: joined(views, 0.6),
    "flip, NMS 0.7": lambda views: joined(views, 0.7),
    "flip, soft-NMS, gaussian, 0.5": lambda views: soft_nms(joined(views, 1), sigma=0.5),
    "flip, weighted fusion 0.55": lambda views: weighted_fusion(views, above=0.55),
    "flip, weighted fusion 0.7": lambda views: weighted_fusion(views, above=0.7),
    "flip, fused boxes, best score, 0.55": lambda views: _boxes_fused(views, 0.55),
    "flip, fused boxes, best score, 0.7": lambda views: _boxes_fused(views, 0.7),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, metavar="DIR")
    parser.add_argument("--annotations", type=Path, required=True, metavar="JSON")
    parser.add_argument("--model", action="append", metavar="NAME", help="default: all")
    parser.add_argument("--site", type=Path, metavar="DIR", help="measure the built page, too")
    parser.add_argument("--only", choices=("shipped", "merging"), help="default: both parts")
    options = parser.parse_args(arguments)
    try:
        truth = read_truth(options.annotations, options.images)
        names = options.model or catalogue.known()
        if options.only != "merging":
            print(
                f"## The models as shipped\n\n{_shipped(names, truth, options.site)}\n", flush=True
            )
        if options.only != "shipped":
            models = {name: _merged(name, truth) for name in names}
            print(f"## Merging\n\n{_merge_tables(models, len(truth.pictures))}\n")
            print(f"## Thresholds\n\n{_threshold_tables(models)}")
    except ObscuraError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _shipped(names: Sequence[str], truth: Truth, site: Path | None) -> str:
    """Yield the results of each model as shipped: natively and, with a site, in a browser."""
    samples = draw_samples(len(truth.pictures), ROUNDS)
    results = []
    for name in names:
        for flip in (False, True):
            with Detector(name, threshold=LOW, flip=flip) as detector:
                found = evaluate(detector, truth)
                results.append(_result(name, detector.info, found, samples, flip=flip))
        if site:
            with PageDetector(name, site, threshold=LOW) as page:
                results.append(_result(name, page.info, evaluate(page, truth), samples))
    speed = [(name, f"{_milliseconds(name, truth):.1f}") for name in names]
    figures = markdown(results, truth, per_class=False)
    return f"{figures}\n\n{table(('model', 'ms, 1 thread'), speed, words=1)}"


def _result(
    name: str,
    info: SessionInfo,
    found: Evaluation,
    samples: NDArray[np.int64],
    *,
    flip: bool = False,
) -> Result:
    matches = found.matches
    error = float(matches.resampled(samples).std())
    classes = matches.per_class()
    return Result(name, info, flip, matches.scores(), error, classes, found.damaged, "")


def _milliseconds(name: str, truth: Truth) -> float:
    """Return the median processor time of a detection, on one thread, without decoding the picture.

    Processor time, so that other programs on the machine hardly matter; the best of three.
    """
    images = [pictures.open_picture(path) for path in list(truth.pictures.values())[:30]]
    taken = []
    with Detector(name, threads=1) as detector:
        for image in images:
            tries = []
            for _ in range(3):
                begun = time.process_time()
                detector.detect(image)
                tries.append(time.process_time() - begun)
            taken.append(min(tries))
    return 1000 * float(np.median(taken))


def _merged(name: str, truth: Truth) -> dict[str, Merged]:
    """Return the detections after each way of merging a model's rows."""
    found: dict[str, dict[int, Detections]] = {merge: {} for merge in MERGES}
    with Detector(name, threshold=LOW, iou=1) as detector:
        for number, views in _views(detector, truth):
            for merge, merged in MERGES.items():
                found[merge][number] = merged(views)
        return {
            merge: Merged(Matches(truth, detector.labels, rows), _doubles(name, rows.values()))
            for merge, rows in found.items()
        }


def _doubles(name: str, found: Iterable[Detections]) -> float:
    """Return the percentage of boxes that overlap a better one of their class by more than half."""
    shown = doubles = 0
    for every in found:
        rows = every[every.score >= _card_threshold(name)]
        same = rows.class_id[:, None] == rows.class_id
        shown += len(rows)
        doubles += int((np.triu(overlaps(rows.xyxy, rows.xyxy) > 0.5, 1) & same).any(axis=0).sum())
    return 100 * doubles / max(shown, 1)


def _views(detector: Detector, truth: Truth) -> Iterator[tuple[int, Views]]:
    for number, path in truth.pictures.items():
        pixels = pictures.to_rgba(pictures.open_picture(path))
        seen = detector.detect(np.ascontiguousarray(pixels[:, ::-1]))
        yield number, Views(detector.detect(pixels), mirrored(seen, pixels.shape[1]))


def _merge_tables(models: Mapping[str, Mapping[str, Merged]], picture_count: int) -> str:
    """AP beside that of NMS as shipped, on the same samples of pictures; then, as people see it, F1
    and doubles at the card's threshold.
    """
    samples = draw_samples(picture_count, ROUNDS)
    shipped = {name: ways[AS_SHIPPED].matches for name, ways in models.items()}
    luck = {name: matches.resampled(samples) for name, matches in shipped.items()}
    tables: dict[str, list[tuple[str, ...]]] = {"AP": [], "F1": [], "doubles": []}
    for merge in MERGES:
        cells: dict[str, list[str]] = {title: [] for title in tables}
        for name, ways in models.items():
            matches, doubles = ways[merge]
            gain = _ap(matches) - _ap(shipped[name])
            noise = (matches.resampled(samples) - luck[name]).std()
            cells["AP"].append(
                f"{_ap(matches):.1f}" if merge == AS_SHIPPED else f"{gain:+.1f} ± {noise:.1f}"
            )
            cells["F1"].append(f"{thresholds.f1(matches.decisions(), _card_threshold(name)):.1f}")
            cells["doubles"].append(f"{doubles:.1f}")
        for title, rows in tables.items():
            rows.append((merge, *cells[title]))
    return "\n\n".join(table((title, *models), rows, words=1) for title, rows in tables.items())


def _ap(matches: Matches) -> float:
    ap = matches.scores().ap
    return 0.0 if ap is None else ap


def _threshold_tables(models: Mapping[str, Mapping[str, Merged]]) -> str:
    """Precision and recall along the thresholds, then F1 by way of choosing them: the card's, and
    how much the others gain on it.
    """
    header = list(models)
    decisions = {name: ways[AS_SHIPPED].matches.decisions() for name, ways in models.items()}
    balance = [
        (f"{threshold:g}", *(_precision_recall(decisions[name], threshold) for name in models))
        for threshold in (0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
    ]
    columns = []
    for name in models:
        scores = thresholds.compare(decisions[name], _card_threshold(name))
        card = scores.pop(thresholds.CARD)
        gains = {way: found - card for way, found in scores.items()}
        columns.append(
            {
                thresholds.CARD: f"{card.mean():.1f} at {_card_threshold(name):g}",
                **{way: f"{gain.mean():+.1f} ± {gain.std():.1f}" for way, gain in gains.items()},
            }
        )
    choice = [(way, *(column[way] for column in columns)) for way in columns[0]]
    return "\n\n".join(
        (
            table(("precision, recall", *header), balance, words=1),
            table(("F1", *header), choice, words=1),
        )
    )


def _precision_recall(decisions: Decisions, threshold: float) -> str:
    precision, recall = thresholds.precision_recall(decisions, threshold)
    return f"{precision:.0f}, {recall:.0f}"


def _card_threshold(name: str) -> float:
    return catalogue.read_card(catalogue.find(name)).threshold


if __name__ == "__main__":
    sys.exit(main())
