"""Events in the page: a list of what happens, as a file, to embedding pages, and as alerts."""

from __future__ import annotations

from obscura.page.features.events import words
from obscura.page.state.feature import Command, Feature
from obscura.page.state.needs import Need, tracking
from obscura.page.state.settings import Setting, is_flag, switch

FEATURE = Feature(
    "events",
    entry="obscura.page.features.events.part",
    switch="events",
    needs=Need(tracking, words.NEEDS_TRACKING),
    settings=(
        Setting("events", False, is_flag, switch, control="check"),
        # Which kinds are listed, saved and alerted to.
        Setting("events_crossings", True, is_flag, control="check"),
        Setting("events_zones", True, is_flag, control="check"),
        Setting("events_views", False, is_flag, control="check"),
        # Alerts.
        Setting("events_sound", False, is_flag, control="check"),
        Setting("events_aloud", False, is_flag, control="check"),
        Setting("events_notify", False, is_flag, control="check"),
    ),
    commands=(
        Command("save", button="events-save"),
        Command("clear", button="events-clear"),
        Command("undo", button="events-undo"),
    ),
)
