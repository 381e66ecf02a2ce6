"""Counting in the page: lines and zones drawn over the picture."""

from __future__ import annotations

from typing import Any

from obscura.page.features.count import words
from obscura.page.state.feature import Command, Feature
from obscura.page.state.settings import Setting, is_flag, switch

MOST_SOURCES = 50
"""Cameras and videos whose lines and zones are kept."""


def _are_texts(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= MOST_SOURCES
        and all(isinstance(each, str) for each in value.values())
    )


FEATURE = Feature(
    "count",
    entry="obscura.page.features.count.part",
    switch="count",
    settings=(
        Setting("count", False, is_flag, switch, control="check"),
        # Lines and zones as JSON text, per camera or video.
        Setting("shapes", {}, _are_texts),
    ),
    commands=(
        Command("line", key="l", button="count-line", help=words.KEYS),
        Command("zone", button="count-zone"),
        Command("delete", button="count-delete"),
        Command("undo", button="count-undo"),
        Command("redo", button="count-redo"),
        Command("clear", button="count-clear"),
    ),
)
