"""Export in the page: keeps answers, writes them as files, and replays sessions."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from obscura.cards.card import ModelCard
from obscura.counting import Shapes, ShapesError
from obscura.counting.shapes import from_json
from obscura.page.browser import files, storage
from obscura.page.browser.boot import boot
from obscura.page.browser.dom import by_id, every, listen, on_hidden, on_leave, run_now
from obscura.page.browser.media import Media
from obscura.page.browser.records import RESULTS, RecordDatabase
from obscura.page.browser.stills import Stills
from obscura.page.features.context import Context
from obscura.page.features.export import words
from obscura.page.features.export.dialog import ExportDialog
from obscura.page.features.export.keeper import Keeper
from obscura.page.features.export.sessions import Sessions
from obscura.page.features.export.writing import ENDINGS, Wanted
from obscura.page.live.identity import sha256
from obscura.page.live.results import Results
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Settings
from obscura.tracking import Tracker

FLUSH_MS = 2000


def start(context: Context) -> Export:
    """Start the feature."""
    return Export(context)


class Export(Part):
    """The switch, the dialog and sessions."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._context, self._page = context, context.page
        self._preferences, self._analysis = context.preferences, context.analysis
        self._began_s, self._camera = 0.0, ""  # of the camera in view
        self._on, self._problem = False, ""
        url = context.build.store_url
        store = self._store = RecordDatabase(RESULTS, lambda: boot.load(url))
        self._keeper = Keeper(
            context.analysis,
            store,
            source=self._source,
            settings=self._settings,
            room=storage.room,
            may_store=lambda: not storage.keeps_nothing(),
            spawn=context.spawn,
            changed=self._show,
        )
        self._sessions = Sessions(context, self._card, self._say, self._show_progress, self._show)
        self._dialog = ExportDialog(
            store,
            context.spawn,
            present=self._present,
            threshold=self._threshold,
            wanted=self._wanted,
            pictures=self._pictures,
            # Not while parts are hidden: they would be in the pictures.
            has_pictures=lambda of: self._is_in_view(of) and not self._page.sources.veiled,
            facts=self._facts,
            deleting=self._deleting,
        )
        context.deleting.append(self._keeper.deleting)
        self.sinks = (self,)
        listen(by_id("export-file"), "change", self._picked)
        every(FLUSH_MS, self._keep)
        # At once as far as the first wait, which a page that is about to close still reaches.
        on_hidden(lambda: run_now(self._keeper.flush()))
        on_leave(lambda: run_now(self._dialog.delete_hidden()))

    # ---- of the page -----------------------------------------------------------------------------

    def run(self, command: str) -> Any:
        """See `Part`."""
        if command in ENDINGS:
            return self._dialog.export(command)
        done: dict[str, Callable[[], Any]] = {
            "open": self._dialog.open,
            "choose session": by_id("export-file").click,
            "end replay": self._sessions.end,
            "cancel": self._dialog.cancel,
            "delete": self._dialog.delete,
            "undo": self._dialog.undo,
        }
        return done[command]()

    def settings_changed(self, settings: Settings) -> None:
        """See `Part`."""
        if self._on and not settings.keep_answers:
            self._context.spawn(self._keeper.flush())
        self._on = settings.keep_answers
        self._keeper.switch(self._on)
        self._show()

    def scene_changed(self) -> None:
        """See `Part`."""
        sources = self._page.sources
        camera = sources.camera_id if sources.camera_runs else ""
        if not sources.camera_runs:
            self._camera = ""
        elif camera != self._camera or not self._began_s:
            self._camera, self._began_s = camera, time.time()
        if sources.scene.kind is not Kind.LIVE:
            self._began_s = 0.0
        self._sessions.scene_changed()
        self._compare()

    async def open_file(self, file: Any) -> None:
        """See `Part`."""
        await self._sessions.open(file)

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        results = self._keeper.results
        frames = len(results) if results is not None else 0
        return {"kept": {"frames": frames, "replaying": self._sessions.replaying}}

    async def forget(self) -> None:
        """See `Part`."""
        results = self._keeper.results
        if results is not None:
            self._keeper.deleting(results.key, True)
        await self._store.clear()

    # ---- a sink ----------------------------------------------------------------------------------

    def take(self, update: Any) -> None:
        """Keep a frame's answer."""
        self._keeper.take(update)
        self._compare()  # a video is known a moment after it is in view

    def close(self) -> None:
        """Nothing is held."""

    # ---- keeping ---------------------------------------------------------------------------------

    def _source(self) -> tuple[str, dict[str, Any]] | None:
        """Return the key of the camera or video in view, and facts about it."""
        sources = self._page.sources
        if sources.scene.kind is not Kind.LIVE:
            return None
        name, given = sources.source_name, sources.given
        if not sources.is_video:
            self._began_s = self._began_s or time.time()
            facts = {"name": name, "kind": "camera", "began_s": self._began_s}
            facts["drawn"] = str(sources.camera_id)
            return f"camera {self._camera} {self._began_s}", facts
        facts = {"name": name, "kind": "video", "began_s": time.time()}
        if sources.duration_s is not None:
            facts["duration_s"] = sources.duration_s
        if isinstance(given, str):
            return f"video {given}", facts
        facts["bytes"] = int(given.size)
        return f"video {name} {facts['bytes']} {given.lastModified}", facts

    def _settings(self) -> dict[str, Any]:
        """Return the settings that decide what is found and shown."""
        now = self._preferences.current
        return {
            "threshold": self._threshold(),
            "iou": now.iou,
            "hidden": list(now.hidden.get(self._page.models.chosen, [])),
            "track": now.track,
        }

    def _compare(self) -> None:
        """Replay the session that is open, if the video in view is its own."""
        if self._sessions.waits:
            self._context.spawn(self._sessions.compare())

    async def _keep(self) -> None:
        await self._keeper.flush()

    def _show(self) -> None:
        results, line = self._keeper.results, by_id("export-kept")
        sentence = ""
        if self._on and results is not None and len(results):
            sentence = words.kept(len(results), int(results.head.source.get("size", 0)))
        elif self._on:
            sentence = words.NOTHING_YET
        line.hidden = not sentence
        line.textContent = sentence
        problem = self._keeper.problem if self._on else ""
        if problem:
            self._say(problem)
        elif self._problem == by_id("export-note").textContent:
            self._say("")
        self._problem = problem
        end, busy = by_id("export-replay-end"), self._sessions.busy
        end.hidden = not (busy or self._sessions.replaying)
        end.textContent = words.CANCEL if busy else words.END_REPLAY

    def _say(self, sentence: str) -> None:
        if by_id("export-note").textContent != sentence:
            by_id("export-note").textContent = sentence

    def _show_progress(self, done: float | None) -> None:
        line = by_id("export-percent-opened")
        line.hidden = done is None
        line.textContent = "" if done is None else words.percent(done)

    # ---- exports ---------------------------------------------------------------------------------

    def _present(self) -> list[tuple[str, Results]]:
        """Return the results that are in memory: of the source in view, and of a session, which
        goes by its own name."""
        session = self._sessions.results
        found: dict[int, tuple[str, Results]] = {}
        for results in (self._context.results, self._keeper.results, session):
            if results is not None and len(results):
                name = results.key if results is session else results.head.name
                found.setdefault(id(results), (name or words.CAMERA, results))
        return [*found.values()]

    def _deleting(self, key: str, begins: bool) -> None:
        for listener in self._context.deleting:
            listener(key, begins)

    def _card(self, name: str) -> ModelCard:
        """Return the card of a model; of another one if there is none of this name."""
        now, known = self._page.sessions.card, self._context.build.cards
        if now is not None and now.name == name:
            return now  # type: ignore[no-any-return]
        return known.get(name) or known[self._context.build.default_model]

    def _threshold(self) -> float:
        card = self._page.sessions.card or self._card("")
        threshold = self._analysis.options(card).threshold
        return float(card.threshold if threshold is None else threshold)

    def _wanted(self, results: Results, whole: bool) -> Wanted:
        head, now = results.head, self._preferences.current
        threshold = head.least if whole else max(self._threshold(), head.least)
        hidden = set() if whole else set(now.hidden.get(head.model, []))
        classes = [each for each, label in enumerate(head.labels) if label not in hidden]

        def tracker() -> Tracker:
            made = Tracker()
            made.use_card(self._card(head.model), max(self._threshold(), head.least))
            return made

        return Wanted(
            threshold,
            classes if hidden else None,
            tracker if now.track and not whole else None,
            tracker,
            self._shapes(results),
            {},
        )

    def _shapes(self, results: Results) -> Shapes:
        """Return the lines and zones that are drawn on the camera or video of results; of a session
        that is not replayed its own."""
        head, drawn = results.head, self._preferences.current.drawn
        name = head.source.get("drawn", f"video {head.name}")
        if results is self._sessions.results:
            if not self._sessions.replaying:
                return self._sessions.shapes
            name = f"video {self._page.sources.source_name}"
        if self._context.shapes_of is not None:
            return self._context.shapes_of(name)
        try:
            return from_json(drawn[name]) if name in drawn else Shapes()
        except ShapesError:
            return Shapes()

    async def _facts(self, results: Results, progress: Callable[[float], None]) -> dict[str, Any]:
        """Return what a session says of the file of its video, if that is in view."""
        given = self._page.sources.given
        if not self._is_in_view(results):
            return {}
        facts = results.head.source
        if "sha256" not in facts:
            digest = await sha256(given, files.read_part, progress)
            facts |= {"bytes": int(given.size), "sha256": digest}
        return {key: facts[key] for key in ("bytes", "sha256")}

    def _is_in_view(self, results: Results) -> bool:
        """Whether the file of which results are is in view."""
        sources = self._page.sources
        given = sources.given
        if not sources.is_video or isinstance(given, str) or given is None:
            return False
        if results is self._sessions.results:
            return self._sessions.replaying
        of = (results.head.name, results.head.source.get("bytes"))
        return of == (str(given.name), int(given.size))

    async def _pictures(self) -> Stills:
        media = Media(self._context.build.media_url)
        return await Stills.of(media, self._page.sources.given)

    def _picked(self, event: Any) -> Awaitable[None] | None:
        picked: Sequence[Any] = [*event.target.files]
        event.target.value = ""
        return self._opened(picked[0]) if picked else None

    async def _opened(self, file: Any) -> None:
        self._page.notice.hide()
        await self._sessions.open(file)
