"""Text shown to people, except that of error cards, which is in `notices`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan
from obscura.errors import ObscuraError
from obscura.families import FAMILIES

FETCHING_MODEL = "Downloading {model}…"
OPENING_MODEL = "Loading {model}…"
FIRST_CHOICE = "the default here, and it passed the self-check"
WON_BEFORE = "the fastest in a quick test on this device"
COMPARING = "Finding the fastest way (only once)"
RACED = "{winner} took {ms:.1f} ms where {loser} took {other_ms:.1f} ms"
TAKING_OVER = "Preparing {way} for {model}, which was faster"
PROCESSORS = {"webgpu": "GPU", "webgl": "GPU", "wasm": "CPU", "litert": "CPU"}
BACKEND_NAMES = {
    "webgpu": "WebGPU",
    "webgl": "WebGL",
    "wasm": "WebAssembly",
    "litert": "LiteRT",
}

START = {
    "camera": "Start camera",
    "screen": "Share screen",
    "picture": "Open picture",
    "video": "Play video",
}
STOP = "Stop"
PAUSE = "Pause"
READING_FOLDER = "Looking through the folder: {count:,} files so far"
RESUME = "Resume"
ASKING = "Allow the camera in your browser's prompt"
ASKING_SCREEN = "Choose what to share in your browser's dialog"
SHARING_ENDED = "Sharing has ended."
READING_PICTURE = "Analysing the picture…"
LOOKING_CLOSER = "Looking closer: {done} of {count}"
PASTED = "the pasted picture"
SAMPLE_CLIP = "Sample clip"
"""Name of the video that tools are tried on; what is counted in it is not stored."""
SAMPLE_CAPTION = "Sample picture"
FILL = "Fill the screen"
SHOW_ALL = "Show the whole picture"
READ_ALOUD = "Read aloud"
STOP_READING = "Stop reading"
ANNOUNCE = "Announce to screen readers"
FPS = "{rate} fps"
ANALYSED_IN = "Analysed in {seconds} s"
PAUSED = "Paused"

ANY_CAMERA = "Automatic"
CAMERA_NUMBER = "Camera {number}"
IGNORED = "Ignored in the address: {parameters}"

SEEN_EMPTY = {
    "welcome": "Nothing found in the sample picture. Try a lower confidence.",
    "live": "Nothing recognised right now.",
    "still": "Nothing found. Try a lower confidence, or another picture.",
    "hidden": "Your class filter is hiding everything that was found.",
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
    "hide": "Hide",
}
VEILED = "The picture is not shown before what is to be hidden is covered"
SPARING = "saving power"
DELAY = "{ms} ms: frames are shown once they are analysed"
HELD_BY = {
    "battery": "running on battery",
    "low-battery": "low battery",
    "save-data": "data saver is on",
    "heat": "slower than before (the device may be hot)",
}
THEMES = {"auto": "automatic", "light": "light", "dark": "dark"}
THEME = "Theme: {theme}"
KEYS = {
    "start": ("Space", "start or stop"),
    "pause": ("K", "pause or resume"),
    "photo": ("P", "use a photo"),
    "step": (", .", "previous, next frame or picture"),
    "models": ("M", "compare and choose models"),
    "full screen": ("F", "full screen"),
    "fit": ("Z", "fit the picture or fill the screen"),
    "zoom": ("+ - 0", "zoom in, out, whole picture (photo or paused)"),
    "help": ("?", "show this list"),
}
"""Keys of the page's own commands, as the keyboard help lists them."""

RESIZES = {
    "stretch": "stretched",
    "letterbox": "fitted between bars",
    "letterbox-corner": "fitted into the corner",
}
CHANNELS = {"rgb": "red first", "bgr": "blue first", "grey": "grey"}
NO_LICENCE = "NOASSERTION"
UNKNOWN = "not measured"
OWN_MODEL = "My model"
OWN_SUMMARY = "Added by you"
READING_MODEL = "Inspecting {model}…"
TRYING_MODEL = "Testing {model}…"
ASK_TITLE = "Set up “{model}”"
ASK_DOUBT = (
    "None of these may be right. If no boxes fit what is in the picture, press Cancel: Obscura may "
    "not support this model, or the picture shows nothing that it knows."
)
ASK_SIZE = "{side} × {side} pixels"  # noqa: RUF001
ASK_SIZE_FAILED = "The model does not run with images of {side} × {side} pixels."  # noqa: RUF001
REMOVE_QUESTION = "Remove {model} from this device?"
MODEL_GONE = "“{model}” is no longer on this device. Add the file again to use it."
USE = "Use"
IN_USE = "In use"
MEASURE = "Measure"
MEASURE_AGAIN = "Measure again"
CANCEL = "Cancel"
FOR_MODEL = "{act}: {model}"
MEASURING = "Measuring {model}…"
SEARCH_CLASSES_OF = "Search the classes of {model}"
SUGGESTED = {
    "data": "the smallest download, because data saver is on",
    "memory": "the one that computes least, because this device has little memory",
    "live": "the most accurate one that keeps up with live video",
    "fastest": "the fastest one",
}
"""Why a model is suggested, by the rule that chose it; see `page.models.suggest`."""


