"""What a person chose, kept across visits, and what the address asks for.

Pure Python: the storage is any object with `getItem`, `setItem` and `removeItem` of strings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Protocol

KEY = "obscura.settings"
THEMES = ("auto", "light", "dark")
RESOLUTIONS = ("640x480", "1280x720", "1920x1080")
BACKENDS = ("auto", "webgpu", "wasm")


class Storage(Protocol):
    """The part of the browser's `localStorage` that is used."""

    def getItem(self, key: str) -> str | None: ...
    def setItem(self, key: str, value: str) -> None: ...
    def removeItem(self, key: str) -> None: ...


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
    theme: str = "auto"
    backend: str = "auto"
    threads: int = 0


def _valid(name: str, value: Any) -> bool:
    match name:
        case "model":
            return value is None or isinstance(value, str)
        case "threshold" | "iou":
            return value is None or (
                isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1
            )
        case "hidden":
            return isinstance(value, dict) and all(
                isinstance(labels, list) and all(isinstance(label, str) for label in labels)
                for labels in value.values()
            )
        case "camera":
            return isinstance(value, str)
        case "facing":
            return value in ("user", "environment")
        case "resolution":
            return value in RESOLUTIONS
        case "mirror":
            return isinstance(value, bool)
        case "theme":
            return value in THEMES
        case "backend":
            return value in BACKENDS
        case "threads":
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 64
    return False


def from_mapping(values: Mapping[str, Any]) -> Settings:
    """Settings from untrusted values: what is unknown or out of range falls back to the default."""
    names = {f.name for f in fields(Settings)}
    return Settings(**{k: v for k, v in values.items() if k in names and _valid(k, v)})


def load(storage: Storage) -> Settings:
    """The stored settings; the defaults where there are none, or where storage is denied."""
    try:
        values = json.loads(storage.getItem(KEY) or "{}")
    except Exception:  # noqa: BLE001  (a browser that forbids storage throws what it likes)
        return Settings()
    return from_mapping(values) if isinstance(values, dict) else Settings()


def save(storage: Storage, settings: Settings) -> bool:
    """Store the settings. False where the browser refuses: the page then keeps them in memory "
    "only."""
    try:
        storage.setItem(KEY, json.dumps(asdict(settings)))
    except Exception:  # noqa: BLE001  (as above)
        return False
    return True


def forget(storage: Storage) -> None:
    """Remove what is stored; a browser that forbids storage has nothing to remove."""
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

    def over(self, settings: Settings) -> Settings:
        """The settings with this visit's wishes laid over them."""
        wishes: dict[str, Any] = {
            "model": self.model,
            "backend": self.backend,
            "threads": self.threads,
            "threshold": self.threshold,
        }
        return replace(settings, **{k: v for k, v in wishes.items() if v is not None})


def read_request(parameters: Mapping[str, str]) -> Request:
    """The URL's parameters, each checked; a bad value is ignored and listed."""
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
        if _valid(name, value):
            found[name] = value
        else:
            ignored.append(f"{name}={text}")
    return Request(ignored=tuple(ignored), **found)
