"""Hide in the page: covers what is found wherever the picture is shown or kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.page.browser.dom import by_id, listen
from obscura.page.features.context import Context
from obscura.page.features.redact import words
from obscura.page.features.redact.canvas import RedactedCanvas
from obscura.page.features.redact.panel import RedactPanel
from obscura.page.features.redact.regions import regions_of
from obscura.page.stage.layers import smallest_at
from obscura.page.stage.placement import Placement
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Settings
from obscura.redaction import Cover, CoverAhead, Covered, CoverOptions
from obscura.redaction.thresholds import tracker_options
from obscura.update import FrameInfo, Update

AHEAD_S, BORDER = 0.5, 0.04
"""Seconds for which frames are held back, and the strip along the edges that is always covered:
with these, bench/redaction finds nobody uncovered."""


def start(context: Context) -> Redact:
    """Start the feature."""
    return Redact(context)


class Redact(Part):
    """Decides what is covered (a stage), and shows the picture so (a sink and a redactor)."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._analysis, self._display = context.page, context.analysis, context.display
        self._spawn = context.spawn
        self._settings = context.preferences.table.settings()
        self._canvas, self._panel = RedactedCanvas(), RedactPanel(context)
        self._overlay = context.overlay
        self._cover = CoverAhead(CoverOptions(border=BORDER), ahead_s=AHEAD_S)
        self._latest: Update | None = None  # of the picture in view, with all rows
        self._updates: dict[int, Update] = {}  # as shown, by index, of frames that wait
        self._due: Covered | None = None  # what is to be shown next
        self._covered: Covered | None = None  # what is showing
        self._spared: set[int] = set()  # ids of tracks that are shown
        self._on = self._picking = False
        self._place: Placement | None = None  # of the picture in the view, as drawn last
        self.stages = (self,)
        self.sinks = (self,)
        self.layers = (self,)
        listen(by_id("view"), "click", self._tap)

    # ---- of the page -----------------------------------------------------------------------------

    def run(self, command: str) -> Any:
        """See `Part`."""
        if command == "switch":
            return self._page.change(redact=not self._settings.redact)
        if command == "pick":
            self._pick(not self._picking)
        else:
            self._spare(set())
            self._panel.say(words.HIDDEN_AGAIN)
        return None

    def settings_changed(self, settings: Settings) -> None:
        """See `Part`."""
        self._settings = settings
        cover = self._cover.cover
        former, cover.options = (
            cover.options,
            replace(
                cover.options, labels=frozenset(settings.redact_what), strict=settings.redact_strict
            ),
        )
        self._panel.show(settings, self._labels)
        if settings.redact != self._on:
            self._switch(settings.redact)
        elif self._on and cover.options != former:
            self._again()
        elif self._on and self._covered is not None:
            self._show(self._covered)  # in another way

    def model_opened(self, card: ModelCard) -> None:  # noqa: ARG002  (as `Part` has it)
        """See `Part`."""
        self._panel.show(self._settings, self._labels)

    def scene_changed(self) -> None:
        """See `Part`."""
        self._display.delayed = self._on
        self._canvas.show_mirrored(self._display.mirrored)

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        covered = self._covered
        if not self._on or covered is None:
            return {"hidden": None}
        return {"hidden": {"whole": covered.whole, "boxes": covered.xyxy.round(1).tolist()}}

    @property
    def _labels(self) -> tuple[str, ...]:
        card = self._page.sessions.card
        return tuple(card.labels) if card else ()

    def _switch(self, on: bool) -> None:
        """Show pictures with parts covered from now on, or as they are."""
        self._on = on
        self._canvas.hidden = not on
        self._page.sources.redactor = self if on else None
        self._overlay.delayed = self._delayed if on else None
        self._analysis.least = _least if on else None
        self._pick(False)
        self.reset()
        self.scene_changed()
        again = self._page.sources.analyse_again()
        if again is not None:
            self._spawn(again)

    # ---- a redactor ------------------------------------------------------------------------------

    def keep(self, picture: Any, frame: FrameInfo) -> None:
        """See `live.protocols.Redactor`."""
        self._canvas.keep(picture, frame.index, (frame.width, frame.height))

    def picture(self) -> Any:
        """See `live.protocols.Redactor`."""
        return self._canvas.copy()

    @property
    def shown(self) -> Update | None:
        """See `live.protocols.Redactor`."""
        return self._updates.get(self._covered.frame.index) if self._covered else None

    # ---- a stage and a sink ----------------------------------------------------------------------

    def update(self, update: Update) -> Update:
        """Decide what to cover of the frames that are due."""
        if not self._on:
            return update
        self._latest = update
        if self._page.sources.scene.kind is not Kind.LIVE:
            self._due = self._still(update)
            return update
        due = self._cover.update(update, self._labels, spared=self._spared)
        if self._page.sources.scene.paused:
            due += self._cover.close()  # this very frame is to be shown
        self._due = due[-1] if due else None
        return update

    def reset(self) -> None:
        """Another source or model follows: nothing is shown until it has an answer."""
        self._cover.reset()
        self._updates.clear()
        self._latest = self._due = self._covered = None
        self._spared = set()
        self._canvas.forget()
        if self._on:
            self._panel.offer(picking=self._picking, spared=False)
            self._panel.say(words.WAITING)

    def take(self, update: Update) -> None:
        """Show the frame that is due."""
        if not self._on:
            return
        self._updates[update.frame.index] = update
        due, self._due = self._due, None
        if due is not None:
            self._covered = due
        covered = self._covered
        if covered is None or (due is None and update.frame != covered.frame):
            return
        self._show(covered)

    def close(self) -> None:
        """Nothing is held."""

    def _show(self, covered: Covered) -> None:
        """Show a frame with what is to be covered of it."""
        index = covered.frame.index
        picture = self._picture(index)
        if picture is None:
            return
        size = (int(picture.width), int(picture.height))  # of a photo, maybe a smaller copy
        self._canvas.show(picture, size, regions_of(covered, size), self._settings.redact_how)
        self._canvas.drop_before(index)
        for earlier in [each for each in self._updates if each < index]:
            del self._updates[earlier]
        self._overlay.redraw()  # with the boxes of this frame
        self._report(covered)

    def _still(self, update: Update) -> Covered:
        """Return what to cover of a picture of its own."""
        return Cover(self._cover.cover.options).update(update, self._labels, still=True)

    def _picture(self, index: int) -> Any:
        """Return what can be drawn of a frame; None if it is not there any more."""
        kind = self._page.sources.scene.kind
        if kind is Kind.LIVE:
            return self._canvas.frame(index)
        return by_id("sample" if kind is Kind.WELCOME else "picture")

    def _again(self) -> None:
        """Decide again about what is in view, because what is to be covered has changed."""
        if self._page.sources.scene.kind is Kind.LIVE:
            spared = self._spared
            self.reset()  # frames that wait were decided about before
            self._spared = spared
            self._page.sources.analyse_again()
        elif self._latest is not None:
            self._due = self._still(self._latest)
            self._analysis.refresh()

    def _report(self, covered: Covered) -> None:
        if not self._settings.redact_what:
            self._panel.say(words.NOTHING_CHOSEN)
        elif self._picking:
            self._panel.say(words.PICK)
        elif covered.why:
            self._panel.say(words.UNCERTAIN[covered.why])
        else:
            missing = [each for each in self._settings.redact_what if each not in self._labels]
            self._panel.say(words.unknown(missing) if missing else "")

    def _delayed(self, update: Update) -> Update:
        """Return the update of the frame that is showing, in place of the latest."""
        return self.shown or Update(update.frame, Detections.empty())

    # ---- who is shown all the same ---------------------------------------------------------------

    def draw(self, context: Any, update: Update, place: Placement) -> None:  # noqa: ARG002
        """Remember where the picture is (a layer), to know who is tapped."""
        if context.canvas.isConnected:
            self._place = place

    def _pick(self, picking: bool) -> None:
        self._picking = picking
        self._panel.offer(picking=picking, spared=bool(self._spared))
        self._panel.say(words.PICK if picking else "")

    def _spare(self, tracks: set[int]) -> None:
        self._spared = tracks
        self._pick(False)
        self._again()

    def _tap(self, event: Any) -> None:
        """Show the person who was tapped."""
        update, place = self.shown, self._place
        if not self._picking or update is None or place is None:
            return
        corner = event.currentTarget.getBoundingClientRect()
        at = (event.clientX - corner.left, event.clientY - corner.top)
        row = smallest_at(place.to_view(update.detections.xyxy), *at)
        track = None if row is None else update.detections.track_numbers()[row]
        if track is None:
            self._panel.say(words.NOBODY_THERE)
            return
        self._spare({*self._spared, track})


def _least(card: ModelCard) -> float:
    """Return the lowest score that is covered."""
    return tracker_options(card).live
