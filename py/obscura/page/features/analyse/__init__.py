"""Thorough analysis: every frame of a video file, and marks where something was found."""

from __future__ import annotations

from obscura.page.features.analyse import words
from obscura.page.state.feature import Command, Feature, When

FEATURE = Feature(
    "analyse",
    entry="obscura.page.features.analyse.part",
    when=When.BROWSED,
    commands=(
        Command("all", button="analyse-all"),
        Command("pause", button="analyse-pause"),
        Command("cancel", button="analyse-cancel"),
        Command("previous mark", key="[", button="mark-previous", help=words.KEYS),
        Command("next mark", key="]", button="mark-next"),
    ),
    snapshot={"analysed": None},
)
