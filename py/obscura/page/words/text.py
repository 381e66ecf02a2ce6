"""Every sentence that Python shows, in one place, in plain English; of errors, see `notices`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan
from obscura.errors import ObscuraError
from obscura.families import FAMILIES

FETCHING_MODEL = "Fetching {model}"
OPENING_MODEL = "Preparing {model} on {backend}"
FIRST_CHOICE = "the first choice for this device; it reproduced the recorded answer"
WON_BEFORE = "the fastest when the ways to run were compared on this device"
COMPARING = "Comparing ways to run {model} on this device, once"
RACED = "{winner} took {ms:.1f} ms where {loser} took {other_ms:.1f} ms"
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
SPARING = "sparing power"
HELD_BY = {
    "battery": "the device runs on battery",
    "low-battery": "the battery is low",
    "save-data": "the browser is asked to save data",
    "heat": "frames take longer than they did, as on a hot device",
}
THEMES = {"auto": "automatic", "light": "light", "dark": "dark"}
KEYS = {
    "start": ("Space", "start or stop"),
    "pause": ("K", "pause or resume"),
    "photo": ("P", "use a photo"),
    "models": ("M", "compare and choose models"),
    "full screen": ("F", "full screen"),
    "help": ("?", "this list"),
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
OWN_SUMMARY = "brought by you"
READING_MODEL = "Looking into {model}"
TRYING_MODEL = "Trying {model}"
ASK_TITLE = "How to read “{model}”"
REMOVE_QUESTION = "Remove {model} from this device?"
MODEL_GONE = "“{model}” is not on this device any more. Add its file again to use it."
USE = "Use"
IN_USE = "In use"
MEASURE = "Measure"
MEASURE_AGAIN = "Measure again"
CANCEL = "Cancel"
FOR_MODEL = "{act}: {model}"
MEASURING = "Measuring {model}"
SEARCH_CLASSES_OF = "Search the classes of {model}"


OFFLINE = {
    "pending": "not yet: its files are being put aside",
    "yes": "yes, with the model in use",
    "no-room": "no: this browser has no room for it; with a connection everything works",
    "forbidden": "no: this browser keeps no files for this site, as in a private window; with a "
    "connection everything works",
    "no-connection": "not yet: the connection broke off; it goes on at the next visit",
    "damaged": "not yet: a file arrived damaged; it is fetched again at the next visit",
    "deleted": "no: all was deleted, and nothing is put aside again until this tab is closed",
}
KEEPING = "{done:.1f} of {total:.1f} MB"
SETTINGS = "Settings"
OFFLINE_FILES = "Files for working without a connection"
USAGE = "In all, as this browser counts"
CAREFUL = (
    "The last two visits ended at once. This one asks little of the device: "
    "the smallest model, on one thread of the processor."
)
SILENT = "The camera sends no picture now. Another program may use it."
OFFLINE_ALL = "All models work offline now."
NEWER = "A new version of this page is here."
USE_NEWER = "Use it now"
NEWER_FAILED = "The new version did not start on this device, so this is the former one."
RETRY_NEWER = "Try the new one again"


def model_note(card: ModelCard) -> str:
    """One line about a model: what for, its size and its licence."""
    words = [megabytes(card.file.bytes)] + ([card.license] if card.license != NO_LICENCE else [])
    return f"{card.summary}. {', '.join(words)}."


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


def failed(*errors: ObscuraError) -> str:
    """Why a way to run was chosen that comes after others."""
    causes = (error.cause + (f" ({error.value})" if error.value else "") for error in errors)
    return f"others failed: {'; '.join(causes)}"


def way(plan: Plan) -> str:
    """A way to run, in a word or two."""
    threads = f" with {plan.threads} threads" if plan.threads > 1 else ""
    half = " in half precision" if plan.half else ""
    return f"{BACKEND_NAMES[plan.backend]}{threads}{half}"


def family(name: str) -> str:
    """A family's name as people say it."""
    return FAMILIES[name].title


def assumption(card: ModelCard) -> str:
    """How a reading feeds a network, in a line."""
    size = pixels(card.input.width, card.input.height)
    parts = [f"{size}, {RESIZES[card.input.resize]}"]
    if card.open is not None:
        low, high = value_range(card.open.mean[0], card.open.std[0])
        parts += [CHANNELS[card.open.channels], f"values {low:.2g} to {high:.3g}"]
    return ", ".join(parts)


def value_range(mean: float, std: float) -> tuple[float, float]:
    """What pixels of 0 and 255 become."""
    return (0 - mean) / std, (255 - mean) / std


def found(count: int) -> str:
    """How much a reading sees."""
    return f"{count} found" if count else "nothing found"


def names_wanted(classes: int) -> str:
    """How many class names a network wants, as far as it tells."""
    return f"({classes})" if classes else ""


def names_mismatch(given: int, classes: int) -> str:
    """What is wrong with a list of names."""
    return f"These are {given} names; the model tells {classes} classes apart."


def kept(own: int, size: int) -> str:
    """What this browser keeps."""
    if not own:
        return "your settings"
    return f"your settings, {own} model{'s' if own > 1 else ''} ({megabytes(size)})"


def camera_state(name: str | None) -> str:
    """Whether a camera runs, and which; browsers may not tell its name."""
    if name is None:
        return "off"
    return f"on: {name}" if name else "on"


def request(times: int, size: int) -> str:
    """How large a file is that was asked for, and how often it was, if more than once."""
    told = megabytes(size) if size else "size not told"
    return f"{told}, {times} times" if times > 1 else told


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
        ("Licence", "not known" if card.license == NO_LICENCE else card.license),
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


def spread(median: float, p95: float) -> str:
    """How long something mostly takes, and at worst but for one time in twenty."""
    digits = 1 if p95 < 100 else 0
    return f"{median:.{digits}f} ms, 95 % within {p95:.{digits}f} ms"


def held(limits: Mapping[str, float]) -> str:
    """To which rate the loop is held down, and why."""
    reasons = " and ".join(HELD_BY[reason] for reason in limits)
    return f"to {round(min(limits.values()), 1):g} per second, because {reasons}"


def percent(value: float) -> str:
    """A share of one as whole percent."""
    return f"{value * 100:.0f} %"


def pixels(width: float, height: float) -> str:
    """A size in pixels of the picture."""
    return f"{width:.0f} × {height:.0f} px"  # noqa: RUF001


def megabytes(size: int) -> str:
    """A size in bytes, in megabytes with one digit; in kilobytes or bytes where that would be
    nothing."""
    if size < 500:
        return f"{size} bytes"
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"
