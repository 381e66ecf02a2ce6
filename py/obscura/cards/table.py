"""Reader for the tables of a card; every error names the key, the value and the remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from obscura.errors import CardError

LONGEST_NAME = 100
LONGEST_TEXT = 500
MOST_SHOWN = 200
LARGEST = 1e9  # limit of numbers that have no other

# Names that Windows reserves for devices, with any suffix.
_RESERVED = re.compile("con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]", re.IGNORECASE)
UNSHOWABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")
"""Control characters, and half a UTF-16 pair, which JSON can contain and no encoding can write."""


class Table(NamedTuple):
    """A table of a card, read key by key; every error names the full key."""

    prefix: str
    values: Mapping[str, Any]
    file: str = "model.toml"  # that it stands in

    def error(self, key: str, value: object, wanted: str) -> CardError:
        """Return the error for an invalid value, to be raised by the caller."""
        return CardError(
            f"The card's {self.prefix}{key} makes no sense",
            shown(value),
            remedy=f"It should be {wanted}; correct it in {self.file}.",
        )

    def only(self, *keys: str) -> None:
        """Raise CardError if there is a key other than these."""
        for key in self.values:
            if key not in keys:
                raise CardError(
                    "The card holds a key that is not known",
                    f"{self.prefix}{key}",
                    remedy=f"Remove it from {self.file}, or spell it as one of {', '.join(keys)}.",
                )

    def get(self, key: str, kind: type | tuple[type, ...], wanted: str) -> Any:
        """Return a value of a type; a bool is not a number."""
        if key not in self.values:
            raise CardError(
                "The card lacks a key", f"{self.prefix}{key}", remedy=f"Add it to {self.file}."
            )
        value = self.values[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.error(key, value, wanted)
        return value

    def table(self, key: str) -> Table:
        """Return a table within this one."""
        return Table(f"{self.prefix}{key}.", self.get(key, Mapping, "a table"), self.file)

    def array(self, key: str, kind: type | tuple[type, ...], wanted: str) -> list[Any]:
        """Return an array whose values are all of one type."""
        values: list[Any] = list(self.get(key, (list, tuple), f"an array of {wanted}"))
        for value in values:
            if not isinstance(value, kind) or isinstance(value, bool):
                raise self.error(key, value, f"an array of {wanted}")
        return values

    def triple(
        self,
        key: str,
        usual: tuple[float, float, float],
        holds: Callable[[float], bool] = lambda _: True,
        wanted: str = "three numbers",
    ) -> tuple[float, float, float]:
        """Return three numbers; the default if the key is missing."""
        if key not in self.values:
            return usual
        values = self.array(key, (int, float), wanted)
        if len(values) != 3 or not all(abs(value) < LARGEST and holds(value) for value in values):
            raise self.error(key, values, wanted)
        return float(values[0]), float(values[1]), float(values[2])

    def choice(self, key: str, among: tuple[str, ...], usual: str | None = None) -> str:
        """Return one of several texts; the default, if there is one and the key is missing."""
        if usual is not None and key not in self.values:
            return usual
        return self.text(key, among.__contains__, f"one of {', '.join(among)}")

    def text(
        self,
        key: str,
        holds: Callable[[str], bool] | None = None,
        wanted: str = f"a line of text, of 1 to {LONGEST_TEXT} letters",
    ) -> str:
        """Return a text."""
        value: str = self.get(key, str, wanted)
        if not (holds or is_line)(value):
            raise self.error(key, value, wanted)
        return value

    def whole(self, key: str, at_least: int = 1, at_most: int = 2**53) -> int:
        """Return a whole number."""
        wanted = f"a whole number from {at_least} to {at_most}"
        value: int = self.get(key, int, wanted)
        if not at_least <= value <= at_most:
            raise self.error(key, value, wanted)
        return value

    def fraction(self, key: str) -> float:
        """Return a number from 0 to 1."""
        wanted = "a number from 0 to 1"
        value: float = self.get(key, (int, float), wanted)
        if not 0 <= value <= 1:
            raise self.error(key, value, wanted)
        return float(value)


def shown(value: object) -> str:
    """Return the repr of any value for an error message, shortened."""
    try:
        return repr(value)[:MOST_SHOWN]
    except ValueError:  # Python refuses to print integers of more than a few thousand digits
        return f"{type(value).__name__} with an absurdly large number"


def is_line(text: str) -> bool:
    """Return whether a text can be shown on one line."""
    return 0 < len(text) <= LONGEST_TEXT and not UNSHOWABLE.search(text)


def is_file_name(text: str) -> bool:
    """Return whether a text is a valid file name on any system, without leaving its folder."""
    return (
        0 < len(text) <= LONGEST_NAME
        and text[0] not in ". "
        and text[-1] not in ". "
        and not set(text) & set('/\\:*?"<>|')
        and not UNSHOWABLE.search(text)
        and not _RESERVED.fullmatch(text.split(".")[0].rstrip())
    )
