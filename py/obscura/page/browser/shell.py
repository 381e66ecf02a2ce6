"""The room around the picture: theme, dialogs, keyboard, and files that are dropped or pasted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from js import document, location, window

from obscura.page.browser.dom import by_id, listen, terms
from obscura.page.state.settings import THEMES
from obscura.page.words import text


def set_up_theme(theme: str, on_change: Callable[[str], Any]) -> None:
    """Automatic, light or dark, by one button; automatic follows the system."""
    button = by_id("theme")

    def show(name: str) -> None:
        document.documentElement.dataset.theme = name
        button.setAttribute("aria-label", f"Colour theme: {text.THEMES[name]}")

    def following(_event: Any) -> None:
        now = str(document.documentElement.dataset.theme)
        name = THEMES[(THEMES.index(now) + 1) % len(THEMES)]
        show(name)
        on_change(name)

    show(theme)
    listen(button, "click", following)


def set_up_help() -> None:
    """The help: opened by its button, closed by its own or Escape."""
    by_id("keys").replaceChildren(*terms(text.KEYS))
    listen(by_id("help"), "click", lambda _event: by_id("help-dialog").showModal())


def dialog_open() -> bool:
    """Whether something covers the page."""
    return bool(document.querySelector("dialog[open]"))


def close_dialogs() -> None:
    """Close whatever covers the page."""
    for dialog in document.querySelectorAll("dialog[open]"):
        dialog.close()


def set_up_keys(actions: dict[str, Callable[[], Any]]) -> None:
    """Call `actions[key]()` for keys pressed outside of fields, buttons and dialogs."""

    def press(event: Any) -> Any:
        if event.ctrlKey or event.metaKey or event.altKey or (event.repeat and event.key == " "):
            return None
        if event.target.closest("input, select, textarea, dialog[open], [contenteditable]"):
            return None
        if event.key == " " and event.target.closest("button, summary, a, label"):
            return None  # Space presses what has the focus
        action = actions.get(event.key.lower())
        if action is None:
            return None
        event.preventDefault()
        return action()

    listen(document, "keydown", press)


def set_up_files(on_files: Callable[[list[Any]], Any]) -> None:
    """Call `on_files(files)` for files that are picked, dropped anywhere, or pasted."""
    dropzone = by_id("dropzone")

    def given(files: Any) -> Any:
        return on_files([files.item(i) for i in range(files.length)]) if files.length else None

    def picked(event: Any) -> Any:
        coroutine = given(event.target.files)
        event.target.value = ""  # so that the same file can be picked again
        return coroutine

    def over(event: Any) -> None:
        if "Files" in list(event.dataTransfer.types):
            event.preventDefault()
            dropzone.hidden = False

    def left(event: Any) -> None:
        if not event.relatedTarget:  # null is not None to Pyodide
            dropzone.hidden = True

    def dropped(event: Any) -> Any:
        event.preventDefault()
        dropzone.hidden = True
        return given(event.dataTransfer.files)

    def pasted(event: Any) -> Any:
        return given(event.clipboardData.files)

    for picker in ("photo", "own-files"):
        listen(by_id(picker), "change", picked)
    listen(window, "dragover", over)
    listen(window, "dragleave", left)
    listen(window, "drop", dropped)
    listen(window, "paste", pasted)


def toggle_full_screen() -> None:
    """The picture alone, and back."""
    if document.fullscreenElement:
        document.exitFullscreen()
    elif hasattr(by_id("stage"), "requestFullscreen"):
        by_id("stage").requestFullscreen()


def set_up_panel() -> None:
    """On small screens the panel is a sheet: opened by its button, closed by its own, a press
    beside it, or Escape."""
    button, panel, close = by_id("panel-toggle"), by_id("panel"), by_id("panel-close")

    def show(open_it: bool) -> None:
        was_open = panel.classList.contains("open")
        panel.classList.toggle("open", open_it)
        button.setAttribute("aria-expanded", "true" if open_it else "false")
        if open_it:
            close.focus()
        elif was_open and panel.contains(document.activeElement):
            button.focus()

    def press_beside(event: Any) -> None:
        if not event.target.closest("#panel, #panel-toggle"):
            show(False)

    listen(button, "click", lambda _event: show(not panel.classList.contains("open")))
    listen(close, "click", lambda _event: show(False))
    listen(document, "click", press_beside)
    listen(panel, "keydown", lambda event: show(False) if event.key == "Escape" else None)


def reload() -> None:
    """Load the page again."""
    location.reload()
