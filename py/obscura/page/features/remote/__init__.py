"""Server of the host's own, which analyses pictures if a person agrees, for one visit.

Only sites that were built with ``--server`` have this feature (tools/builder/remote.py).
"""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature

FEATURE = Feature(
    "remote",
    entry="obscura.page.features.remote.part",
    commands=(
        Command("open", button="remote-open"),
        Command("offer", button="remote-offer"),
        Command("agree", button="remote-agree"),
        Command("stop", button="remote-badge"),
        Command("end", button="remote-end"),
    ),
)
