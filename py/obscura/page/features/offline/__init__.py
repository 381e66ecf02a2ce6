"""Working offline: which files are stored for that, and new versions of the page."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature, When

FEATURE = Feature(
    "offline",
    entry="obscura.page.features.offline.offline",
    when=When.OPENED,
    commands=(
        Command("store all", button="offline-all"),
        Command("update", button="update-now"),
    ),
)