OFFLINE = {
    "pending": "Not yet: saving files for offline use",
    "yes": "Yes, with the current model",
    "no-room": "No: not enough storage. It works while you are online.",
    "forbidden": "No: this browser won't store files for this site (a private window, for "
    "example). It works while you are online.",
    "no-connection": "Not yet: the connection dropped. It continues on your next visit.",
    "damaged": "Not yet: a downloaded file was damaged. It is downloaded again on your next visit.",
    "deleted": "No: you deleted everything. Nothing is stored again until you close this tab.",
}
KEEPING = "{done:.1f} of {total:.1f} MB"
CAREFUL = (
    "Obscura closed unexpectedly the last two times, so it started in a lighter mode (one CPU "
    "thread)."
)
CAREFUL_SMALLEST = (
    "Obscura closed unexpectedly the last two times, so it started in a lighter mode "
    "(smallest model, one CPU thread)."
)
SILENT = "No picture is coming from the camera. Another app may be using it."
SCREEN_SILENT = "No picture is coming from what you share. A minimised window sends none."
ABSENT = "{model} (not on this device)"
OFFLINE_HEADS = "Yes, with the current model and these closer looks: {heads}"
OFFLINE_ALL = "All models work offline now."
NEWER = "A new version is available."
USE_NEWER = "Update"
NEWER_FAILED = "The new version wouldn't start, so you still have the previous one."
RETRY_NEWER = "Try again"


def offline(state: str, heads: Collection[str]) -> str:
    """Return whether the page works offline.

    Args:
        state: of `OFFLINE`.
        heads: titles of the heads that are stored.
    """
    if state == "yes" and heads:
        return OFFLINE_HEADS.format(heads="; ".join(sorted(heads)))
    return OFFLINE[state]


def model_note(card: ModelCard) -> str:
    """Return a line about a model: its purpose, size and licence."""
    words = [megabytes(card.file.bytes)] + ([card.license] if card.license != NO_LICENCE else [])
    return f"{card.summary}. {', '.join(words)}."


class Figure(NamedTuple):
    """Number that models are compared by, with a note on its meaning."""

    value: str
    note: str


def accuracy(measured: Mapping[str, Any]) -> Figure:
    """Return a card's accuracy, and what that means for the boxes that people see."""
    if "ap" not in measured:
        return Figure(UNKNOWN, "")
    note = "A relative score."
    if {"found", "right"} <= measured.keys():
        found, right = measured["found"], measured["right"]
        note = f"Finds {found:.0f} of 100 objects; {right:.0f} of 100 boxes are right."
    if measured.get("seen_in_training"):
        note += " Measured on pictures it was trained on, so expect less."
    return Figure(f"{measured['ap']:.0f} of 100", note)


def suggestion(title: str, why: str) -> str:
    """Return that a model is suggested, and why. Its title may be "" where it is clear."""
    named = f"{title}, {SUGGESTED[why]}" if title else SUGGESTED[why]
    return f"Suggested for this device: {named}."


