"""What a person chose, kept across visits, and what the address asks for.

Pure Python: the storage is any object with `getItem`, `setItem` and `removeItem` of strings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

KEY = "obscura.settings"
THEMES = ("auto", "light", "dark")
RESOLUTIONS = ("640x480", "1280x720", "1920x1080")
BACKENDS = ("auto", "webgpu", "wasm")


class Storage(Protocol):
    """The part of the browser's `localStorage` that is used."""

    def getItem(self, key: str) -> str | None: ...  # noqa: N802
    def setItem(self, key: str, value: str) -> None: ...  # noqa: N802
    def removeItem(self, key: str) -> None: ...  # noqa: N802


@dataclass(frozen=True)
class Settings:
    """The person's choices. None means: what the model's card or the device suggests."""

    model: str | None = None
    threshold: float | None = None
    iou: float | None = None
    hidden: dict[str, list[str]] = field(default_factory=dict)
    """Per model name, the labels that are switched off."""
    camera: str = ""
    facing: str = "user"
    resolution: str = "1280x720"
    mirror: bool = True
    pace: bool = True
    """Whether to analyse less on battery, in data-saving mode and when the device is hot."""
    theme: str = "auto"
    backend: str = "auto"
    threads: int = 0
    speeds: dict[str, dict[str, float]] = field(default_factory=dict)
    """Milliseconds per picture as measured here, per model name and backend."""
    winners: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Per model name, the way to run that won here; see `obscura.page.models.winners`."""
    own: list[str] = field(default_factory=list)
    """Names of the models that the person brought, which the browser's database holds."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_fraction(value: Any) -> bool:
    return value is None or (_is_number(value) and 0 < value < 1)


def _are_labels(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(label, str) for label in value)


def _are_speeds(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(speeds, dict)
        and all(name in BACKENDS[1:] and _is_number(ms) and ms > 0 for name, ms in speeds.items())
        for speeds in value.values()
    )


def _are_winners(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, dict) for each in value.values())


_VALID: dict[str, Callable[[Any], bool]] = {
    "model": lambda value: value is None or isinstance(value, str),
    "threshold": _is_fraction,
    "iou": _is_fraction,
    "hidden": lambda value: isinstance(value, dict) and all(map(_are_labels, value.values())),
    "camera": lambda value: isinstance(value, str),
    "facing": lambda value: value in ("user", "environment"),
    "resolution": lambda value: value in RESOLUTIONS,
    "mirror": lambda value: isinstance(value, bool),
    "pace": lambda value: isinstance(value, bool),
    "theme": lambda value: value in THEMES,
    "backend": lambda value: value in BACKENDS,
    "threads": lambda value: _is_number(value) and value in range(65),
    "speeds": _are_speeds,
    "winners": _are_winners,
    "own": _are_labels,
}
"""Per setting, what its value must satisfy; nothing stored or asked for is trusted."""


def from_mapping(values: Mapping[str, Any]) -> Settings:
    """Settings from untrusted values: what is unknown or out of range falls back to the default."""
    return Settings(**{k: v for k, v in values.items() if k in _VALID and _VALID[k](v)})


def load(storage: Storage | None) -> Settings:
    """The stored settings; the defaults where there are none, or where storage is denied."""
    if storage is None:
        return Settings()
    try:
        values = json.loads(storage.getItem(KEY) or "{}")
    except Exception:  # noqa: BLE001  (a browser that forbids storage throws what it likes)
        return Settings()
    return from_mapping(values) if isinstance(values, dict) else Settings()


def save(storage: Storage | None, settings: Settings) -> bool:
    """Store the settings; return False if the browser refuses, and they stay in memory only."""
    if storage is None:
        return False
    try:
        storage.setItem(KEY, json.dumps(asdict(settings)))
    except Exception:  # noqa: BLE001  (as above)
        return False
    return True


def kept_size(storage: Storage | None) -> int:
    """How many bytes of settings the store holds."""
    try:
        kept = storage.getItem(KEY) if storage is not None else None
    except Exception:  # noqa: BLE001  (browsers that forbid it throw what they like)
        return 0
    return len(kept.encode()) if isinstance(kept, str) else 0  # JavaScript's null is not None


def forget(storage: Storage | None) -> None:
    """Remove what is stored; a browser that forbids storage has nothing to remove."""
    if storage is None:
        return
    try:
        storage.removeItem(KEY)
    except Exception:  # noqa: BLE001  (as above)
        return


@dataclass(frozen=True)
class Request:
    """What the address asks for (docs/automation.md). It rules this visit and is not stored."""

    source: str = "camera"
    autostart: bool = False
    model: str | None = None
    backend: str | None = None
    threads: int | None = None
    threshold: float | None = None
    ignored: tuple[str, ...] = ()
    """Parameters with values that mean nothing, as `name=value`."""

    def sparing(self, model: str | None) -> Request:
        """The same, but asking the least of a device on which visits have died.

        Args:
            model: the smallest one; None to leave the choice as it is.
        """
        return replace(self, backend="wasm", threads=1, model=model or self.model)

    def over(self, settings: Settings) -> Settings:
        """The settings with this visit's wishes laid over them."""
        wishes: dict[str, Any] = {
            "model": self.model,
            "backend": self.backend,
            "threads": self.threads,
            "threshold": self.threshold,
        }
        return replace(settings, **{k: v for k, v in wishes.items() if v is not None})


def read_request(parameters: Mapping[str, str], models: Collection[str]) -> Request:
    """The URL's parameters, each checked; a bad value is ignored and listed.

    Args:
        models: the names of the models that there are.
    """
    found: dict[str, Any] = {}
    ignored: list[str] = []
    for name, text in parameters.items():
        value: Any = text
        try:
            if name == "threads":
                value = int(text)
            elif name == "threshold":
                value = float(text)
            elif name == "autostart":
                found[name] = text.lower() not in ("0", "false", "no")
                continue
            elif name == "source":
                found[name] = text or "camera"
                continue
            elif name not in ("model", "backend"):
                continue
        except ValueError:
            ignored.append(f"{name}={text}")
            continue
        if _VALID[name](value) and (name != "model" or value in models):
            found[name] = value
        else:
            ignored.append(f"{name}={text}")
    return Request(ignored=tuple(ignored), **found)


class Preferences:
    """The settings in force: what is kept, under what the address asks for this visit."""

    def __init__(self, storage: Storage | None, request: Request) -> None:
        self._storage = storage
        self._kept = load(storage)
        self.current = request.over(self._kept)

    def set(self, **values: Any) -> None:
        """A person's own choice: it rules over the address from now on, and is kept."""
        self.current = replace(self.current, **values)
        self._kept = replace(self._kept, **values)
        save(self._storage, self._kept)

    def size(self) -> int:
        """How many bytes are kept."""
        return kept_size(self._storage)

    def forget(self) -> None:
        """Remove what is kept, and keep nothing more: what still runs may have something to say."""
        forget(self._storage)
        self._storage = None
