"""Hide: people, faces, writing and more are covered wherever the picture is shown or kept."""

from __future__ import annotations

from typing import Any

from obscura.page.features.redact import words
from obscura.page.state.feature import Command, Feature
from obscura.page.state.settings import Setting, are_strings, is_flag, switch

HOW = ("fill", "blur", "pixelate")
MOST_KINDS = 100


def _kinds(text: str) -> list[str]:
    """Return the kinds that an address names, separated by commas."""
    return [kind for kind in (each.strip() for each in text.split(",")) if kind]


def _are_kinds(value: Any) -> bool:
    return are_strings(value) and len(value) <= MOST_KINDS


LOOKS = {"face": "faces", "text": "text"}
"""The closer look that finds a kind."""


def needs(settings: Any) -> dict[str, Any]:
    """Return the values that other settings must have while parts are hidden.

    What is not tracked cannot be covered while it is missed, and faces and writing are found by
    closer looks.
    """
    looks = [LOOKS[kind] for kind in settings.redact_what if kind in LOOKS]
    if not looks:
        return {"track": True}
    on = list(settings.closer_looks) if settings.closer else []
    on += [each for each in looks if each not in on]
    return {"track": True, "closer": True, "closer_looks": on}


FEATURE = Feature(
    "redact",
    entry="obscura.page.features.redact.part",
    switch="redact",
    veils=True,
    settings=(
        Setting("redact", False, is_flag, switch, control="check"),
        # Names of classes; "face" and "text" are found by networks of their own.
        Setting("redact_what", ["face"], _are_kinds, _kinds, implies={"redact": True}),
        Setting("redact_how", "blur", HOW.__contains__, str, control="select"),
        # Whether the whole picture is covered while anything is uncertain.
        Setting("redact_strict", False, is_flag, switch, control="check"),
    ),
    commands=(
        Command("switch", key="h", help=words.KEY),
        Command("pick", button="redact-pick"),
        Command("all", button="redact-all"),
        Command("people", button="redact-people"),
    ),
    snapshot={"hidden": None},
)
