"""Count in the page: draws lines and zones, counts at them, and keeps them per camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from obscura.counting import Counter, Shapes, ShapesError
from obscura.counting.shapes import from_json, to_json
from obscura.page.browser.dom import by_id, listen
from obscura.page.browser.shell import close_panel
from obscura.page.features.context import Context
from obscura.page.features.count import MOST_SOURCES, figures, is_passing, transfer, words
from obscura.page.features.count.dialog import CountsDialog
from obscura.page.features.count.editor import Editor
from obscura.page.features.count.hands import Hands
from obscura.page.features.count.layer import ShapeLayer
from obscura.page.features.count.ledger import Ledger
from obscura.page.features.count.panel import ShapePanel
from obscura.page.features.count.stored import StoredHistory
from obscura.page.features.count.undo import Act
from obscura.page.live.analysis import ended
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
        self._page, self._preferences, self._context = context.page, context.preferences, context
        self._overlay, self._analysis = context.overlay, context.analysis
        self._counter = Counter(Shapes())
        self._layer = ShapeLayer(Editor(Shapes(), self._edited), Ledger(Shapes()))
        self._layer.covered = lambda: self._overlay.covered
        self._canvas = by_id("overlay")
        self._hands = Hands(self._canvas, self._layer, self._show, self._say)
        self._panel = ShapePanel(self._layer, self._show)
        self._history = StoredHistory(context, self._say, self._show)
        self._over_time = CountsDialog(context, self._history)
        self._on = False
        self._source = ""  # whose lines and zones are in view
        self._passing: dict[str, str] = {}  # lines and zones of screens, as JSON text
        self._labels: tuple[str, ...] = ()  # of the model that answered last
        self._given: Shapes | None = None  # by the address, for every camera and video
        self._imported: Shapes | None = None  # which wait for one
        context.shapes_of = self._shapes_of
        self.stages = (self,)
        self.sinks = (self,)
        self.layers = (self._layer,)
        listen(by_id("count-file"), "change", self._picked)
        if self._preferences.current.shapes:
            self._given = Shapes()  # nothing is counted elsewhere meanwhile
            context.spawn(self._fetch(self._preferences.current.shapes))

    @property
    def _editor(self) -> Editor:
        return self._layer.editor

    @property
    def _ledger(self) -> Ledger:
        return self._layer.ledger

    # ---- of the page -----------------------------------------------------------------------------

    def run(self, command: str) -> Any:
        """See `Part`."""
        editor = self._editor
        if command in ("line", "zone"):
            return self._draw(command)
        if command in CountsDialog.COMMANDS:
            return self._over_time.run(command)
        if command == "export":
            return transfer.save(editor.shapes)
        if command == "import":
            return by_id("count-file").click()
        done = {
            "finish": editor.finish,
            "cancel": editor.cancel,
            "reverse": self._reverse,
            "delete": editor.remove,
            "undo": editor.undo,
            "redo": editor.redo,
            "clear": self._clear,
        }[command]()
        if done:
            self._say(words.DONE[command])
        self._show()
        if command in ("finish", "cancel"):
            self._canvas.focus()  # where it was drawn: the button is gone
        return None

    def settings_changed(self, settings: Settings) -> None:
        """See `Part`."""
        self._switch(settings.count)

    def scene_changed(self) -> None:
        """See `Part`."""
        sources = self._page.sources
        live = sources.scene.kind is Kind.LIVE
        self._layer.shown = self._on and live
        self._hands.show(self._layer.shown)
        if self._editor.drawing and not self._layer.shown:
            self._editor.cancel()
        source = self._name() if live else self._source
        if source != self._source:
            self._source = source
            self._load()
        if live and self._imported is not None:
            imported, self._imported = self._imported, None
            self._use(imported)
        self._show()

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        return {"counts": self._ledger.as_dict()}

    async def forget(self) -> None:
        """See `Part`."""
        await self._history.forget()

    async def open_file(self, file: Any) -> None:
        """See `Part`."""
        shapes = await transfer.read(file)
        if not (shapes.lines or shapes.zones):
            self._say(words.NOTHING_IN)
            return
        self._turn_on()
        if self._page.sources.scene.kind is Kind.LIVE:
            self._use(shapes)
        else:
            self._imported = shapes
            self._say(words.WAITING.format(what=words.what(shapes)))

    # ---- a stage and a sink ----------------------------------------------------------------------

    def update(self, update: Update) -> Update:
        """Count in a frame."""
        if not self._on:
            return update
        update = replace(update, events=self._counter.update(self._wanted(update)).events)
        self._labels = self._analysis.labels
        self._ledger.take(self._counter, self._labels)
        if self._layer.shown:
            self._history.count(update, self._labels, self._counter)
        return update

    def _wanted(self, update: Update) -> Update:
        """Return the update without the classes that a person has hidden."""
        answer = self._analysis.current
        classes = self._analysis.options(answer.card).classes if answer else None
        if classes is None:
            return update
        found = update.detections
        rows = [each in classes for each in found.class_id.tolist()]
        return replace(update, detections=found[np.array(rows, bool)])

    def reset(self) -> None:
        """Forget the tracks; what was counted stays."""
        self._history.pause()
        self._counter.reset()
        self._ledger.take(self._counter, self._labels)

    def take(self, update: Update) -> None:  # noqa: ARG002  (a sink)
        """List the counts."""
        if self._on:
            self._panel.show()
            self._over_time.counted()

    def close(self) -> None:
        """Nothing is held."""

    # ---- lines and zones -------------------------------------------------------------------------

    def _name(self) -> str:
        sources = self._page.sources
        return f"video {sources.source_name}" if sources.is_video else str(sources.camera_id)

    def _load(self) -> None:
        """Go on with the lines, zones and counts of the camera or video in view."""
        shapes = self._shapes_of(self._source)
        self._counter.change(Shapes())
        self._counter.change(shapes)
        self._layer.ledger = self._history.enter(self._source, shapes)
        self._layer.editor = Editor(shapes, self._edited, self._used_names)

    def _shapes_of(self, source: str) -> Shapes:
        if self._given is not None:
            return self._given
        drawn = self._passing if is_passing(source) else self._preferences.current.drawn
        stored = drawn.get(source, "")
        try:
            return from_json(stored) if stored else Shapes()
        except ShapesError as error:
            self._say(str(error))
            return Shapes()

    def _edited(self, shapes: Shapes) -> None:
        """Count at these from now on, and keep them."""
        self._counter.change(shapes)
        self._history.change(shapes)
        if self._given is not None:
            self._given = shapes
        elif is_passing(self._source):
            self._passing[self._source] = to_json(shapes)
        else:
            kept = dict(self._preferences.current.drawn)
            kept.pop(self._source, None)
            if shapes.lines or shapes.zones:
                kept[self._source] = to_json(shapes)
            self._page.change(drawn=dict(list(kept.items())[-MOST_SOURCES:]))
        self._show()

    def _used_names(self) -> set[str]:
        """Return the names whose counts are kept."""
        source = self._history.source
        return figures.counted_names(source.series, source.ledger) if source else set()

    def _draw(self, kind: str) -> None:
        if self._page.sources.scene.kind is not Kind.LIVE:
            self._say(words.NO_SOURCE)
            return
        self._turn_on()
        try:
            self._editor.draw(kind)
        except ShapesError as error:
            self._say(str(error))
            return
        self._context.begin_drawing(self._stop_drawing)
        self._say("")
        close_panel()  # on small screens it covers half of the picture
        self._canvas.focus()
        self._show()

    def _stop_drawing(self) -> None:
        """Something else is drawn over the picture from now on."""
        if self._editor.cancel():
            self._show()

    def _reverse(self) -> bool:
        chosen = self._editor.chosen
        if chosen is not None:
            self._editor.reverse(chosen.name)
        return chosen is not None

    def _clear(self) -> bool:
        """Begin all counts at 0 again, which can be undone."""
        cleared: list[Callable[[], None]] = []

        def again() -> None:
            cleared.append(self._history.clear())

        again()
        self._editor.record(Act(lambda: cleared.pop()(), again))
        return True

    def _turn_on(self) -> None:
        """Switch counting and tracking on, if they are off."""
        if not self._on:
            self._page.change(count=True)
            by_id("count").checked = by_id("track").checked = True
            self._switch(True)

    def _switch(self, on: bool) -> None:
        if on != self._on:
            latest = self._analysis.update
            if self._on and latest is not None:  # who is in a zone leaves it, here and in events
                self._analysis.publish(self.update(ended(latest.frame)).events)
            self.reset()  # who crosses a line meanwhile is not seen to do so
        self._on = on
        by_id("count-tools").hidden = not on
        self.scene_changed()

    # ---- files and the address -------------------------------------------------------------------

    async def _fetch(self, given: str) -> None:
        """Count at what the address gives; in its absence at what people drew."""
        try:
            self._given = await transfer.fetch(given)
        except ShapesError as error:
            self._given = None
            self._say(str(error))  # the card is gone once the camera starts
            raise
        finally:
            by_id("count-given").hidden = self._given is None
            self._load()
            self._show()

    async def _picked(self, event: Any) -> None:
        """Import a file that was chosen; what is wrong with it is said beside the button."""
        picker = event.target
        file = picker.files.item(0)
        picker.value = ""  # so that the same file can be picked again
        if not hasattr(file, "size"):  # null is not None to Pyodide
            return
        try:
            await self.open_file(file)
        except ShapesError as error:
            self._say(str(error))

    def _use(self, shapes: Shapes) -> None:
        self._editor.load(shapes)
        self._say(words.IMPORTED.format(what=words.what(shapes)))
        self._show()

    # ---- what is shown ---------------------------------------------------------------------------

    def _say(self, sentence: str) -> None:
        by_id("count-note").textContent = sentence

    def _show(self) -> None:
        self._overlay.redraw()
        self._panel.show()
