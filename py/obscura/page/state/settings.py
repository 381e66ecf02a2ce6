"""Settings: what a person chose, kept across visits, and what the address asks for.

Each setting is declared once, as a row: its default, what it may be, how the address and the form
controls of the page name it. Features bring rows of their own. Pure Python.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

THEMES = ("auto", "light", "dark")
FITS = ("auto", "fit", "fill")
RESOLUTIONS = ("640x480", "1280x720", "1920x1080")
BACKENDS = ("auto", "webgpu", "webgl", "litert", "wasm")
MOST_THREADS = 64


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: in storage, in the address, and as the id of its form control.
        default: its value until somebody chooses; None where the model's card decides.
        valid: whether a value makes sense; nothing stored or asked for is trusted.
        from_address: turns the address's text into a value, raising ValueError; None for a
            setting that the address cannot change.
        control: its form control: "check", "select" or "slider"; "" for none.
        implies: what else the address asks for by naming this one and not switching it off.
    """

    name: str
    default: Any
    valid: Callable[[Any], bool]
    from_address: Callable[[str], Any] | None = None
    control: str = ""
    implies: Mapping[str, Any] = field(default_factory=dict)


class Settings:
    """Values of all settings, as attributes. Immutable."""

    __slots__ = ("_values",)
    _values: dict[str, Any]

    def __init__(self, values: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_values", dict(values))

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"there is no setting {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("settings are immutable: use replace()")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # its values are not hashable

    def __repr__(self) -> str:
        return f"Settings({self._values})"

    def replace(self, **values: Any) -> Settings:
        """Return a copy with some values exchanged.

        Raises:
            AttributeError: there is no such setting.
        """
        unknown = values.keys() - self._values.keys()
        if unknown:
            raise AttributeError(f"there is no setting {min(unknown)!r}")
        return Settings({**self._values, **values})

    def as_dict(self) -> dict[str, Any]:
        """Return all values by name."""
        return dict(self._values)


class SettingTable:
    """All settings that there are: the page's own and those of its features."""

    def __init__(self, *groups: Iterable[Setting]) -> None:
        """
        Raises:
            ValueError: two rows have the same name.
        """
        rows = [row for group in groups for row in group]
        self._rows = {row.name: row for row in rows}
        if len(self._rows) < len(rows):
            names = [row.name for row in rows]
            raise ValueError(f"declared twice: {next(n for n in names if names.count(n) > 1)}")

    def __iter__(self) -> Iterator[Setting]:
        return iter(self._rows.values())

    def settings(self, **values: Any) -> Settings:
        """Return the defaults, with some values exchanged."""
        return Settings({row.name: row.default for row in self}).replace(**values)

    def from_stored(self, values: Any) -> Settings:
        """Return settings from untrusted values: each that is unknown or invalid falls back to
        its default."""
        known = values if isinstance(values, dict) else {}
        return self.settings(
            **{row.name: known[row.name] for row in self if row.name in known and _is(row, known)}
        )

    def read_address(self, parameters: Mapping[str, str], models: Collection[str]) -> Request:
        """Read the address's parameters; an invalid value is ignored and listed.

        Args:
            models: names of the models that exist.
        """
        source, autostart = "camera", False
        values: dict[str, Any] = {}
        implied: dict[str, Any] = {}
        ignored: list[str] = []
        for name, text in parameters.items():
            row = self._rows.get(name)
            if name == "source":
                source = text or source
            elif name == "autostart":
                autostart = text.lower() not in ("0", "false", "no")
            elif row is not None and row.from_address is not None:
                try:
                    value = row.from_address(text)
                except ValueError:
                    value = None
                known = name != "model" or value in models
                if value is not None and row.valid(value) and known:
                    values[name] = value
                    implied |= row.implies if value else {}
                else:
                    ignored.append(f"{name}={text}")
        return Request(source, autostart, {**implied, **values}, tuple(ignored))


def _is(row: Setting, values: Mapping[str, Any]) -> bool:
    return row.valid(values[row.name])


def next_theme(theme: str, *, dark: bool) -> str:
    """Return the theme that the button switches to: from the automatic one to the opposite of what
    is showing, so that the first press changes something; then to the other; then back.

    Args:
        dark: whether the system is dark.
    """
    opposite, same = ("light", "dark") if dark else ("dark", "light")
    return {"auto": opposite, opposite: same, same: "auto"}[theme]


@dataclass(frozen=True)
class Request:
    """What the address asks for (docs/automation.md). It overrides this visit's settings and is
    not stored.

    Attributes:
        source: "camera", or the address of a picture or video.
        autostart: whether to start at once.
        values: settings by name.
        ignored: parameters with invalid values, as `name=value`.
    """

    source: str = "camera"
    autostart: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    def in_safe_mode(self, model: str | None) -> Request:
        """Return the same request, but asking as little as possible of the device.

        Args:
            model: the smallest one; None leaves the choice as it is.
        """
        least = {"backend": "wasm", "threads": 1} | ({"model": model} if model else {})
        return Request(self.source, self.autostart, {**self.values, **least}, self.ignored)


def is_number(value: Any) -> bool:
    """Whether a value is an int or a float, and not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_fraction(value: Any) -> bool:
    """Whether a value lies between 0 and 1, both excluded; None, for the card's value, passes."""
    return value is None or (is_number(value) and 0 < value < 1)


def are_strings(value: Any) -> bool:
    """Whether a value is a list of strings."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def is_flag(value: Any) -> bool:
    """Whether a value is True or False."""
    return isinstance(value, bool)


def switch(text: str) -> bool:
    """Return what an address's text says of a setting that is on or off.

    Raises:
        ValueError: it says neither.
    """
    values = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in values:
        raise ValueError(text)
    return values[text.lower()]


def _are_speeds(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(speeds, dict)
        and all(name in BACKENDS[1:] and is_number(ms) and ms > 0 for name, ms in speeds.items())
        for speeds in value.values()
    )


CORE_SETTINGS = (
    Setting("model", None, lambda value: value is None or isinstance(value, str), str),
    Setting("backend", "auto", BACKENDS.__contains__, str),
    # Wasm threads; 0 chooses.
    Setting("threads", 0, lambda v: is_number(v) and v in range(MOST_THREADS + 1), int),
    # The device id of the camera; "" for any that faces the right way.
    Setting("camera", "", lambda value: isinstance(value, str), control="select"),
    Setting("facing", "user", ("user", "environment").__contains__),
    Setting("resolution", "1280x720", lambda v: v in RESOLUTIONS, control="select"),
    Setting("mirror", True, is_flag, control="check"),
    # Whether to analyse fewer frames on battery, with data saver on, or when the device is hot.
    Setting("pace", True, is_flag, control="check"),
    Setting("theme", "auto", THEMES.__contains__),
    # Whether the picture fits the view or fills it; "auto" fills small screens.
    Setting("fit", "auto", FITS.__contains__),
    # Whether boxes have labels, and whether these say the score.
    Setting("names", True, is_flag, control="check"),
    Setting("percentages", True, is_flag, control="check"),
    # Milliseconds per picture as measured here, per model name and backend.
    Setting("speeds", {}, _are_speeds),
    # Per model name, the plan that won here; see obscura.page.models.winners.
    Setting(
        "winners",
        {},
        lambda v: isinstance(v, dict) and all(isinstance(each, dict) for each in v.values()),
    ),
    # Names of the models that the person added, which the browser's database holds.
    Setting("own", [], are_strings),
)
"""The page's own settings; `THEMES.__contains__` and the like reject values of any other type."""
