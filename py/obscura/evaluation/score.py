"""Average precision, as COCO defines it and pycocotools computes it."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.evaluation.truth import Truth
from obscura.extras import ToolMissing

ALL, SMALL, MEDIUM, LARGE = range(4)  # pycocotools' ranges of area: below 32², 96², above
IOU_50, IOU_75 = 0, 5  # places of these among 0.50, 0.55 ... 0.95
MOST_BOXES = 100  # of a class on a picture, the best ones


class Scores(NamedTuple):
    """Average precision in percent; None if no such object is annotated.

    ``ap`` is the mean over IoU 0.50, 0.55 ... 0.95, of up to 100 boxes of a class on a picture;
    ``small`` is the same for objects of an annotated area below 32 x 32 pixels, ``medium`` below
    96 x 96, ``large`` for the others.
    """

    ap: float | None
    ap50: float | None
    ap75: float | None
    small: float | None
    medium: float | None
    large: float | None


class ClassScores(NamedTuple):
    """One class: how many objects of it are annotated (crowds left out), and its precision."""

    label: str
    objects: int
    ap: float | None
    ap50: float | None
    ap75: float | None


class Decisions(NamedTuple):
    """All detections judged right or wrong at IoU 0.50, without those that match only crowds.

    Places of pictures count from 0 in the order of rising ids, places of classes in the order of
    rising category ids.
    """

    picture: NDArray[np.int64]  # (n,) place
    category: NDArray[np.int64]  # (n,) place
    score: NDArray[np.float64]  # (n,)
    right: NDArray[np.bool_]  # (n,)
    objects: NDArray[np.int64]  # (pictures, classes) how many are there to be found


class Matches:
    """Detections matched with annotations, for the classes that both model and truth have."""

    def __init__(
        self, truth: Truth, labels: Sequence[str], found: Mapping[int, Detections]
    ) -> None:
        """Match each picture's detections with its objects, as COCO's evaluation does.

        Args:
            truth: the annotated pictures.
            labels: names of the model's classes, by class_id.
            found: detections by COCO's id of the picture, in its pixels.

        Raises:
            AnnotationsError: model and truth have no class in common.
            ToolMissing: pycocotools is not installed.
        """
        ids = truth.shared(labels)
        self._evaluation = _new_evaluation(truth, _rows(found, ids), list(ids.values()))
        with _quiet():
            self._evaluation.evaluate()
        self._precision = _precision(self._evaluation)
        objects = Counter(row["category_id"] for row in truth.objects if not row["iscrowd"])
        self._classes = [
            (labels[class_id], objects[number], self._evaluation.params.catIds.index(number))
            for class_id, number in ids.items()
        ]

    def scores(self) -> Scores:
        """Return the average precision over all classes that have objects."""
        everything = self._precision[..., ALL]
        return Scores(
            _mean(everything),
            _mean(everything[IOU_50]),
            _mean(everything[IOU_75]),
            *(_mean(self._precision[..., size]) for size in (SMALL, MEDIUM, LARGE)),
        )

    def per_class(self) -> list[ClassScores]:
        """Return the precision of each class, in the model's order."""
        everything = self._precision[..., ALL]
        return [
            ClassScores(
                label,
                objects,
                _mean(everything[:, :, place]),
                _mean(everything[IOU_50, :, place]),
                _mean(everything[IOU_75, :, place]),
            )
            for label, objects, place in self._classes
        ]

    def decisions(self) -> Decisions:
        """Return right and wrong detections, for precision and recall at any threshold."""
        params = self._evaluation.params
        pictures, classes, areas = len(params.imgIds), len(params.catIds), len(params.areaRng)
        objects = np.zeros((pictures, classes), np.int64)
        places, score, right = [(0, 0, 0)], [np.zeros(0)], [np.zeros(0, np.bool_)]
        for k, n in np.ndindex(classes, pictures):
            judged = self._evaluation.evalImgs[(k * areas + ALL) * pictures + n]
            if judged is not None:
                objects[n, k] = np.count_nonzero(judged["gtIgnore"] == 0)
                counts = judged["dtIgnore"][IOU_50] == 0
                places.append((n, k, int(counts.sum())))
                score.append(np.array(judged["dtScores"])[counts])
                right.append(judged["dtMatches"][IOU_50][counts] > 0)
        picture, category, times = np.array(places).T
        return Decisions(
            np.repeat(picture, times),
            np.repeat(category, times),
            np.concatenate(score),
            np.concatenate(right),
            objects,
        )

    def resampled(self, samples: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the AP on random sets of these pictures: a bootstrap.

        Its spread shows how much a figure depends on which pictures were annotated (Efron 1979).
        Two models are compared on the same samples, by the spread of their difference.

        Args:
            samples: ``(rounds, n)`` places 0..pictures-1 among the ids in rising order; a picture
                drawn twice counts twice.

        Returns:
            ``(rounds,)`` AP in percent; NaN for a sample without any object.
        """
        whole = self._evaluation
        areas, pictures = len(whole.params.areaRng), len(whole.params.imgIds)
        part = copy(whole)
        part.params = copy(whole.params)
        part.params.areaRng = whole.params.areaRng[ALL : ALL + 1]
        found = []
        for sample in samples:
            part.params.imgIds = list(range(len(sample)))
            part._paramsEval = part.params
            part.evalImgs = [
                whole.evalImgs[k * areas * pictures + place]  # of class k, all areas together
                for k in range(len(whole.params.catIds))
                for place in sample
            ]
            ap = _mean(_precision(part))
            found.append(np.nan if ap is None else ap)
        return np.array(found)


def draw_samples(pictures: int, rounds: int, seed: int = 0) -> NDArray[np.int64]:
    """Return ``(rounds, pictures)`` places, drawn with replacement, for `Matches.resampled`."""
    return np.random.default_rng(seed).integers(0, pictures, (rounds, pictures))


def _new_evaluation(
    truth: Truth, rows: Iterable[dict[str, Any]], category_ids: Sequence[int]
) -> Any:
    """COCO's evaluation of result rows, over some categories."""
    try:
        from pycocotools.coco import COCO  # here, for it is an extra
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise ToolMissing("pycocotools is missing") from error
    sides = []
    with _quiet():
        for annotations in ([dict(row) for row in truth.objects], list(rows)):
            side = COCO()
            side.dataset = {
                "images": [{"id": number} for number in truth.pictures],
                "categories": [{"id": number} for number in truth.categories.values()],
                "annotations": annotations,
            }
            side.createIndex()
            sides.append(side)
        evaluation = COCOeval(*sides, "bbox")
    evaluation.params.catIds = sorted(category_ids)
    evaluation.params.maxDets = [MOST_BOXES]
    return evaluation


def _rows(
    found: Mapping[int, Detections], category_ids: Mapping[int, int]
) -> Iterator[dict[str, Any]]:
    """Detections as COCO's result rows; boxes as x, y, width, height in pixels."""
    numbers = count(1)
    for picture, detections in found.items():
        columns = (detections.xyxy, detections.score, detections.class_id)
        for box, score, class_id in zip(*(column.tolist() for column in columns), strict=True):
            if class_id in category_ids:
                width, height = box[2] - box[0], box[3] - box[1]
                yield {
                    "id": next(numbers),
                    "image_id": picture,
                    "category_id": category_ids[class_id],
                    "bbox": [box[0], box[1], width, height],
                    "area": width * height,
                    "iscrowd": 0,
                    "score": score,
                }


def _precision(evaluation: Any) -> NDArray[np.float64]:
    """Precision by IoU, recall, class and range of area; -1 where there is no object."""
    with _quiet():
        evaluation.accumulate()
    precision: NDArray[np.float64] = evaluation.eval["precision"]
    return precision[..., 0]  # maxDets has one entry


def _mean(precision: NDArray[np.float64]) -> float | None:
    """The mean in percent over what exists."""
    there = precision[precision > -1]
    return 100 * float(there.mean()) if there.size else None


def _quiet() -> contextlib.AbstractContextManager[object]:
    """Keep pycocotools from reporting its progress on stdout."""
    return contextlib.redirect_stdout(io.StringIO())
