"""What error cards say, by the error's code: the cause, then the way on. In plain English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """What an error card says: the cause, then the way on."""

    title: str
    why: str
    action: str
    """A key of `ACTIONS`."""


ACTIONS = {
    "camera": "Try again",
    "photo": "Use a photo",
    "model": "Fetch it again",
    "smallest-model": "Use the smallest model",
    "own-model": "Choose another file",
    "models": "Show my models",
    "reload": "Load the page again",
    "retry": "Try again",
}

EARLY = ("no-simd", "python")
"""Codes that only the pages' scripts report, before Python runs; the builder hands them over."""

NOTICES = {
    "no-simd": Notice(
        "This browser is too old for Obscura",
        "It lacks WebAssembly SIMD, which the detector needs. Current versions of Chrome, Edge, "
        "Firefox and Safari have it: update the browser and open this page again.",
        "retry",
    ),
    "python": Notice(
        "Python could not start",
        "Part of the page could not be downloaded or run. Check your connection and reload the "
        "page.",
        "reload",
    ),
    "camera-denied": Notice(
        "The camera is blocked",
        "This site may not use the camera. Allow it in the browser's address bar (the camera or "
        "lock "
        "symbol beside the address), or in the system's privacy settings, then try again.",
        "camera",
    ),
    "camera-dismissed": Notice(
        "The camera was not allowed yet",
        "The browser's question was closed without an answer. Start again and choose “Allow”.",
        "camera",
    ),
    "camera-missing": Notice(
        "No camera was found",
        "Connect one and try again, or use a photo instead.",
        "camera",
    ),
    "camera-busy": Notice(
        "The camera is in use elsewhere",
        "Another program or tab holds it, or it failed to start. Close that program, or choose "
        "another camera.",
        "camera",
    ),
    "camera-lost": Notice(
        "The camera went away",
        "It was unplugged or taken by another program. It starts again by itself once it is back.",
        "camera",
    ),
    "camera": Notice(
        "The camera did not start",
        "The browser gave no reason that we know; its own words stand under Details.",
        "camera",
    ),
    "insecure-context": Notice(
        "This address may not use a camera",
        "Browsers give cameras only to pages opened over https or from localhost. Open this page "
        "that "
        "way; photos work here as they are.",
        "photo",
    ),
    "model-missing": Notice(
        "The model did not arrive",
        "Its file could not be fetched. Check the connection and fetch it again.",
        "model",
    ),
    "model-corrupt": Notice(
        "The model arrived damaged",
        "Its checksum is not the one recorded when the page was built, so it is not used.",
        "model",
    ),
    "model": Notice(
        "This model cannot be used",
        "It does not work here; why stands under Details.",
        "own-model",
    ),
    "model-unreadable": Notice(
        "This file is no whole ONNX model",
        "It is something else, or damaged, or was cut off on its way. Export it again, or copy the "
        "whole file again.",
        "own-model",
    ),
    "model-external": Notice(
        "This model keeps its weights in another file",
        "Here it must be one file. In Python: onnx.save(onnx.load('model.onnx'), 'whole.onnx'), "
        "with the other files beside it.",
        "own-model",
    ),
    "model-too-large": Notice(
        "This model is too large for a browser",
        "A tab has not the memory for it. Use a smaller model, or store its weights as float16.",
        "own-model",
    ),
    "model-unsupported": Notice(
        "This model uses an operator that browsers' runtime lacks",
        "Which one stands under Details. Export it again with opset 17 and standard operators "
        "only.",
        "own-model",
    ),
    "model-no-detector": Notice(
        "This model is no object detector that Obscura knows",
        "No way of reading fits what it takes and returns. Details say what it looks like.",
        "own-model",
    ),
    "model-mismatch": Notice(
        "This model does not return what it seems to",
        "What it answers does not fit any way of reading it. Details say what came.",
        "own-model",
    ),
    "card-invalid": Notice(
        "The card beside the model makes no sense",
        "Details say which entry of the .toml file is wrong, and what it should be.",
        "own-model",
    ),
    "model-slow": Notice(
        "This model takes too long",
        "It was given a minute and did not finish, so it was stopped. Use a smaller model.",
        "own-model",
    ),
    "labels-invalid": Notice(
        "The class names do not fit",
        "Give a text file with one name a line, as many as the model has classes, in its order. "
        "Details say what is wrong.",
        "own-model",
    ),
    "model-not-kept": Notice(
        "The model could not be kept",
        "The browser has no room for it or forbids this site to keep anything. It works until the "
        "page is closed.",
        "models",
    ),
    "own-model-gone": Notice(
        "The model is not on this device any more",
        "The browser has removed its file, as it may when room is short. Add the file again.",
        "own-model",
    ),
    "part-missing": Notice(
        "A part of the page did not arrive",
        "What reads models of your own is fetched when it is first needed. Check the connection, "
        "then load the page again.",
        "reload",
    ),
    "picture": Notice(
        "This picture cannot be opened",
        "The file is damaged or in a format that this browser does not read. Use a JPEG, PNG or "
        "WebP.",
        "photo",
    ),
    "picture-heic": Notice(
        "This browser cannot open HEIC photos",
        "Share the photo as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible), or "
        "open this "
        "page in Safari, which reads HEIC.",
        "photo",
    ),
    "video-unreadable": Notice(
        "This video cannot be played",
        "The file is damaged or in a format that this browser does not play. MP4 (H.264) and WebM"
        " play "
        "almost everywhere.",
        "photo",
    ),
    "source-foreign": Notice(
        "That source is on another site",
        "This page reads pictures and videos from its own site only, so that nothing is ever "
        "fetched from elsewhere.",
        "photo",
    ),
    "backend": Notice(
        "The detector could not run",
        "No engine in this browser could run the model and reproduce its recorded answer.",
        "model",
    ),
    "out-of-memory": Notice(
        "The memory ran out",
        "The browser could not give the detector enough memory. Close other tabs, or use the "
        "smallest model.",
        "smallest-model",
    ),
    "unexpected": Notice(
        "Something went wrong",
        "This is a fault of Obscura. The page goes on; if it does not, load it again.",
        "reload",
    ),
}


def notice(code: str) -> Notice:
    """The card for an error's code."""
    return NOTICES.get(code, NOTICES["unexpected"])
