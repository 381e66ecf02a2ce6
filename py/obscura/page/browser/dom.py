"""Helpers for the DOM: find, make, listen.

Ownership: `listen` creates one proxy that lives as long as the page does; every listener of the app
is set once, at start. Elements and events are JavaScript objects seen through proxies that Pyodide
frees when Python drops them.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Iterable
from typing import Any

from js import (
    JSON,
    Object,
    ResizeObserver,
    console,
    document,
    matchMedia,
    obscura,
    setInterval,
    window,
)
from pyodide.ffi import create_proxy, to_js

_tasks: set[asyncio.Task[None]] = set()
_report: list[Callable[[BaseException], None]] = []


def by_id(name: str) -> Any:
    """The element with this id; the markup promises that it exists."""
    element = document.getElementById(name)
    if not hasattr(element, "nodeType"):  # null is not None to Pyodide
        raise LookupError(f"index.html has no element with id {name!r}")
    return element


def show_note(name: str, sentence: str) -> None:
    """Show a sentence in the element with this id, if the page has one by now."""
    element = document.getElementById(name)
    if hasattr(element, "nodeType"):
        element.textContent = sentence


def contains_focus(element: Any) -> bool:
    """Whether an element, or something inside it, has the focus."""
    return bool(element.contains(document.activeElement))


def page_data() -> Any:
    """Return the `dataset` of the page's body: its state and scene, for styles and tests."""
    return document.body.dataset


def page_hidden() -> bool:
    """Whether the page is out of sight, in a tab behind others for example."""
    return bool(document.hidden)


def media_matches(query: str) -> bool:
    """Whether a media query, as in a style sheet, is true now."""
    return bool(matchMedia(query).matches)


def set_theme(theme: str) -> None:
    """Use a theme: "auto", "light" or "dark"."""
    document.documentElement.dataset.theme = theme


def make(tag: str, *, text: str | None = None, cls: str = "", **attributes: str) -> Any:
    """A new element. Text is set as text, never as markup."""
    element = document.createElement(tag)
    if cls:
        element.className = cls
    if text is not None:
        element.textContent = text
    for name, value in attributes.items():
        element.setAttribute(name.replace("_", "-"), value)
    return element


def terms(rows: Iterable[tuple[str, str]]) -> list[Any]:
    """The inside of a `<dl>`: a term and what it means, per row."""
    return [
        part for name, value in rows for part in (make("dt", text=name), make("dd", text=value))
    ]


def js_object(**values: Any) -> Any:
    """A plain JavaScript object, nested ones included."""
    return to_js(values, dict_converter=Object.fromEntries)


def listener(handler: Callable[[Any], Any]) -> Any:
    """Return a JavaScript function that calls `handler(event)`; coroutines are run, and errors are
    reported. It lives as long as the page: make it once and use it for any number of targets."""

    def call(js_event: Any = None) -> None:  # timers give none
        try:
            outcome = handler(js_event)
        except Exception as error:  # noqa: BLE001  (the page goes on, whatever it was)
            report(error)
            return
        if inspect.iscoroutine(outcome):
            run(outcome)

    return create_proxy(call)


def listen(target: Any, event: str, handler: Callable[[Any], Any]) -> None:
    """Call `handler(event)` on every such event, for the life of the page; see `listener`."""
    target.addEventListener(event, listener(handler))


def watch_box(element: Any, changed: Callable[[], None]) -> None:
    """Call `changed()` when an element has another size, for the life of the page."""
    ResizeObserver.new(create_proxy(lambda *_: changed())).observe(element)


def every(milliseconds: int, handler: Callable[[], Any]) -> None:
    """Call `handler()` again and again, for the life of the page; see `listener`."""
    setInterval(listener(lambda _event: handler()), milliseconds)


def on_hidden(handler: Callable[[], Any]) -> None:
    """Call `handler()` whenever the page is hidden or left, for the life of the page; nothing else
    may run after it."""

    def changed(event: Any) -> None:
        if event.type == "pagehide" or document.hidden:
            handler()

    listen(document, "visibilitychange", changed)
    listen(window, "pagehide", changed)


def on_leave(handler: Callable[[], Any]) -> None:
    """Call `handler()` when the page is closed or left for good; nothing else may run after it."""
    listen(window, "pagehide", lambda event: None if event.persisted else handler())


def on_visibility(handler: Callable[[bool], Any]) -> None:
    """Call `handler(hidden)` whenever the page is hidden or seen again, as long as it lives."""
    listen(document, "visibilitychange", lambda _event: handler(bool(document.hidden)))


def publish(name: str, call: Callable[[], Any]) -> None:
    """Make `globalThis.obscura.NAME()` return what `call()` does, as plain JavaScript values; None
    is null. The proxy lives as long as the page.

    By way of JSON, because `to_js` turns None into undefined, and then a field is absent.
    """

    def answer() -> Any:
        value = call()
        return JSON.parse(json.dumps(value)) if isinstance(value, dict) else None

    setattr(obscura, name, create_proxy(answer))


def run(coroutine: Any) -> asyncio.Task[None]:
    """Start a coroutine; what it raises goes to the app's error card, not to the console alone."""
    return _watched(asyncio.ensure_future(coroutine))


def run_now(coroutine: Any) -> asyncio.Task[None]:
    """As `run`, but go on until it first waits before returning: what it begins with is done by
    then, without a turn of the event loop."""
    loop = asyncio.get_event_loop()
    # Since Python 3.12, and the page has its own.
    return _watched(asyncio.Task(coroutine, loop=loop, eager_start=True))  # type: ignore[call-arg]


def _watched(task: asyncio.Task[None]) -> asyncio.Task[None]:
    _tasks.add(task)
    task.add_done_callback(_finished)
    return task


def on_failure(report_error: Callable[[BaseException], None]) -> None:
    """Say who shows errors that nobody caught."""
    _report[:] = [report_error]


def log_error(words: str) -> None:
    """Write to the browser's console."""
    console.error(words)


def report(error: BaseException) -> None:
    """Show an error that nobody caught."""
    for show in _report:
        show(error)


def _finished(task: asyncio.Task[None]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and (error := task.exception()):
        report(error)
