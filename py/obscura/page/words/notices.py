"""Text of the error cards, by error code: what happened, why, and what to do next.

The only place where these sentences stand. The builder writes the two notices that the page needs
before Python runs, `no-simd` and `python`, into it from here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """Text of an error card.

    Attributes:
        title: what happened.
        why: the cause, and what to do next; whole sentences.
        action: what the card's button does, a key of `ACTIONS`.
    """

    title: str
    why: str
    action: str


ACTIONS = {
    "camera": "Try again",
    "photo": "Use a photo",
    "model": "Try again",
    "smallest-model": "Use the smallest model",
    "own-model": "Choose another file",
    "models": "Show my models",
    "reload": "Reload the page",
}
"""Label of the button, by action."""

NOTICES = {
    "no-simd": Notice(
        "This browser is too old for Obscura",
        "It lacks WebAssembly SIMD, which the detector needs. Current versions of Chrome, Edge, "
        "Firefox and Safari have it: update the browser and open this page again.",
        "reload",
    ),
    "python": Notice(
        "Python could not start",
        "Part of the page didn't load or could not run. Check the connection and reload the page.",
        "reload",
    ),
    "camera-denied": Notice(
        "The camera is blocked",
        "This site is not allowed to use the camera. Allow it in the browser's address bar (the "
        "camera or lock symbol beside the address) or in the system's privacy settings, then try "
        "again.",
        "camera",
    ),
    "camera-dismissed": Notice(
        "Camera permission needed",
        "You closed the browser's prompt. Press Start again and choose “Allow”.",
        "camera",
    ),
    "camera-missing": Notice(
        "No camera was found",
        "Connect one and try again, or use a photo instead.",
        "camera",
    ),
    "camera-busy": Notice(
        "The camera is in use elsewhere",
        "Another app or tab is using it, or it could not start. Close that app, or choose another "
        "camera.",
        "camera",
    ),
    "camera-lost": Notice(
        "The camera was disconnected",
        "It was unplugged, or another app took it. It starts again by itself once it is back.",
        "camera",
    ),
    "camera": Notice(
        "The camera did not start",
        "The browser didn't say why. Its message is under Details.",
        "camera",
    ),
    "insecure-context": Notice(
        "The camera needs a secure address",
        "Open this page over https or on localhost to use the camera. Photos work here.",
        "photo",
    ),
    "model-missing": Notice(
        "The model could not be downloaded",
        "Check the connection and try again.",
        "model",
    ),
    "model-corrupt": Notice(
        "The download was damaged",
        "It failed its integrity check, so it was not used.",
        "model",
    ),
    "model": Notice(
        "This model cannot be used",
        "It doesn't work here. See Details.",
        "own-model",
    ),
    "model-unreadable": Notice(
        "This isn't a complete ONNX file",
        "It may be another kind of file, damaged or cut short. Export it again, or copy the whole "
        "file again.",
        "own-model",
    ),
    "model-external": Notice(
        "This model keeps its weights in another file",
        "It must be a single file here. In Python: onnx.save(onnx.load('model.onnx'), "
        "'whole.onnx'), with the other files beside it.",
        "own-model",
    ),
    "model-too-large": Notice(
        "This model is too large for a browser",
        "A browser tab doesn't have enough memory for it. Use a smaller model, or store its "
        "weights as float16.",
        "own-model",
    ),
    "model-unsupported": Notice(
        "This model uses an operation that browsers can't run",
        "Details say which one. Export the model again with opset 17 and standard operators only.",
        "own-model",
    ),
    "model-no-detector": Notice(
        "Obscura can't read this model",
        "Its inputs and outputs match no detector Obscura knows. Details say what they look like.",
        "own-model",
    ),
    "model-mismatch": Notice(
        "This model's output is unexpected",
        "It does not match what the model should return. See Details.",
        "own-model",
    ),
    "card-invalid": Notice(
        "The model's settings file (.toml) isn't valid",
        "Details say which entry is wrong, and what it should be.",
        "own-model",
    ),
    "model-slow": Notice(
        "This model takes too long",
        "It did not finish within a minute, so it was stopped. Use a smaller model.",
        "own-model",
    ),
    "labels-invalid": Notice(
        "The class names do not fit",
        "Choose a text file with one name per line, as many as the model has classes, in the "
        "model's order. Details say what is wrong.",
        "own-model",
    ),
    "model-not-kept": Notice(
        "The model could not be stored",
        "There is not enough storage, or the browser won't store files for this site. The model "
        "works until you close the page.",
        "models",
    ),
    "own-model-gone": Notice(
        "The model is no longer on this device",
        "The browser deleted its file to free up space. Add the file again to use it.",
        "own-model",
    ),
    "part-missing": Notice(
        "Part of the page didn't load",
        "The tool that reads your own models is downloaded on first use. Check the connection, "
        "then reload the page.",
        "reload",
    ),
    "picture": Notice(
        "This picture cannot be opened",
        "The file is damaged, or its format is one that this browser can't read. Use a JPEG, PNG "
        "or WebP.",
        "photo",
    ),
    "picture-heic": Notice(
        "This browser cannot open HEIC photos",
        "Share the photo as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible), or "
        "open this page in Safari, which reads HEIC.",
        "photo",
    ),
    "video-unreadable": Notice(
        "This video cannot be played",
        "The file is damaged, or its format is one that this browser can't play. MP4 (H.264) and "
        "WebM play almost everywhere.",
        "photo",
    ),
    "source-foreign": Notice(
        "That source is on another site",
        "This page opens pictures and videos from its own site only, so that nothing is ever "
        "fetched from elsewhere.",
        "photo",
    ),
    "backend": Notice(
        "The detector could not run",
        "No engine in this browser could run the model correctly.",
        "model",
    ),
    "out-of-memory": Notice(
        "Out of memory",
        "The browser could not give the detector enough memory. Close other tabs, or use the "
        "smallest model.",
        "smallest-model",
    ),
    "unexpected": Notice(
        "Something went wrong",
        "This is a bug in Obscura. If the page stops responding, reload it.",
        "reload",
    ),
}


def notice(code: str) -> Notice:
    """Return the text for an error code; that of `unexpected` for an unknown one."""
    return NOTICES.get(code, NOTICES["unexpected"])
