"""Every sentence that Python shows, in one place, in plain English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from obscura.card import ModelCard

FETCHING_MODEL = "Fetching {model}"
OPENING_MODEL = "Preparing {model} on {backend}"
FIRST_CHOICE = "the first choice for this device; it reproduced the recorded answer"
BACKENDS = {"webgpu": "the GPU (WebGPU)", "wasm": "the processor (WebAssembly)"}
BACKEND_NAMES = {"webgpu": "WebGPU", "wasm": "WebAssembly"}

START = {
    "camera": "Start camera",
    "picture": "Open picture",
    "video": "Play video",
}
STOP = "Stop"
PAUSE = "Pause"
RESUME = "Go on"
ASKING = "Waiting for your permission to use the camera"
READING_PICTURE = "Reading the picture"
PASTED = "the pasted picture"
SAMPLE_CAPTION = "Sample picture"

ANY_CAMERA = "Automatic"
CAMERA_NUMBER = "Camera {number}"
IGNORED = "Ignored in the address: {parameters}"

SEEN_EMPTY = {
    "welcome": "Nothing on the sample picture. Lower the confidence to see more.",
    "live": "Nothing that the model knows is in view.",
    "still": "Nothing found. Lower the confidence, or try another picture.",
    "hidden": "Everything found is hidden by your class filter.",
}
SEEN_TITLES = {
    "welcome": "On the sample picture",
    "live": "Seen now",
    "still": "In this picture",
}

STAGES = {
    "capture": "Capture",
    "inference": "Inference",
    "decode": "Decode",
    "draw": "Draw",
}
THEMES = {"auto": "automatic", "light": "light", "dark": "dark"}
KEYS = (
    ("Space", "start or stop"),
    ("K", "pause or go on"),
    ("P", "use a photo"),
    ("← →", "confidence down, up"),
    ("M", "compare and choose models"),
    ("C", "search the classes"),
    ("F", "full screen"),
    ("?", "this list"),
)

UNKNOWN = "not measured"
USE = "Use"
IN_USE = "In use"
MEASURE = "Measure"
MEASURE_AGAIN = "Measure again"
CANCEL = "Cancel"
FOR_MODEL = "{act}: {model}"
MEASURING = "Measuring {model}"
SEARCH_CLASSES_OF = "Search the classes of {model}"


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
    "reload": "Load the page again",
}

NOTICES = {
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


def model_note(summary: str, size: str, licence: str) -> str:
    """One line about a model: what for, its download and its licence."""
    return f"{summary}. {size}, {licence}."


class Figure(NamedTuple):
    """A number to compare models by, and what it means."""

    value: str
    note: str


def accuracy(measured: Mapping[str, Any]) -> Figure:
    """A card's accuracy; the data set belongs to the number."""
    if "ap" not in measured:
        return Figure(UNKNOWN, "")
    return Figure(f"{measured['ap']:.1f} AP", f"on {measured.get('dataset', 'an unnamed set')}")


def speed(milliseconds: Mapping[str, float]) -> Figure:
    """What was measured here, the fastest backend first."""
    if not milliseconds:
        return Figure(UNKNOWN, "")
    (backend, ms), *others = sorted(milliseconds.items(), key=lambda item: item[1])
    notes = [f"{rate(1000 / ms)} pictures a second, {BACKEND_NAMES[backend]}"]
    notes += [f"{name_ms:.0f} ms with {BACKEND_NAMES[name]}" for name, name_ms in others]
    return Figure(f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms", "; ".join(notes))


def input_size(width: int, height: int) -> str:
    """At which size a model looks at a picture."""
    return f"sees {pixels(width, height)}"


def class_total(count: int) -> str:
    """How many classes a model tells apart."""
    return f"{count} classes" if count > 1 else "1 class"


def provenance(card: ModelCard) -> list[tuple[str, str]]:
    """Where a model comes from, as names and values; what its card does not tell is left out."""
    source, measured = card.source, card.accuracy
    package = " ".join(str(source[key]) for key in ("package", "version") if key in source)
    rows = [
        ("Licence", card.license),
        ("Made by", str(source.get("origin", ""))),
        ("Taken from", package),
        ("File", f"{card.file.bytes:,} bytes, SHA-256 {card.file.sha256}"),
    ]
    if "ap" in measured:
        half = f", {measured['ap50']:.1f} at IoU 0.5" if "ap50" in measured else ""
        rows.append(("Average precision", f"{measured['ap']:.1f}{half}"))
        rows.append(("Measured with", str(measured.get("command", ""))))
    return [(name, value) for name, value in rows if value]


def class_count(shown: int, known: int) -> str:
    """How many classes are shown."""
    if shown == known:
        return f"all {known}"
    return f"{shown} of {known}" if shown else "none"


def rate(per_second: float) -> str:
    """A rate; slow ones with a digit more, for there it matters."""
    return f"{per_second:.0f}" if per_second >= 10 else f"{per_second:.1f}"


def percent(value: float) -> str:
    """A share of one as whole percent."""
    return f"{value * 100:.0f} %"


def pixels(width: float, height: float) -> str:
    """A size in pixels of the picture."""
    return f"{width:.0f} × {height:.0f} px"  # noqa: RUF001


def megabytes(size: int) -> str:
    """A size in bytes, in megabytes with one digit."""
    return f"{size / 1e6:.1f} MB"
