"""Privacy: lists every request, and deletes stored data."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature

FEATURE = Feature(
    "privacy",
    entry="obscura.page.features.privacy.dialog",
    commands=(
        Command("open", button="promise"),
        Command("ask to delete", button="forget"),
        Command("keep", button="forget-keep"),
        Command("delete", button="forget-now"),
    ),
)
