"""Browsing: the time line of a video, and a strip of several pictures that were given at once."""

from __future__ import annotations

from obscura.page.features.browse import words
from obscura.page.state.feature import Command, Feature, When

FEATURE = Feature(
    "browse",
    entry="obscura.page.features.browse.part",
    when=When.BROWSED,
    commands=(
        Command("previous", key=",", help=words.KEYS),
        Command("next", key="."),
        Command("previous frame", button="frame-previous"),
        Command("next frame", button="frame-next"),
        Command("previous picture", button="picture-previous"),
        Command("next picture", button="picture-next"),
    ),
)
