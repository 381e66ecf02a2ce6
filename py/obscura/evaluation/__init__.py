"""Evaluation: compares a model's detections with annotations, as COCO does.

>>> from pathlib import Path
>>> from obscura import Detector
>>> from obscura.evaluation import LOW, evaluate, read_truth
>>> truth = read_truth(Path("coco/instances.json"), Path("coco/images"))
>>> with Detector("cocossd", threshold=LOW) as detector:
...     scores = evaluate(detector, truth).matches.scores()
>>> 0 < scores.ap <= 100
True

Runs in CPython and needs pycocotools: the package's extra ``evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

from obscura.detections import Detections
from obscura.engine.session import SessionInfo
from obscura.errors import PictureError
from obscura.evaluation.errors import AnnotationsError
from obscura.evaluation.score import Matches
from obscura.evaluation.truth import Truth, read_truth
from obscura.extras import ToolMissing

__all__ = [
    "LOW",
    "AnnotationsError",
    "Evaluation",
    "Finder",
    "Matches",
    "ToolMissing",
    "Truth",
    "evaluate",
    "read_truth",
]

LOW = 0.01
"""Threshold for evaluation: precision is averaged over all recalls, so poor boxes count."""


class Finder(Protocol):
    """A detector that can be evaluated: `Detector`, or the page in a browser."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, by class_id."""

    @property
    def info(self) -> SessionInfo:
        """Backend, device and threads that the model runs on."""

    def detect(self, picture: Path) -> Detections:
        """Find objects in a picture; raise PictureError if it cannot be read."""


class Evaluation(NamedTuple):
    """Result of a model: its matches with the truth, and the pictures that could not be read."""

    matches: Matches
    damaged: list[PictureError]


def evaluate(
    finder: Finder,
    truth: Truth,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Evaluation:
    """Detect on every picture and match the detections with the annotations.

    The objects of a picture that cannot be read count as missed.

    Args:
        finder: the model, at a threshold as low as `LOW`.
        truth: the annotated pictures.
        progress: wraps the iterable of the pictures' ids, as tqdm does.

    Raises:
        AnnotationsError: model and truth have no class in common; raised before any run.
        ToolMissing: pycocotools is not installed; raised before any run.
        BackendError: a run failed.
    """
    Matches(truth, finder.labels, {})  # raises what it would raise in the end
    found: dict[int, Detections] = {}
    damaged: list[PictureError] = []
    for number in progress(list(truth.pictures)):
        try:
            found[number] = finder.detect(truth.pictures[number])
        except PictureError as error:
            damaged.append(error)
    return Evaluation(Matches(truth, finder.labels, found), damaged)
