"""Cropping: look at a part of a shared screen, window or tab, for as long as it is shared."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature

FEATURE = Feature(
    "crop",
    entry="obscura.page.features.crop.part",
    commands=(
        Command("open", button="crop"),
        Command("whole", button="crop-whole"),
        Command("use", button="crop-use"),
        Command("cancel", button="crop-cancel"),
    ),
)
