"""Commands: everything that a person can do by a key, a button or an error card. Pure Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from obscura.page.app import App
from obscura.page.state.feature import Command
from obscura.page.words import text

STEP = 1.5
"""Factor by which a key press zooms."""


def commands(app: App, shell: Any) -> list[Command]:
    """Return the page's own commands and those of its features, in the order of the keyboard help.

    Args:
        shell: dialogs, full screen: `browser.shell`.
    """
    keys = text.KEYS
    return [
        Command("start", app.press_start, " ", "start", keys["start"]),
        Command("pause", app.sources.playback.toggle_pause, "k", "pause", keys["pause"]),
        Command("photo", lambda: shell.click("photo"), "p", help=keys["photo"]),
        Command("share", app.share, button="share"),
        Command("flip", app.flip, button="flip"),
        Command("close", app.sources.close, button="close-source"),
        *(
            Command(
                each.name,
                partial(app.features.run, row.name, each.name),
                each.key,
                each.button,
                each.help,
            )
            for row in app.features
            for each in row.commands
        ),
        Command("previous", lambda: app.features.step(-1), ",", help=keys["step"]),
        Command("next", lambda: app.features.step(1), "."),
        Command("models", lambda: app.models.open(), "m", "models", keys["models"]),
        Command("full screen", shell.toggle_full_screen, "f", help=keys["full screen"]),
        Command(
            "fit",
            lambda: app.change(fit="fit" if app.view.fills else "fill"),
            "z",
            "fit",
            keys["fit"],
        ),
        Command("zoom in", lambda: app.view.magnify(STEP), "+", help=keys["zoom"]),
        Command("zoom in too", lambda: app.view.magnify(STEP), "="),
        Command("zoom out", lambda: app.view.magnify(1 / STEP), "-"),
        Command("whole picture", lambda: app.view.reset(), "0", "zoom-reset"),
        Command("help", shell.open_help, "?", "help", keys["help"]),
    ]


def actions(app: App, shell: Any) -> dict[str, Callable[[], Any]]:
    """Return what error cards offer, by the keys of `notices.ACTIONS`."""
    return {
        "camera": app.start,
        "screen": app.share,
        "photo": lambda: shell.click("photo"),
        "shapes": lambda: shell.click("count-file"),
        "model": lambda: app.models.retry(),
        "smallest-model": lambda: app.models.choose_smallest(),
        "automatic": lambda: app.models.choose_automatic(),
        "session": lambda: shell.click("export-file"),
        "own-model": lambda: shell.click("own-files"),
        "models": lambda: app.models.open(),
        "reload": shell.reload,
    }
