"""Recording: a video of what is seen, with the boxes of each frame, written as it comes."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature, When
from obscura.page.state.settings import Setting, is_flag

KEY = ("R", "record: a video of what is seen, or stop")
"""Not among the feature's words, which are fetched with its code."""

FEATURE = Feature(
    "record",
    entry="obscura.page.features.record.part",
    when=When.OPENED,  # it offers what an earlier visit could not save
    settings=(Setting("record_sound", False, is_flag, control="check"),),
    commands=(
        Command("switch", key="r", button="record", help=KEY),
        Command("save", button="record-save"),
        Command("share", button="record-share"),
        Command("delete", button="record-delete"),
        Command("open", button="record-open"),
        Command("whole", button="record-whole"),
        Command("cancel", button="record-cancel"),
    ),
    snapshot={"recording": None},
)
