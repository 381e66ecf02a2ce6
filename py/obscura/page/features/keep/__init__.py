"""Keeping what is seen: a snapshot with its boxes, to save, copy or share, and its data."""

from __future__ import annotations

from obscura.page.features.keep import words
from obscura.page.state.feature import Command, Feature

FEATURE = Feature(
    "keep",
    entry="obscura.page.features.keep.dialog",
    commands=(
        Command("take", key="s", button="snapshot", help=words.KEY),
        Command("save", button="keep-save"),
        Command("copy", button="keep-copy"),
        Command("share", button="keep-share"),
        Command("json", button="keep-json"),
        Command("csv", button="keep-csv"),
    ),
)
