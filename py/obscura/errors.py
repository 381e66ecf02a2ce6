"""All errors that Obscura raises on purpose, as one small hierarchy.

Each class carries a ``code``, by which the page finds its sentence and action in
`page.words.notices`, and a ``remedy`` that says at a terminal what to do next. Classes that are
not in this file stand beside the code that raises them, in `evaluation` and in `page`.

ObscuraError
    CardError
    LabelUnknown
    ModelMissing
        OwnModelGone
    ModelCorrupt
    ModelError
        ModelUnreadable
        ModelExternal
        ModelTooLarge
        ModelUnsupported
        NotADetector
        ModelMismatch
        LabelsError
        ModelSlow
    NotKept
    PictureError
        SourceForeign
        HeicUnread
        VideoUnread
    BackendError
        OutOfMemory
    CameraError
        CameraDenied
        CameraDismissed
        CameraMissing
        CameraBusy
        CameraLost
        InsecureContext
    PartMissing
    AnnotationsError
    ToolMissing
    ReportUnwritten
"""

from __future__ import annotations


class ObscuraError(Exception):
    """Base of all errors raised on purpose; reads ``cause (offending value). remedy``.

    Attributes:
        code: kind of error in kebab-case; stable, part of the interface.
        cause: what happened, in words, without a full stop.
        value: the offending value, if there is one.
        remedy: what to do about it, a whole sentence; the default is that of the class.
    """

    code = "unexpected"
    remedy = "Try again."

    def __init__(self, cause: str, value: object = None, *, remedy: str | None = None) -> None:
        super().__init__(cause, value)
        self.cause = cause
        self.value = value
        if remedy is not None:
            self.remedy = remedy

    def __str__(self) -> str:
        value = "" if self.value is None else f" ({self.value})"
        return f"{self.cause}{value}. {self.remedy}"


class CardError(ObscuraError):
    """A model's card (model.toml) lacks a key or has an invalid value."""

    code = "card-invalid"
    remedy = "Correct the model's card, model.toml."


class LabelUnknown(ObscuraError):
    """A class was requested that the model does not have."""

    code = "label-unknown"
    remedy = "Choose among the labels on the model's card."


class ModelMissing(ObscuraError):
    """A model, or the file that its card names, does not exist."""

    code = "model-missing"
    remedy = "Choose one of the models that exist."


class ModelCorrupt(ObscuraError):
    """A model's file differs from the one that its card describes."""

    code = "model-corrupt"
    remedy = "Download the model again."


class ModelError(ObscuraError):
    """A model that somebody brought cannot be used; the classes below say why."""

    code = "model"
    remedy = "Choose another model."


class ModelUnreadable(ModelError):
    """The file is not ONNX, or is damaged or cut off."""

    code = "model-unreadable"
    remedy = "Export it again, or copy the whole file again."


class ModelExternal(ModelError):
    """The ONNX file keeps its weights in other files."""

    code = "model-external"
    remedy = (
        "Save it as one file in Python: onnx.save(onnx.load('model.onnx'), 'whole.onnx'), with the "
        "other files beside it."
    )


class ModelTooLarge(ModelError):
    """The file is too large for this platform."""

    code = "model-too-large"
    remedy = "Use a smaller model, or store its weights as float16."


class ModelUnsupported(ModelError):
    """The network uses an operator that the runtime lacks."""

    code = "model-unsupported"
    remedy = "Export it again with opset 17 and standard operators only."


class NotADetector(ModelError):
    """The inputs and outputs of the network match no family of detectors."""

    code = "model-no-detector"
    remedy = "Use a network that detects objects, or write a card that names its family."


class ModelMismatch(ModelError):
    """The network's outputs do not match its card."""

    code = "model-mismatch"
    remedy = "Correct the model's card: its family, its size or its labels."


class LabelsError(ModelError):
    """A file of class names cannot be read or is invalid."""

    code = "labels-invalid"
    remedy = "Give a text file with one class name per line, in the network's order."


class PictureError(ObscuraError):
    """A picture is missing, damaged, or in a format that cannot be read."""

    code = "picture"
    remedy = "Use a JPEG, PNG or WebP picture."


class BackendError(ObscuraError):
    """A backend is missing, failed, or returned an impossible answer."""

    code = "backend"
    remedy = "Choose another backend."


class OutOfMemory(BackendError):
    """A backend ran out of memory."""

    code = "out-of-memory"
    remedy = "Close other programs or tabs, or choose a smaller model."
