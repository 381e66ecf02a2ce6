"""Counting in the page: lines and zones drawn over the picture."""

from __future__ import annotations

from typing import Any

from obscura.page.features.count import words
from obscura.page.state.feature import Command, Feature
from obscura.page.state.needs import Need, tracking
from obscura.page.state.settings import Setting, is_flag, switch

MOST_SOURCES = 50
"""Cameras and videos whose lines and zones are kept."""


def is_passing(source: str) -> bool:
    """Whether lines and zones of a source, by its name, and what they counted last for the visit
    only: no screen, window or tab that is shared is ever the same again."""
    return source.startswith("screen ")


def _are_texts(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= MOST_SOURCES
        and all(isinstance(each, str) for each in value.values())
    )


def is_shapes_file(head: bytes) -> bool:
    """Whether a JSON file that begins so holds lines and zones. Archives may have such a file."""
    text = head.replace(b"\0", b"")  # of UTF-16
    return (
        b"PK\5\6" not in head and b'"format"' in text and (b'"lines"' in text or b'"zones"' in text)
    )


FEATURE = Feature(
    "count",
    entry="obscura.page.features.count.part",
    switch="count",
    needs=Need(tracking, words.NEEDS_TRACKING),
    settings=(
        Setting("count", False, is_flag, switch, control="check"),
        # Lines and zones that people drew, as JSON text, per camera or video.
        Setting("drawn", {}, _are_texts),
        # Those that the address gives, as JSON text or the address of a file; never stored.
        Setting(
            "shapes",
            "",
            lambda value: isinstance(value, str),
            str,
            implies={"count": True},
        ),
    ),
    commands=(
        Command("line", key="l", button="count-line", help=words.KEYS),
        Command("zone", button="count-zone", help=words.SELECT_KEYS),
        Command("finish", button="count-finish"),
        Command("cancel", button="count-cancel"),
        Command("reverse", button="count-reverse"),
        Command("delete", button="count-delete"),
        Command("undo", button="count-undo", help=words.UNDO_KEYS),
        Command("redo", button="count-redo"),
        Command("clear", button="count-clear"),
        Command("export", button="count-export"),
        Command("import", button="count-import"),
        Command("counts", button="count-counts"),
        Command("earlier", button="counts-earlier"),
        Command("later", button="counts-later"),
        Command("table or chart", button="counts-as"),
        Command("save counts", button="counts-csv"),
    ),
    snapshot={"counts": None},
    claims=is_shapes_file,
)
