"""Errors of the library.

The tree of all classes, with their codes::

    ObscuraError            unexpected
        CardError           card-invalid
        LabelUnknown        label-unknown
        ModelMissing        model-missing
        ModelCorrupt        model-corrupt
        ModelError          model
            ModelUnreadable     model-unreadable
            ModelExternal       model-external
            ModelTooLarge       model-too-large
            ModelUnsupported    model-unsupported
            NotADetector        model-no-detector
            ModelMismatch       model-mismatch
            LabelsError         labels-invalid
        PictureError        picture
        BackendError        backend
            OutOfMemory         out-of-memory
            BackendUnusable     backend-unusable

The page and the evaluation define more of them beside the code that raises them, for example the
camera's in ``obscura.page.state.camera``.

A code identifies what happened. The page looks up the text of its error cards by it, in
``obscura.page.words.notices``; on the command line the error's own message is printed.
"""

from __future__ import annotations


class ObscuraError(Exception):
    """Base class of all deliberate errors; its message is ``cause (offending value). remedy``.

    Attributes:
        code: what happened, in kebab-case; stable, part of the interface.
        cause: what happened, in words, without a full stop.
        value: the offending value, or None.
        remedy: what to do about it, as a full sentence; by default that of the class.
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
    """The model does not have the requested class."""

    code = "label-unknown"
    remedy = "Choose among the labels on the model's card."


class ModelMissing(ObscuraError):
    """A model, or the file that its card names, does not exist."""

    code = "model-missing"
    remedy = "Choose one of the models that are there."


class ModelCorrupt(ObscuraError):
    """A model's file is not the one that its card describes."""

    code = "model-corrupt"
    remedy = "Download the model again."


class ModelError(ObscuraError):
    """A model that the user supplied cannot be used; subclasses say why."""

    code = "model"
    remedy = "Choose another model."


class ModelUnreadable(ModelError):
    """The file is not ONNX, or is damaged or cut short."""

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
    """The file needs more memory than there is."""

    code = "model-too-large"
    remedy = "Use a smaller model, or store its weights as float16."


class ModelUnsupported(ModelError):
    """The network uses an operation that the runtime lacks."""

    code = "model-unsupported"
    remedy = "Export it again with opset 17 and standard operators only."


class NotADetector(ModelError):
    """The network's inputs and outputs match no family of detectors."""

    code = "model-no-detector"
    remedy = "Use a network that detects objects, or write a card that names its family."


class ModelMismatch(ModelError):
    """The network's outputs are not what its card says."""

    code = "model-mismatch"
    remedy = "Correct the model's card: its family, its size or its labels."


class LabelsError(ModelError):
    """A file of class names cannot be read or is invalid."""

    code = "labels-invalid"
    remedy = "Give a text file with one class name a line, in the network's order."


class PictureError(ObscuraError):
    """A picture is missing, damaged, or in an unsupported format."""

    code = "picture"
    remedy = "Use a JPEG, PNG or WebP picture."


class BackendError(ObscuraError):
    """A backend is not available, failed, or returned impossible values."""

    code = "backend"
    remedy = "Choose another backend."


class OutOfMemory(BackendError):
    """A backend ran out of memory."""

    code = "out-of-memory"
    remedy = "Close other programs or tabs, or choose a smaller model."


class BackendUnusable(BackendError):
    """The backend that was insisted on cannot run the model; others may."""

    code = "backend-unusable"
    remedy = "Use backend=auto."