def speed(milliseconds: Mapping[str, float]) -> Figure:
    """Return the speeds measured on this device, the fastest backend first."""
    if not milliseconds:
        return Figure(UNKNOWN, "")
    (backend, ms), *others = sorted(milliseconds.items(), key=lambda item: item[1])
    notes = [f"{rate(1000 / ms)} pictures per second ({PROCESSORS[backend]})"]
    notes += [f"{name_ms:.0f} ms on the {PROCESSORS[name]}" for name, name_ms in others]
    return Figure(f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms", "; ".join(notes))


def failed(*errors: ObscuraError) -> str:
    """Return why the plans preferred to this one were not used."""
    causes = (error.cause + (f" ({error.value})" if error.value else "") for error in errors)
    return f"others failed: {'; '.join(causes)}"


def way(plan: Plan) -> str:
    """Return a plan in a word or two."""
    threads = f" with {plan.threads} threads" if plan.threads > 1 else ""
    half = " in half precision" if plan.half else ""
    return f"{BACKEND_NAMES[plan.backend]}{threads}{half}"


def family(name: str) -> str:
    """Return the name of a family of models as people write it."""
    return FAMILIES[name].title


def assumption(card: ModelCard) -> str:
    """Return a line about how an interpretation feeds the network."""
    size = pixels(card.input.width, card.input.height)
    parts = [f"{size}, {RESIZES[card.input.resize]}"]
    if card.open is not None:
        low, high = value_range(card.open.mean[0], card.open.std[0])
        parts += [CHANNELS[card.open.channels], f"values {low:.2g} to {high:.3g}"]
    return ", ".join(parts)


def value_range(mean: float, std: float) -> tuple[float, float]:
    """Return the values that pixels of 0 and 255 become."""
    return (0 - mean) / std, (255 - mean) / std


def found(names: Sequence[str]) -> str:
    """Return how many objects an interpretation finds, and the classes of the first three."""
    if not names:
        return "nothing found"
    kinds = list(dict.fromkeys(names))
    more = ", …" if len(kinds) > 3 else ""
    return f"{len(names)} found: {', '.join(kinds[:3])}{more}"


def names_wanted(classes: int) -> str:
    """Return the number of class names a network needs, in brackets; "" if unknown."""
    return f"({classes})" if classes else ""


def names_mismatch(given: int, classes: int) -> str:
    """Return what is wrong with a list of class names."""
    return f"You gave {given} names, but this model has {classes} classes."


def input_size(width: int, height: int) -> str:
    """Return the size at which a model reads pictures."""
    return f"Input {pixels(width, height)}"


def class_total(count: int) -> str:
    """Return the number of a model's classes; 0 stands for one that nothing shows."""
    if not count:
        return "Number of classes unknown"
    return f"{count} classes" if count > 1 else "1 class"


def provenance(card: ModelCard) -> list[tuple[str, str]]:
    """Return where a model comes from, as names and values; unknown ones are left out."""
    source, measured = card.source, card.accuracy
    package = " ".join(str(source[key]) for key in ("package", "version") if key in source)
    rows = [
        ("Licence", "not known" if card.license == NO_LICENCE else card.license),
        ("Made by", str(source.get("origin", ""))),
        ("Taken from", package),
        ("File", f"{card.file.bytes:,} bytes, SHA-256 {card.file.sha256}"),
    ]
    if "ap" in measured:
        half = f", {measured['ap50']:.1f} at IoU 0.5" if "ap50" in measured else ""
        rows.append(("Average precision", f"{measured['ap']:.1f}{half}"))
        rows.append(("Measured on", str(measured.get("dataset", ""))))
        rows.append(("Measured with", str(measured.get("command", ""))))
    return [(name, value) for name, value in rows if value]


def class_count(shown: int, known: int) -> str:
    """Return how many classes are shown."""
    if shown == known:
        return f"all {known}"
    return f"{shown} of {known}" if shown else "none"


def rate(per_second: float) -> str:
    """Return a rate; one below 10 has a decimal."""
    return f"{per_second:.0f}" if per_second >= 10 else f"{per_second:.1f}"


def meter_line(analysed: float | None, total: float, *, paused: bool, spared: bool) -> str:
    """Return the meter's line: what matters to people; the rest is behind it.

    Args:
        analysed: frames per second; None for a photo.
        total: milliseconds of a frame.
        paused: whether a camera or video stands still.
        spared: whether fewer frames are analysed to save power.
    """
    if paused:
        return PAUSED
    if analysed is None:
        return ANALYSED_IN.format(seconds=f"{max(total / 1000, 0.01):.2f}")
    words = FPS.format(rate=rate(analysed))
    return f"{words} · {SPARING}" if spared else words


def stage(name: str) -> str:
    """Return the name of a stage of the frame loop; a head has its own."""
    return STAGES.get(name, name)


def spread(median: float, p95: float) -> str:
    """Return the usual time, and the time that 19 of 20 stay under."""
    digits = 1 if p95 < 100 else 0
    return f"{median:.{digits}f} ms (95 % under {p95:.{digits}f} ms)"


def held(limits: Mapping[str, float]) -> str:
    """Return the frame rate that analysis is limited to, and why."""
    reasons = " and ".join(HELD_BY[reason] for reason in limits)
    return f"to {round(min(limits.values()), 1):g} fps: {reasons}"


def percent(value: float) -> str:
    """Return a fraction of 1 as a whole percentage."""
    return f"{value * 100:.0f} %"


def pixels(width: float, height: float) -> str:
    """Return a size in pixels."""
    return f"{width:.0f} × {height:.0f} px"  # noqa: RUF001


def megabytes(size: int) -> str:
    """Return a number of bytes in megabytes with a decimal; small ones in kilobytes or bytes."""
    if size < 500:
        return f"{size} bytes"
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"
