"""Hide: people, faces, writing and more are covered wherever the picture is shown or kept."""

from __future__ import annotations

from typing import Any

from obscura.page.features.redact import words
from obscura.page.state.feature import Command, Feature
from obscura.page.state.needs import Need, tracking
from obscura.page.state.settings import Setting, Settings, are_strings, is_flag, switch

HOW = ("fill", "blur", "pixelate")
MOST_KINDS = 100


def _kinds(text: str) -> list[str]:
    """Return the kinds that an address names, separated by commas."""
    return [kind for kind in (each.strip() for each in text.split(",")) if kind]


def _are_kinds(value: Any) -> bool:
    return are_strings(value) and len(value) <= MOST_KINDS


LOOKS = {"face": "faces", "text": "text"}
"""Kinds that closer looks find, and the looks that do."""


def lacking(settings: Settings) -> dict[str, Any]:
    """Return what hiding lacks: tracks, because what is not tracked cannot be covered while it is
    not detected; and the looks that find what is to be hidden."""
    lacks = tracking(settings)
    wanted = [LOOKS[kind] for kind in settings.redact_what if kind in LOOKS]
    if wanted and not settings.closer:
        lacks["closer"] = True
    missing = [look for look in wanted if look not in settings.closer_looks]
    if missing:
        lacks["closer_looks"] = [*settings.closer_looks, *missing]
    return lacks


FEATURE = Feature(
    "redact",
    entry="obscura.page.features.redact.part",
    switch="redact",
    needs=Need(lacking, words.NEEDED, insists=True),
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
