"""Shared screens, windows and tabs: how browsers name and refuse them."""

from __future__ import annotations

import re

from obscura.errors import ObscuraError

INNER_NAME = re.compile(
    r"^$|^(screen|window|tab|web-contents-media-stream)[-\w]*:|^\{?[\da-f-]{30,}"
)
"""Names that a browser gives for itself, such as "screen:0:0"; others are for people."""


class ScreenError(ObscuraError):
    """A screen, window or tab cannot be shared. This class: for a reason that none of the classes
    below names.

    ::

        ScreenError
        ├── ScreenRefused
        └── ScreenUnsupported
    """

    code = "screen"
    remedy = "Try again, or share something else."


class ScreenRefused(ScreenError):
    """The person closed the browser's dialog, a policy forbids sharing, or nothing was pressed."""

    code = "screen-refused"
    remedy = "Try again and choose what to share."


class ScreenUnsupported(ScreenError):
    """The browser shares no screens, as on phones, or not at this address."""

    code = "screen-unsupported"
    remedy = "Use a computer, or the camera."


def refusal(name: str, message: str) -> ScreenError:
    """Return the error for a rejected call of getDisplayMedia.

    Args:
        name: name of the DOMException, as the Screen Capture standard defines it.
        message: its message, in the browser's own words.
    """
    said = f"{name}: {message}"
    # InvalidStateError: browsers share only what was asked for by a press.
    if name in ("NotAllowedError", "InvalidStateError", "AbortError"):
        return ScreenRefused("Nothing is shared", said)
    if name in ("NotSupportedError", "TypeError"):
        return ScreenUnsupported("This browser shares no screen", said)
    return ScreenError("The screen could not be shared", said)


def screen_name(label: str, surface: str) -> str:
    """Return the name of what is shared.

    Args:
        label: as the browser names the track.
        surface: "monitor", "window" or "browser"; "" where the browser does not say.
    """
    kind = {"monitor": "Screen", "window": "Window", "browser": "Tab"}.get(surface, "Screen")
    return kind if INNER_NAME.search(label.lower()) else label
