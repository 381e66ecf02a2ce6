"""Text of the error cards: for each error's code what happened, why, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from obscura.errors import ObscuraError


@dataclass(frozen=True)
class Notice:
    """Text of one error card."""

    title: str
    why: str
    action: str
    """A key of `ACTIONS`."""
    reason: str = ""
    """What the error itself says of the reason, before `why`: "" for nothing, "cause" for what
    happened, "remedy" for that and what to do, "all" for these and the offending value. People
    who add a model read the true reason, which a general sentence cannot give."""


ACTIONS = {
    "camera": "Try again",
    "screen": "Try again",
    "photo": "Use a photo",
    "shapes": "Choose another file",
    "model": "Try again",
    "smallest-model": "Use the smallest model",
    "automatic": "Use automatic",
    "own-model": "Choose another file",
    "session": "Choose another file",
    "models": "Show my models",
    "reload": "Reload the page",
}
"""Labels of the cards' buttons. "camera" opens the camera again, "model" downloads the model again,
"automatic" leaves the choice of a backend to the page.
"""

EARLY = ("no-simd", "python", "part-missing")
"""Codes that the pages' scripts report where Python cannot, because it does not run yet or never
will again: the builder writes their texts into the pages."""

NOTICES = {
    "camera-denied": Notice(
        "The camera is blocked",
        "This site is not allowed to use the camera. Allow it in the browser's address bar (the "
        "camera or lock icon next to the address) or in the system's privacy settings, then try "
        "again.",
        "camera",
    ),
    "camera-dismissed": Notice(
        "Camera permission needed",
        "You closed the browser's prompt. Press Start again and choose “Allow”.",
        "camera",
    ),
    "camera-embedded": Notice(
        "The camera isn't allowed in this frame",
        'Obscura is embedded in another page, which must allow the camera for it (allow="camera" '
        "on its frame), and so must you. Open Obscura in a tab of its own, or use a photo.",
        "photo",
    ),
    "camera-missing": Notice(
        "No camera was found",
        "Connect one and try again, or use a photo instead.",
        "camera",
    ),
    "camera-busy": Notice(
        "The camera is in use",
        "Another app or tab is using it, or it could not start. Close that app, or choose another "
        "camera.",
        "camera",
    ),
    "camera-lost": Notice(
        "The camera was disconnected",
        "It was unplugged, or another app took it over. It starts again by itself once it is back.",
        "camera",
    ),
    "camera": Notice(
        "The camera did not start",
        "The browser didn't say why. Its message is under Details.",
        "camera",
    ),
    "screen-refused": Notice(
        "Nothing is shared",
        "You closed the browser's dialog, or the browser or system doesn't allow sharing. Try "
        "again and choose a screen, window or tab.",
        "screen",
    ),
    "screen-unsupported": Notice(
        "This browser can't share a screen",
        "Phones and some browsers don't offer it, and it needs https or localhost. Use the camera "
        "or a photo instead.",
        "photo",
    ),
    "screen": Notice(
        "The screen could not be shared",
        "No picture came from it. Its message is under Details.",
        "screen",
    ),
    "insecure-context": Notice(
        "The camera needs a secure address",
        "Open this page over https or on localhost to use the camera. Photos work here.",
        "photo",
    ),
    "model-missing": Notice(
        "The model could not be downloaded",
        "Check your connection and try again.",
        "model",
    ),
    "model-corrupt": Notice(
        "The download was damaged",
        "It failed its integrity check, so it was not used.",
        "model",
    ),
    "model": Notice(
        "This model can't be used",
        "More is under Details.",
        "own-model",
        reason="remedy",
    ),
    "model-unreadable": Notice(
        "This isn't a complete ONNX file",
        "It may be another kind of file, damaged or cut short. Export it again, or copy the whole "
        "file again.",
        "own-model",
        reason="cause",
    ),
    "model-external": Notice(
        "This model keeps its weights in another file",
        "Obscura needs a single file. In Python: onnx.save(onnx.load('model.onnx'), 'whole.onnx'), "
        "with the other files in the same folder.",
        "own-model",
    ),
    "model-too-large": Notice(
        "This model is too large for a browser",
        "A browser tab doesn't have enough memory for it. Use a smaller model, or store its "
        "weights as float16.",
        "own-model",
        reason="cause",
    ),
    "model-unsupported": Notice(
        "This model uses an operation that browsers can't run",
        "Export the model again with opset 17 and standard operators only.",
        "own-model",
        reason="cause",
    ),
    "model-no-detector": Notice(
        "Obscura can't read this model",
        "What was found in the file is under Details.",
        "own-model",
        reason="remedy",
    ),
    "model-mismatch": Notice(
        "This model's output is unexpected",
        "What it returned is under Details.",
        "own-model",
        reason="remedy",
    ),
    "card-invalid": Notice(
        "The model's settings file (.toml) isn't valid",
        "Then add both files again.",
        "own-model",
        reason="all",
    ),
    "model-slow": Notice(
        "This model takes too long",
        "It did not finish within a minute, so it was stopped. Use a smaller model.",
        "own-model",
    ),
    "labels-invalid": Notice(
        "The class names don't match the model",
        "One name per line in a text file is enough.",
        "own-model",
        reason="all",
    ),
    "model-not-kept": Notice(
        "The model could not be stored",
        "This browser has no space left or doesn't let this site store files. The model works "
        "until you close the page.",
        "models",
    ),
    "own-model-gone": Notice(
        "The model is no longer on this device",
        "The browser deleted its file to free up space. Add the file again.",
        "own-model",
    ),
    "part-missing": Notice(
        "Part of the page didn't load",
        "It is downloaded on first use. Check your connection, then reload the page.",
        "reload",
    ),
    "picture": Notice(
        "This picture can't be opened",
        "The file is damaged, too large, or in a format that this browser can't read. Use a JPEG, "
        "PNG or WebP picture.",
        "photo",
        reason="cause",  # which names the file: one of several, maybe
    ),
    "folder-empty": Notice(
        "No pictures in this folder",
        "Nothing in it is a picture or a video that browsers know. Choose another folder, or drop "
        "the files themselves.",
        "photo",
    ),
    "source-missing": Notice(
        "There is no file at this address",
        "Check the address, or use a photo from this device.",
        "photo",
    ),
    "picture-heic": Notice(
        "This browser can't open HEIC photos",
        "Share the photo as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible), or "
        "open this page in Safari, which can read HEIC.",
        "photo",
    ),
    "video-unreadable": Notice(
        "This video can't be played",
        "The file is damaged or in a format that this browser can't play. MP4 (H.264) and WebM "
        "play almost everywhere.",
        "photo",
    ),
    "video-no-picture": Notice(
        "This file has no picture to show",
        "It holds only sound, or its pictures are in a format that this browser can't play. MP4 "
        "(H.264) and WebM play almost everywhere.",
        "photo",
    ),
    "source-foreign": Notice(
        "That file is on another site",
        "Obscura opens pictures and videos only from its own site, so that nothing is ever "
        "downloaded from anywhere else.",
        "photo",
    ),
    "shapes": Notice(
        "This file of lines and zones can't be used",
        "What was here before is unchanged.",
        "shapes",
        reason="all",
    ),
    "records": Notice(
        "What was kept of this source can't be read",
        "All else that is kept is unchanged.",
        "reload",
        reason="all",
    ),
    "session": Notice(
        "This session can't be opened",
        "What is in view goes on.",
        "session",
        reason="all",
    ),
    "shapes-address": Notice(
        "The lines and zones in the address can't be used",
        "Those that were drawn on this device are used instead.",
        "reload",
        reason="all",
    ),
    "backend": Notice(
        "The detector could not run",
        "No engine in this browser could run the model correctly.",
        "model",
    ),
    "backend-unusable": Notice(
        "This engine can't be used",
        "Obscura can choose another one itself.",
        "automatic",
        reason="cause",
    ),
    "out-of-memory": Notice(
        "Out of memory",
        "The browser couldn't give the detector enough memory. Close other tabs, or use the "
        "smallest model.",
        "smallest-model",
    ),
    "no-simd": Notice(
        "This browser is too old for Obscura",
        "It lacks WebAssembly SIMD, which the detector needs. Please update the browser, or open "
        "this page in a current version of Chrome, Edge, Firefox or Safari.",
        "reload",
    ),
    "python": Notice(
        "Python could not start",
        "Part of the page could not be downloaded or run. Check your connection, then reload the "
        "page.",
        "reload",
    ),
    "unexpected": Notice(
        "Something went wrong",
        "This is a bug in Obscura. If the page stops responding, reload it.",
        "reload",
    ),
}
"""By an error's code."""


def notice(code: str) -> Notice:
    """Return the text of the card for an error's code."""
    return NOTICES.get(code, NOTICES["unexpected"])


def explanation(words: Notice, error: ObscuraError) -> str:
    """Return the text of a card about an error: its true reason first, as far as the card wants
    it."""
    reasons = {
        "cause": f"{error.cause}.",
        "remedy": f"{error.cause}. {error.remedy}",
        "all": str(error),
    }
    return f"{reasons[words.reason]} {words.why}" if words.reason else words.why
