"""Events in the page: lists them, saves them, sends them to embedding pages, and alerts to them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Collection, Coroutine
from itertools import count
from typing import Any

from obscura.counting import Presence
from obscura.counting.events import TrackEvent
from obscura.export.events import to_line, to_record
from obscura.page.browser import embedding, notifications, sharing, speech
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, listen
from obscura.page.browser.sound import Tones
from obscura.page.features.context import Context
from obscura.page.features.events import words
from obscura.page.features.events.alerts import TONES, Chime, Digest
from obscura.page.features.events.listing import Listing
from obscura.page.features.events.log import KINDS, Entry, Log, Moments
from obscura.page.live.analysis import Answer
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Settings
from obscura.update import Update

ALOUD_EVERY_MS = 5000
NOTIFY_EVERY_MS = 10_000


def start(context: Context) -> Events:
    """Start the feature."""
    return Events(context)


class Events(Part):
    """Notices who comes into view (a stage), and takes all events (a sink)."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._analysis, self._spawn = context.page, context.analysis, context.spawn
        self._settings = context.preferences.table.settings()
        self._presence, self._moments, self._log = Presence(), Moments(), Log()
        self._listing = Listing(self._log, self._empty)
        self._source = 0  # counts the sources and the places that were sought
        self._numbers = count()  # of events
        self._answer: Answer | None = None  # the latest
        self._video, self._name = False, ""  # of its source
        self._tones, self._chime = Tones(), Chime()
        self._aloud, self._notices = Digest(ALOUD_EVERY_MS), Digest(NOTIFY_EVERY_MS)
        self._asking = False
        self.stages = (self,)
        self.sinks = (self,)
        self._set_up_notifications()

    def run(self, command: str) -> Any:
        """See `Part`."""
        {"save": self._save, "clear": self._clear, "undo": self._restore}[command]()

    def settings_changed(self, settings: Settings) -> None:
        """See `Part`."""
        former, self._settings = self._settings, settings
        if former.events and not settings.events:
            self.reset()
        by_id("events-tools").hidden = not settings.events
        self._follow_alerts(former, settings)
        self._listing.show(self._kinds)

    def scene_changed(self) -> None:
        """See `Part`."""
        self._listing.show(self._kinds)

    # ---- a stage and a sink ----------------------------------------------------------------------

    def update(self, update: Update) -> Update:
        """Notice who comes into view, and who goes."""
        return self._presence.update(update) if self._settings.events else update

    def reset(self) -> None:
        """Another source, another model, or another part of a video follows."""
        self._presence.reset()
        self._moments.clear()
        self._source += 1
        self._aloud.clear()
        self._notices.clear()

    def take(self, update: Update) -> None:
        """Take the events of a frame."""
        answer = self._analysis.answer
        if not self._settings.events or answer is None:
            return
        if answer is not self._answer:
            self._begin(update, answer)
        if update.events:  # once: a frame that comes again has none
            self._take(update, answer)
        now = now_ms()
        self._listing.refresh(self._kinds, now)
        self._alert(now)

    def close(self) -> None:
        """Nothing is held."""

    def _begin(self, update: Update, answer: Answer) -> None:
        """Take note of when and where a frame was captured."""
        sources = self._page.sources
        # As it is now: when the events of its end come, another source is in view.
        self._answer, self._video, self._name = answer, sources.is_video, sources.source_name
        age_s = (now_ms() - answer.captured_ms) / 1000
        moment_s = answer.source_s if self._video else time.time() - age_s
        self._moments.add(update.frame.time_s, moment_s)

    def _take(self, update: Update, answer: Answer) -> None:
        classes = self._analysis.options(answer.card).classes
        for event in update.events:
            if isinstance(event, TrackEvent) and (classes is None or event.class_id in classes):
                self._add(event, answer)

    def _add(self, event: TrackEvent, answer: Answer) -> None:
        moment_s = self._moments.at(event.time_s)
        wall_s = None if self._video else moment_s
        record = to_record(
            event,
            self._analysis.labels,
            wall_s=wall_s,
            source=self._name,
            model=answer.card.name,
        )
        if self._video:
            record["time_s"] = round(moment_s, 4)
        order = self._source, event.time_s, next(self._numbers)
        entry = Entry(order, record, words.when(moment_s, wall_s))
        self._log.add(entry)
        embedding.send(record["event"], record)
        if entry.kind in self._kinds:
            self._announce(entry)

    # ---- the list --------------------------------------------------------------------------------

    @property
    def _kinds(self) -> list[str]:
        """The kinds that a person has chosen."""
        kinds = dict.fromkeys(KINDS.values())
        return [kind for kind in kinds if getattr(self._settings, f"events_{kind}")]

    def _empty(self, kinds: Collection[str]) -> str:
        """Return what the list says while it has no event of these kinds."""
        drawn = self._page.features.snapshot_of("count")["counts"] or {}
        live = self._page.sources.scene.kind is Kind.LIVE
        return words.empty(kinds, live=live, counting=self._settings.count, drawn=drawn)

    def _save(self) -> None:
        lines = [to_line(entry.record) for entry in self._log.oldest_first(self._kinds)]
        if not lines:
            self._say(words.NOTHING_TO_SAVE)
            return
        name = time.strftime("obscura-events-%Y-%m-%d-%H%M%S.jsonl", time.localtime())
        sharing.save(sharing.text_blob("".join(lines), "application/jsonl"), name)
        self._say(words.SAVED.format(name=name))

    def _clear(self) -> None:
        self._log.clear()
        self._listing.show(self._kinds)
        self._say(words.CLEARED)

    def _restore(self) -> None:
        self._log.restore()
        self._listing.show(self._kinds)
        self._say(words.RESTORED)
        by_id("events-clear").focus()  # the button that was pressed is gone

    def _say(self, sentence: str) -> None:
        by_id("events-note").textContent = sentence

    # ---- alerts ----------------------------------------------------------------------------------

    def _set_up_notifications(self) -> None:
        switch = by_id("events_notify")
        switch.disabled = not notifications.supported()
        by_id("events-notify-help").textContent = (
            words.NO_NOTIFICATIONS if switch.disabled else words.NOTIFY
        )
        # Not by the settings: those are followed later, when browsers do not ask any more.
        listen(switch, "change", lambda event: self._ask() if event.target.checked else None)

    def _ask(self) -> Coroutine[Any, Any, None]:
        self._asking = True
        return self._answered(notifications.ask())

    async def _answered(self, answer: Awaitable[Any]) -> None:
        try:
            await answer
        finally:
            self._asking = False
        allowed = notifications.allowed()
        self._say("" if allowed else words.REFUSED)
        if not allowed:
            self._page.change(events_notify=False)

    def _follow_alerts(self, former: Settings, settings: Settings) -> None:
        if settings.events_sound and former.events and not former.events_sound:
            self._spawn(self._tones.try_out(TONES["crossings"]))
        if not settings.events_aloud:
            self._aloud.clear()
        may_notify = self._asking or (notifications.supported() and notifications.allowed())
        if settings.events_notify and not may_notify:
            self._page.change(events_notify=False)  # it was allowed once, and is not any more

    def _announce(self, entry: Entry) -> None:
        """Alert to an event, in time."""
        sentence = words.sentence(entry.record)
        if self._settings.events_sound:
            tones = self._chime.tones(entry.kind, now_ms())
            if tones:
                self._tones.play(tones)
        if self._settings.events_aloud:
            self._aloud.add(sentence)
        if self._settings.events_notify and not notifications.in_use():
            self._notices.add(sentence)

    def _alert(self, now: float) -> None:
        """Say what is due."""
        notice = self._notices.take(now)
        if notice:
            self._spawn(notifications.show(notice))
        if speech.available() and speech.speaking():
            return
        spoken = self._aloud.take(now)
        if spoken and speech.available():
            speech.speak(spoken)
        elif spoken:
            by_id("events-announcer").textContent = spoken
