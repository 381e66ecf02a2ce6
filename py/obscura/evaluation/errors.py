"""Errors of an evaluation, beyond those of detection."""

from __future__ import annotations

from obscura.errors import ObscuraError


class AnnotationsError(ObscuraError):
    """The annotations are not in COCO's format, or do not fit the pictures or the model."""

    code = "annotations"
    remedy = "Use an instances file in COCO's format."


class SequencesError(ObscuraError):
    """Sequences for tracking are missing, or not in the format of MOTChallenge."""

    code = "sequences"
    remedy = "Give a folder of sequences, each with seqinfo.ini, det/det.txt and gt/gt.txt."
