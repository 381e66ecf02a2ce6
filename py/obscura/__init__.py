"""Obscura: object detection that stays on the device, in a browser tab and in Python.

>>> from obscura import Detector
>>> with Detector("cocossd") as detector:
...     found = detector.detect("street.jpg")
...     found.to_records(detector.labels, digits=2)
[{'label': 'person', 'score': ..., 'box': [...], 'track_id': None}]

Names are loaded when first used, so that a page pays only for what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obscura.cards.card import ModelCard
    from obscura.detections import Detections
    from obscura.detector import Detector
    from obscura.errors import ObscuraError
    from obscura.heads.file import load_pipeline
    from obscura.heads.native import PipelineDetector
    from obscura.heads.spec import HeadSpec, PipelineSpec
    from obscura.heads.stage import HeadStage
    from obscura.pipeline import Pipeline
    from obscura.redaction.ahead import CoverAhead
    from obscura.redaction.clip import CoverClip
    from obscura.redaction.cover import Cover
    from obscura.redaction.geometry import Covered, CoverOptions
    from obscura.update import FrameInfo, Update

__version__ = "0.1.0"
__all__ = [
    "Cover",
    "CoverAhead",
    "CoverClip",
    "CoverOptions",
    "Covered",
    "Detections",
    "Detector",
    "FrameInfo",
    "HeadSpec",
    "HeadStage",
    "ModelCard",
    "ObscuraError",
    "Pipeline",
    "PipelineDetector",
    "PipelineSpec",
    "Update",
    "__version__",
    "load_pipeline",
]

_HOMES = {
    "Cover": "obscura.redaction.cover",
    "CoverAhead": "obscura.redaction.ahead",
    "CoverClip": "obscura.redaction.clip",
    "CoverOptions": "obscura.redaction.geometry",
    "Covered": "obscura.redaction.geometry",
    "Detections": "obscura.detections",
    "Detector": "obscura.detector",
    "FrameInfo": "obscura.update",
    "HeadSpec": "obscura.heads.spec",
    "HeadStage": "obscura.heads.stage",
    "ModelCard": "obscura.cards.card",
    "ObscuraError": "obscura.errors",
    "Pipeline": "obscura.pipeline",
    "PipelineDetector": "obscura.heads.native",
    "PipelineSpec": "obscura.heads.spec",
    "Update": "obscura.update",
    "load_pipeline": "obscura.heads.file",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'obscura' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
