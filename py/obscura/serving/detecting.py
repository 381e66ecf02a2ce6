"""Detection for one request: a model's limits for this picture alone, and the record."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.detector import Detector, class_ids
from obscura.errors import LabelUnknown
from obscura.heads import native
from obscura.heads.native import AnyDetector, PipelineDetector
from obscura.serving.refusal import Refusal
from obscura.serving.settings import Models
from obscura.update import FrameInfo, Update


class Limits(NamedTuple):
    """What a request limits; None for what the server was started with."""

    threshold: float | None = None
    iou: float | None = None
    classes: tuple[str, ...] | None = None


def chosen(models: Models, name: str | None) -> AnyDetector:
    """Return the detector of a model; None is the first.

    Raises:
        Refusal: 404, there is none of this name.
    """
    if name is None:
        return next(iter(models.values()))
    if name not in models:
        raise Refusal(
            404,
            "model-missing",
            "There is no such model here",
            remedy=f"Choose one of {', '.join(models)}.",
        )
    return models[name]


def found(detector: AnyDetector, pixels: NDArray[np.uint8], limits: Limits) -> Detections:
    """Find objects in ``(height, width, 3 or 4)`` pixels.

    A head that fails is left out for this picture only, see `heads.native.failures`.

    Raises:
        Refusal: 422, the model lacks a class, or its limits are fixed.
        BackendError: the run failed.
    """
    if isinstance(detector, PipelineDetector):
        detector.retry_heads()
    if limits == Limits():
        return detector.detect(pixels)
    if not isinstance(detector, Detector):
        raise Refusal(
            422,
            "parameters",
            "threshold, iou and classes are fixed, because this server looks closer with heads",
            remedy="Leave them out.",
        )
    usual = detector.threshold, detector.iou, detector.classes
    try:
        if limits.threshold is not None:
            detector.threshold = limits.threshold
        if limits.iou is not None:
            detector.iou = limits.iou
        if limits.classes is not None:
            detector.classes = class_ids(detector.card, limits.classes)
        return detector.detect(pixels)
    except LabelUnknown as error:
        raise Refusal(422, error.code, error.cause, remedy=error.remedy) from None
    finally:
        detector.threshold, detector.iou, detector.classes = usual


def record(detector: AnyDetector, pixels: NDArray[np.uint8], limits: Limits) -> dict[str, Any]:
    """Return the record of `obscura.export.records`, as the command line gives it; raises as
    `found`."""
    height, width = pixels.shape[:2]
    update = Update(FrameInfo(0, 0.0, width, height), found(detector, pixels, limits))
    return native.record(detector, update)


def described(models: Models) -> list[dict[str, Any]]:
    """Return what `/v1/models` says of each model."""
    return [
        {
            "name": name,
            "title": (card := detector.card).title,
            "sha256": card.file.sha256,
            "width": card.input.width,
            "height": card.input.height,
            "threshold": card.threshold,
            "iou": card.iou,
            "adjustable": isinstance(detector, Detector),
            "labels": list(detector.labels),
        }
        for name, detector in models.items()
    ]
