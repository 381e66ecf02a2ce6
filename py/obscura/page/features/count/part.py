"""Count in the page: draws lines and zones, counts at them, and keeps them per camera."""

from __future__ import annotations

from typing import Any

from obscura.counting import Counter, Shapes, ShapesError
from obscura.counting.shapes import from_json, to_json
from obscura.page.browser.dom import by_id, listen, make
from obscura.page.features.context import Context
from obscura.page.features.count import MOST_SOURCES, words
from obscura.page.features.count.editor import Editor
from obscura.page.features.count.grips import MOUSE_REACH, TOUCH_REACH
from obscura.page.features.count.layer import ShapeLayer
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Settings
from obscura.update import Update


def start(context: Context) -> Count:
    """Start the feature."""
    return Count(context)


class Count(Part):
    """The counter (a stage), the layer that shows it, and the list in the panel (a sink)."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._preferences = context.page, context.preferences
        self._overlay, self._spawn = context.overlay, context.spawn
        self._counter = Counter(Shapes())
        self._editor = Editor(Shapes(), self._edited)
        self._layer = ShapeLayer(self._editor, self._counter)
        self._canvas, self._list = by_id("overlay"), by_id("count-list")
        self._on = self._tracked = False
        self._source = ""  # whose lines and zones are in view
        self._listed: list[tuple[str, str]] = []
        self.stages = (self,)
        self.sinks = (self,)
        self.layers = (self._layer,)
        for event, handler in {
            "pointerdown": self._press,
            "pointermove": self._move,
            "pointerup": self._release,
            "pointercancel": self._cancel,
            "dblclick": self._double,
            "keydown": self._key,
        }.items():
            listen(self._canvas, event, handler)

    # ---- of the page -----------------------------------------------------------------------------

    def run(self, command: str) -> Any:
        """See `Part`."""
        if command in ("line", "zone"):
            return self._draw(command)
        if command == "clear":
            self._counter.clear()
            done = True
        else:
            done = {
                "delete": self._editor.delete,
                "undo": self._editor.undo,
                "redo": self._editor.redo,
            }[command]()
        if done:
            self._say(words.DONE[command])
        self._show()
        return None

    def settings_changed(self, settings: Settings) -> None:
        """See `Part`."""
        tracked, self._tracked = self._tracked, settings.track
        if settings.count and not settings.track:
            # Who is not tracked cannot be counted: the switch that was moved last decides.
            self._page.change(**({"count": False} if tracked else {"track": True}))
            return
        self._on = settings.count
        by_id("count-tools").hidden = not self._on
        self.scene_changed()

    def scene_changed(self) -> None:
        """See `Part`."""
        sources = self._page.sources
        live = sources.scene.kind is Kind.LIVE
        self._layer.shown = self._on and live
        self._canvas.classList.toggle("edited", self._layer.shown)
        if self._layer.shown:
            self._canvas.tabIndex = 0
            self._canvas.setAttribute("aria-label", words.CANVAS)
        else:
            self._canvas.removeAttribute("tabindex")
        source = self._name() if live else self._source
        if source != self._source:
            self._source = source
            self._load(self._preferences.current.shapes.get(source, ""))
        self._show()

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        return {"counts": counts(self._counter, self._labels())}

    # ---- a stage and a sink ----------------------------------------------------------------------

    def update(self, update: Update) -> Update:
        """Count in a frame."""
        return self._counter.update(update) if self._on else update

    def reset(self) -> None:
        """Forget the tracks."""
        self._counter.reset()

    def take(self, update: Update) -> None:  # noqa: ARG002  (a sink)
        """List the counts."""
        if self._on:
            self._render_list()

    def close(self) -> None:
        """Nothing is held."""

    # ---- lines and zones -------------------------------------------------------------------------

    def _name(self) -> str:
        sources = self._page.sources
        return f"video {sources.source_name}" if sources.is_video else str(sources.camera_id)

    def _labels(self) -> tuple[str, ...]:
        card = self._page.sessions.card
        return card.labels if card else ()

    def _load(self, stored: str) -> None:
        shapes = Shapes()
        if stored:
            try:
                shapes = from_json(stored)
            except ShapesError as error:
                self._say(str(error))
        self._counter.change(Shapes())
        self._counter.change(shapes)
        self._editor = self._layer.editor = Editor(shapes, self._edited)

    def _edited(self, shapes: Shapes) -> None:
        """Count at these from now on, and keep them."""
        self._counter.change(shapes)
        kept = dict(self._preferences.current.shapes)
        kept.pop(self._source, None)
        if shapes.lines or shapes.zones:
            kept[self._source] = to_json(shapes)
        latest = dict(list(kept.items())[-MOST_SOURCES:])
        self._page.change(shapes=latest)
        self._show()

    def _draw(self, kind: str) -> None:
        if self._page.sources.scene.kind is not Kind.LIVE:
            self._say(words.NO_SOURCE)
            return
        if not self._on:
            self._page.change(count=True, track=True)
            self._on = self._tracked = True
            by_id("count-tools").hidden = False
            by_id("count").checked = True
            self.scene_changed()
        try:
            self._editor.draw(kind)
        except ShapesError as error:
            self._say(str(error))
            return
        self._say(words.DRAWING[kind])
        self._canvas.focus()
        self._show()

    # ---- pointers and keys -----------------------------------------------------------------------

    def _at(self, event: Any) -> tuple[float, float]:
        corner = self._canvas.getBoundingClientRect()
        return event.clientX - corner.left, event.clientY - corner.top

    def _reach(self, event: Any) -> float:
        return MOUSE_REACH if event.pointerType == "mouse" else TOUCH_REACH

    def _used(self, event: Any, used: bool) -> None:
        """Keep an event that the editor made use of from zooming and panning."""
        if used:
            event.stopPropagation()
            event.preventDefault()
            self._show()

    def _press(self, event: Any) -> None:
        if self._layer.shown and self._layer.view and event.isPrimary:
            used = self._editor.press(self._at(event), self._layer.view, self._reach(event))
            if used:
                self._canvas.setPointerCapture(event.pointerId)
                self._canvas.focus()
            self._used(event, used)

    def _move(self, event: Any) -> None:
        if self._layer.shown and self._layer.view and event.isPrimary:
            self._used(event, self._editor.move(self._at(event), self._layer.view))

    def _release(self, event: Any) -> None:
        if self._layer.shown and self._layer.view and event.isPrimary:
            used = self._editor.release(self._at(event), self._layer.view, self._reach(event))
            self._used(event, used)

    def _cancel(self, event: Any) -> None:
        if self._layer.shown and event.isPrimary:
            self._used(event, self._editor.cancel())

    def _double(self, event: Any) -> None:
        if self._layer.shown:
            self._used(event, self._editor.double())

    def _key(self, event: Any) -> None:
        if self._layer.shown and self._layer.view:
            used = self._editor.key(str(event.key), self._layer.view, shift=event.shiftKey)
            self._used(event, used)

    # ---- what is shown ---------------------------------------------------------------------------

    def _say(self, sentence: str) -> None:
        by_id("count-note").textContent = sentence

    def _show(self) -> None:
        self._overlay.redraw()
        self._render_list()

    def _render_list(self) -> None:
        rows = [(name, words.line_counts(line)) for name, line in self._counter.lines.items()]
        rows += [(name, words.zone_counts(zone)) for name, zone in self._counter.zones.items()]
        if rows == self._listed:
            return
        self._listed = rows
        by_id("count-empty").hidden = bool(rows)
        items = []
        for name, counted in rows:
            item = make("li")
            item.append(make("span", text=name), make("span", text=counted, cls="count"))
            items.append(item)
        self._list.replaceChildren(*items)


def counts(counter: Counter, labels: tuple[str, ...]) -> dict[str, Any]:
    """Return what was counted, as plain values: by line, direction and class, and by zone."""
    lines: dict[str, Any] = {}
    for name, line in counter.lines.items():
        lines[name] = {"in": {}, "out": {}}
        for (class_id, direction), count in line.counts.items():
            lines[name][direction][labels[class_id]] = count
    zones = {
        name: {
            kind: {labels[class_id]: count for class_id, count in tally.items()}
            for kind, tally in (
                ("inside", zone.inside),
                ("entered", zone.entries),
                ("left", zone.exits),
            )
        }
        for name, zone in counter.zones.items()
    }
    return {"lines": lines, "zones": zones}
