"""Browsing: the time line of a video."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature, When

FEATURE = Feature(
    "browse",
    entry="obscura.page.features.browse.part",
    when=When.BROWSED,
    commands=(
        Command("previous frame", button="frame-previous"),
        Command("next frame", button="frame-next"),
    ),
)
