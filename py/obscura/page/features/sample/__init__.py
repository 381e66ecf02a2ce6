"""The sample clip: people who walk through a room, to try tools on without a camera."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature

FEATURE = Feature(
    "sample",
    entry="obscura.page.features.sample.part",
    commands=(
        Command("track", button="try-track"),
        Command("count", button="try-count"),
        Command("events", button="try-events"),
        Command("redact", button="try-redact"),
    ),
)
