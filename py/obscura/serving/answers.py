"""Answers: their forms, for the description of the server in OpenAPI."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class Error(BaseModel):
    """Why a request is not answered as it asks."""

    code: str
    error: str


class Detection(BaseModel):
    """One object, in pixels of the picture that was sent."""

    label: str
    class_id: int
    score: float
    x1: float
    y1: float
    x2: float
    y2: float
    keypoints: list[list[float]] | None = None
    attributes: dict[str, Any] | None = None


class Record(BaseModel):
    """What was found in a picture, as docs/formats.md describes it."""

    source: str
    model: str
    frame: int
    time_s: float
    width: int
    height: int
    detections: list[Detection]
    attributes: dict[str, Any] | None = None
    failures: dict[str, str] | None = None


class Model(BaseModel):
    """A model that may be asked for."""

    name: str
    title: str
    sha256: str
    width: int
    height: int
    threshold: float
    iou: float
    adjustable: bool
    labels: list[str]


class Listing(BaseModel):
    """What may be asked for, and how much may be sent."""

    ready: bool
    default: str | None
    models: list[Model]
    most_bytes: int
    most_pixels: int
