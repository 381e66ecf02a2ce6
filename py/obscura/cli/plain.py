"""Plain text: names as a terminal may have them, whatever characters files and classes have."""

from __future__ import annotations

import re

from obscura.errors import ObscuraError

# Line breaks, what commands a terminal, and what turns the direction of writing.
_CONTROLS = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]")


def plain(text: str) -> str:
    """Return a text on one line, with control characters as escapes such as ``\\n``."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def message(error: ObscuraError) -> str:
    """Return the message of an error, with its value as `plain` has it."""
    value = str(error.value)
    return str(error).replace(value, plain(value))
