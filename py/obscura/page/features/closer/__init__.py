"""Closer looks: faces, expressions, age, poses and writing, by networks of their own."""

from __future__ import annotations

from typing import Any

from obscura.page.features.closer import words
from obscura.page.state.feature import Command, Feature
from obscura.page.state.needs import Need, tracking
from obscura.page.state.settings import Setting, are_strings, is_flag, is_number, switch

LOOKS = ("faces", "emotion", "age-gender", "pose", "text")
"""What can be looked for, besides a person's own networks, "own:NAME". "faces" stands for the
networks of near and of far faces."""


def _looks(text: str) -> list[str]:
    """Return the looks that an address names, separated by commas."""
    return [each.strip() for each in text.split(",") if each.strip()]


def _are_looks(value: Any) -> bool:
    return are_strings(value) and all(each in LOOKS or each.startswith("own:") for each in value)


def _are_own(value: Any) -> bool:
    rows = value.values() if isinstance(value, dict) else [None]
    return all(
        isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and is_number(row[1])
        for row in rows
    )


def _is_pipeline(head: bytes) -> bool:
    return not head.lstrip().startswith(b"{") and b"[pipeline" in head.replace(b"[[", b"[")


FEATURE = Feature(
    "closer",
    entry="obscura.page.features.closer.part",
    switch="closer",
    # What is found out is kept per track.
    needs=Need(tracking, words.NEEDS_TRACKING),
    settings=(
        Setting("closer", False, is_flag, switch, control="check"),
        Setting("closer_looks", ["faces"], _are_looks, _looks, implies={"closer": True}),
        # Title and bytes of each network that the person added, by name.
        Setting("closer_own", {}, _are_own),
    ),
    commands=(
        Command("switch", key="x", help=words.KEY),
        Command("again", button="closer-again"),
    ),
    snapshot={"heads": None},
    claims=_is_pipeline,
)
