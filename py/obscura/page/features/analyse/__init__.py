"""Thorough analysis: every frame of a video file, and marks where something was found."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature, When

KEYS = ("[ ]", "previous, next place where something was found")
"""Not among the feature's words, which are fetched with its code."""

FEATURE = Feature(
    "analyse",
    entry="obscura.page.features.analyse.part",
    when=When.BROWSED,
    commands=(
        Command("all", button="analyse-all"),
        Command("pause", button="analyse-pause"),
        Command("cancel", button="analyse-cancel"),
        Command("previous mark", key="[", button="mark-previous", help=KEYS),
        Command("next mark", key="]", button="mark-next"),
    ),
    snapshot={"analysed": None},
)
