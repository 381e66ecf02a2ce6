"""Everything that can go wrong, as one small hierarchy.

Each class carries a ``code`` by which a page looks up its own sentence and action, and a
``remedy`` that tells a person at a terminal what to do next.
"""

from __future__ import annotations


class ObscuraError(Exception):
    """Base of all errors raised on purpose; reads ``cause (offending value). remedy``.

    Attributes:
        code: what happened, in kebab-case; stable, part of the interface.
        cause: what happened, in words, without a full stop.
        value: the offending value, if there is one.
        remedy: what to do about it, a whole sentence; the class holds the usual one.
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
    """A model's card (model.toml) lacks a key or holds a value that makes no sense."""

    code = "card-invalid"
    remedy = "Correct the model's card, model.toml."


class LabelUnknown(ObscuraError):
    """A class was asked for that the model does not know."""

    code = "label-unknown"
    remedy = "Choose among the labels on the model's card."


class ModelMissing(ObscuraError):
    """A model, or the file its card names, is not there."""

    code = "model-missing"
    remedy = "Choose one of the models that are there."


class ModelCorrupt(ObscuraError):
    """A model's file is not the one that its card describes."""

    code = "model-corrupt"
    remedy = "Fetch the model again."


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
    """The file is larger than what can be held here."""

    code = "model-too-large"
    remedy = "Use a smaller model, or store its weights as float16."


class ModelUnsupported(ModelError):
    """The network uses something that the runtime does not have."""

    code = "model-unsupported"
    remedy = "Export it again with opset 17 and standard operators only."


class NotADetector(ModelError):
    """No family of detectors reads what this network takes and returns."""

    code = "model-no-detector"
    remedy = "Use a network that detects objects, or write a card that names its family."


class ModelMismatch(ModelError):
    """The network does not return what its card says."""

    code = "model-mismatch"
    remedy = "Correct the model's card: its family, its size or its labels."


class LabelsError(ModelError):
    """A file of class names cannot be read or makes no sense."""

    code = "labels-invalid"
    remedy = "Give a text file with one class name a line, in the network's order."


class PictureError(ObscuraError):
    """A picture is missing, broken, or of a kind that cannot be read here."""

    code = "picture"
    remedy = "Use a JPEG, PNG or WebP picture."


class BackendError(ObscuraError):
    """A backend does not exist here, failed, or returned what no model can mean."""

    code = "backend"
    remedy = "Choose another backend."


class OutOfMemory(BackendError):
    """A backend ran out of memory."""

    code = "out-of-memory"
    remedy = "Close other programs or tabs, or choose a smaller model."


class NoSimd(BackendError):
    """The browser lacks WebAssembly SIMD, without which no backend runs."""

    code = "no-simd"
    remedy = "Use a current version of Chrome, Edge, Firefox or Safari."


class CameraError(ObscuraError):
    """The camera failed for a reason that no class below names."""

    code = "camera"
    remedy = "Try again, or use a photo."


class CameraDenied(CameraError):
    """The person or a policy refused the camera."""

    code = "camera-denied"
    remedy = "Allow the camera in the browser's settings for this site, then try again."


class CameraDismissed(CameraError):
    """The person closed the browser's question without an answer."""

    code = "camera-dismissed"
    remedy = "Try again and choose Allow."


class CameraMissing(CameraError):
    """There is no camera, or none that fits what was asked for."""

    code = "camera-missing"
    remedy = "Plug one in, or use a photo."


class CameraBusy(CameraError):
    """Another program holds the camera."""

    code = "camera-busy"
    remedy = "Close the other program that uses the camera, then try again."


class CameraLost(CameraError):
    """The camera went away while it was running."""

    code = "camera-lost"
    remedy = "Plug it in again, or choose another camera."


class InsecureContext(CameraError):
    """The page was opened in a way that keeps browsers from offering the camera."""

    code = "insecure-context"
    remedy = "Open the page over https or from localhost."
