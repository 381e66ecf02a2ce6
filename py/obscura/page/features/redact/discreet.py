"""What is told of covered faces: not where their eyes, nose and mouth are. Numpy only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from obscura.detections import ATTRIBUTES
from obscura.redaction.heads import FACE, PERSON
from obscura.update import Update

JOINTS, OF_FACE = 17, 5
"""Joints of a pose, and how many of them, the first ones, are in the face."""


def discreet(update: Update, labels: Sequence[str], kinds: Collection[str]) -> Update:
    """Return an update without the points of faces, if faces or whole people are hidden.

    The key points of faces, and the first joints of poses, become points without a score.

    Args:
        update: as it is shown.
        labels: names of the classes, by class_id.
        kinds: what is hidden.
    """
    found = update.detections
    if not {FACE, PERSON} & {*kinds}:
        return update
    faces = [each < len(labels) and labels[each] == FACE for each in found.class_id.tolist()]
    data: dict[str, Any] = {}
    for name, array in found.data.items():
        if name == ATTRIBUTES:
            data[name] = np.empty(len(found), object)  # and not an array of what they hold
            data[name][:] = [_without_face(each) for each in array.tolist()]
        elif array.ndim == 3:
            data[name] = array.copy()
            data[name][np.array(faces, bool)] = 0
            if array.shape[1] == JOINTS:
                data[name][:, :OF_FACE] = 0
    return replace(update, detections=found.replace(data={**found.data, **data}))


def _without_face(attributes: Any) -> Any:
    """Return what is known of an object, its joints without those of its face."""
    return {
        name: [[0.0, 0.0, 0.0]] * OF_FACE + value[OF_FACE:]
        if isinstance(value, list) and len(value) == JOINTS
        else value
        for name, value in (attributes or {}).items()
    }
