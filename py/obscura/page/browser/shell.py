"""Page chrome: theme, dialogs, keyboard shortcuts, and files that are dropped or pasted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from js import ResizeObserver, document, location, navigator, window
from pyodide.ffi import create_proxy

from obscura.page.browser import folders
from obscura.page.browser.dom import by_id, listen, media_matches, terms
from obscura.page.state.feature import Command
from obscura.page.state.settings import next_theme
from obscura.page.words import text

TYPED_IN = "input:not([type=range], [type=checkbox], [type=radio], [type=file]), select, textarea, \
[contenteditable]"
"""What keeps all keys to itself while it has the focus."""
SLIDER_KEYS = (
    "ArrowLeft",
    "ArrowRight",
    "ArrowUp",
    "ArrowDown",
    "Home",
    "End",
    "PageUp",
    "PageDown",
)


def set_up_theme(theme: str, on_change: Callable[[str], Any]) -> None:
    """Switch between automatic, light and dark by one button; automatic follows the system."""
    button = by_id("theme")

    def show(name: str) -> None:
        document.documentElement.dataset.theme = name
        words = text.THEME.format(theme=text.THEMES[name])
        button.setAttribute("aria-label", words)
        button.title = words

    def following(_event: Any) -> None:
        now = str(document.documentElement.dataset.theme)
        name = next_theme(now, dark=media_matches("(prefers-color-scheme: dark)"))
        show(name)
        on_change(name)

    show(theme)
    listen(button, "click", following)


def open_help() -> None:
    """Open the keyboard help; its own button or Escape closes it."""
    by_id("help-dialog").showModal()


def focused_id() -> str:
    """Return the id of the element that has the focus; "" if it has none."""
    return str(getattr(document.activeElement, "id", ""))


async def copy_text(words: str) -> None:
    """Copy text to the clipboard. Raises what the browser throws where it forbids that."""
    await navigator.clipboard.writeText(words)


def click(element: str) -> None:
    """Click the element with this id, as a person would: file inputs open their picker."""
    by_id(element).click()


def dialog_open() -> bool:
    """Whether something covers the page."""
    return bool(document.querySelector("dialog[open]"))


def close_dialogs() -> None:
    """Close whatever covers the page."""
    for dialog in document.querySelectorAll("dialog[open]"):
        dialog.close()


def _press(run: Callable[[], Any], _event: Any) -> Any:
    return run()


def bind(commands: Iterable[Command]) -> None:
    """Run commands when their buttons are clicked or their keys are pressed outside of fields,
    buttons and dialogs; list them in the keyboard help."""
    keys = {}
    helped = []
    for command in commands:
        assert command.run is not None
        if command.button:
            listen(by_id(command.button), "click", partial(_press, command.run))
        if command.key:
            keys[command.key] = command.run
        if command.help:
            helped.append(command.help)
    by_id("keys").replaceChildren(*terms(helped))

    def press(event: Any) -> Any:
        if event.ctrlKey or event.metaKey or event.altKey or (event.repeat and event.key == " "):
            return None
        run = None if _kept(event) else keys.get(event.key.lower())
        if run is None:
            return None
        event.preventDefault()
        return run()

    listen(document, "keydown", press)


def _kept(event: Any) -> bool:
    """Whether a key belongs to what has the focus."""
    target, key = event.target, event.key
    if target.closest(f"{TYPED_IN}, dialog[open]"):
        return True
    if key == " ":
        return bool(target.closest("button, summary, a, label, input:not([type=range])"))
    return key in SLIDER_KEYS and bool(target.closest("input[type=range]"))


def set_up_files(on_files: Callable[[list[Any]], Any]) -> None:
    """Call `on_files(files)` for files that are picked, dropped anywhere, or pasted."""
    dropzone = by_id("dropzone")

    def given(files: Any) -> Any:
        files = list(files)
        return on_files(files) if files else None

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
        return given(folders.dropped(event.dataTransfer))

    def pasted(event: Any) -> Any:
        return given(event.clipboardData.files)

    for picker in ("photo", "folder", "photos-more", "photos-folder", "own-files"):
        listen(by_id(picker), "change", picked)
    listen(window, "dragover", over)
    listen(window, "dragleave", left)
    listen(window, "drop", dropped)
    listen(window, "paste", pasted)


def watch_size(view: Any, canvas: Any, changed: Callable[[], None]) -> None:
    """Call `changed()` when the view has another size, and when the browser has lost what was on
    the canvas, as it does when its graphics process ends."""
    observer = ResizeObserver.new(create_proxy(lambda *_: changed()))
    for element in (view, by_id("actions")):  # which lies over the view on small screens
        observer.observe(element)
    listen(canvas, "contextrestored", lambda _event: changed())


def toggle_full_screen() -> None:
    """Show the picture alone, or leave that."""
    if document.fullscreenElement:
        document.exitFullscreen()
    elif hasattr(by_id("stage"), "requestFullscreen"):
        by_id("stage").requestFullscreen()


def close_panel() -> None:
    """Close the panel where it is a sheet that lies over the picture."""
    if by_id("panel").classList.contains("open"):
        by_id("panel-close").click()


SWIPE_PX = 60
"""How far a finger drags the sheet down to close it."""


def set_up_panel() -> None:
    """Make the panel a sheet on small screens: opened by its button, closed by its own, a press
    beside it, a swipe down, or Escape."""
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

    def key(event: Any) -> None:
        # The dialog of a key that was pressed in one may be closed by now.
        if event.key == "Escape" and not dialog_open() and not event.target.closest("dialog"):
            show(False)

    listen(button, "click", lambda _event: show(not panel.classList.contains("open")))
    listen(close, "click", lambda _event: show(False))
    listen(document, "click", press_beside)
    listen(document, "keydown", key)
    _set_up_swipe(panel, lambda: show(False))


def _set_up_swipe(panel: Any, close: Callable[[], None]) -> None:
    """Close a sheet that is dragged down by its handle, or by its content at its upper end."""
    start: list[float] = []

    def press(event: Any) -> None:
        start.clear()
        at_top = panel.scrollTop <= 0 and not event.target.closest("input, select, summary")
        if at_top or event.target.closest("#panel-handle"):
            start.append(_y_of(event))

    def move(event: Any) -> None:
        if start and _y_of(event) - start[0] > SWIPE_PX:
            start.clear()
            close()

    # Touches are reported to their end; of a finger's pointer the browser takes over a scroll.
    listen(panel, "touchstart", press)
    listen(panel, "touchmove", move)
    listen(by_id("panel-handle"), "pointerdown", press)
    listen(document, "pointermove", move)  # a mouse leaves the handle
    listen(document, "pointerup", lambda _event: start.clear())


def _y_of(event: Any) -> float:
    touches = getattr(event, "touches", None)
    return float(touches[0].clientY if touches else event.clientY)


def reload() -> None:
    """Load the page again."""
    location.reload()
