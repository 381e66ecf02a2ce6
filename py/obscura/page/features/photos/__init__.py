"""Photos: several pictures that were given at once, as a grid and one by one."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature, When

KEY = ("G", "all pictures that you gave, as a grid")
"""Not among the feature's words, which are fetched with its code."""

FEATURE = Feature(
    "photos",
    entry="obscura.page.features.photos.part",
    when=When.SEVERAL,
    commands=(
        Command("grid", key="g", button="photos", help=KEY),
        Command("grid of the bar", button="picture-all"),
        Command("previous", button="picture-previous"),
        Command("next", button="picture-next"),
        Command("pause", button="photos-pause"),
        Command("cancel", button="photos-cancel"),
        Command("select", button="photos-select"),
        Command("unselect", button="photos-unselect"),
        Command("clear", button="photos-clear"),
        Command("undo", button="photos-undo"),
        Command("save", button="photos-save"),
        Command("cancel save", button="photos-save-cancel"),
        Command("grid of Export", button="export-photos"),
    ),
    snapshot={"photos": None},
)
