"""Redactor: covers what is found wherever the picture is shown or kept. Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.page.features.context import Context
from obscura.page.features.redact import LOOKS, words
from obscura.page.features.redact.choices import Choice, choices_of
from obscura.page.features.redact.costs import Costs
from obscura.page.features.redact.discreet import discreet
from obscura.page.features.redact.picking import Picking
from obscura.page.features.redact.readiness import why_whole
from obscura.page.features.redact.regions import regions_of
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Settings
from obscura.redaction import Cover, CoverAhead, Covered, CoverOptions
from obscura.redaction.heads import FACE, numbered, with_heads
from obscura.redaction.thresholds import tracker_options
from obscura.update import FrameInfo, Update

AHEAD_S, AHEAD_FRAMES, BORDER = 0.5, 5, 0.04
"""Seconds and later frames for which a frame is held back, and the strip along the edges that is
always covered: with these, bench/redaction finds nobody uncovered."""


class Redact(Part):
    """Decides what is covered (a stage), and shows the picture so (a sink and a redactor)."""

    def __init__(
        self,
        context: Context,
        canvas: Any,
        panel: Any,
        still: Callable[[Kind], Any],
        now_ms: Callable[[], float],
    ) -> None:
        """
        Args:
            canvas: `canvas.RedactedCanvas`; panel: `panel.RedactPanel`.
            still: returns what can be drawn of the picture of its own that is in view.
            now_ms: returns the time.
        """
        assert context.page is not None
        self._page, self._analysis, self._display = context.page, context.analysis, context.display
        self._spawn = context.spawn
        self._settings = context.preferences.table.settings()
        self._canvas, self._panel, self._still = canvas, panel, still
        self._overlay = context.overlay
        self._cover = CoverAhead(CoverOptions(border=BORDER), ahead_s=AHEAD_S, frames=AHEAD_FRAMES)
        self._latest: Update | None = None  # of the picture in view, with all rows
        self._updates: dict[int, Update] = {}  # as shown, by index, of frames that wait
        self._lacking: dict[int, Sequence[str]] = {}  # kinds for which all is covered, of the same
        self._given: dict[int, Update] = {}  # with all rows that are covered, of the same
        self._due: Covered | None = None  # what is to be shown next
        self._covered: Covered | None = None  # what is showing
        self.picking = Picking(panel, self._again, self._refresh)
        self._costs = Costs(now_ms, lambda ms: self._page.sessions.timings.add("hide", ms))
        self._on = False
        self.stages = (self,)
        self.sinks = (self,)
        self.layers = (self.picking,)

    # ---- of the page -----------------------------------------------------------------------------

    def run(self, command: str) -> Any:
        """See `Part`."""
        if command == "switch":
            return self._page.change(redact=not self._settings.redact)
        if command == "people":
            kinds = [each for each in self._settings.redact_what if each != FACE]
            return self._page.change(redact_what=list(dict.fromkeys(["person", *kinds])))
        if command == "pick":
            self.picking.switch()
        else:
            self.picking.hide_all()
        return None

    def settings_changed(self, settings: Settings) -> None:
        """See `Part`."""
        self._settings = settings
        # What is not looked for could be shown.
        self._analysis.always = frozenset(settings.redact_what if settings.redact else ())
        cover = self._cover.cover
        before = cover.options
        cover.options = replace(
            before, labels=frozenset(settings.redact_what), strict=settings.redact_strict
        )
        self._panel.show(settings, self._offered)
        if settings.redact != self._on:
            self._switch(settings.redact)
        elif self._on and cover.options != before:
            self._again()
        elif self._on and self._covered is not None:
            self._show(self._covered)  # in another way

    def model_opened(self, card: ModelCard) -> None:  # noqa: ARG002  (as `Part` has it)
        """See `Part`."""
        self._panel.show(self._settings, self._offered)

    def scene_changed(self) -> None:
        """See `Part`."""
        self._display.delayed = self._on
        self._canvas.show_mirrored(self._display.mirrored)

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        covered = self._covered
        if not self._on or covered is None:
            return {"hidden": None}
        boxes = covered.xyxy.round(1).tolist()
        return {"hidden": {"whole": covered.whole, "why": covered.why, "boxes": boxes}}

    @property
    def _own_labels(self) -> tuple[str, ...]:
        """Names of the classes of the model that answered."""
        answer = self._analysis.current
        return answer.card.labels if answer else ()

    @property
    def _offered(self) -> tuple[str, ...]:
        """Names of all that can be hidden."""
        card = self._page.sessions.card
        return (*(card.labels if card else ()), *LOOKS)

    def _switch(self, on: bool) -> None:
        """Show pictures with parts covered from now on, or as they are."""
        self._on = on
        self._canvas.hidden = not on
        self._page.sources.redactor = self if on else None
        self._overlay.delayed = self._delayed if on else None
        if on:
            self._analysis.least["redact"] = _least
        else:
            self._analysis.least.pop("redact", None)
        self.reset()
        self.scene_changed()
        again = self._page.sources.analyse_again()
        if again is not None:
            self._spawn(again)

    # ---- a redactor ------------------------------------------------------------------------------

    def keep(self, picture: Any, frame: FrameInfo) -> None:
        """See `live.protocols.Redactor`."""
        with self._costs.frame(frame.index):
            self._canvas.keep(picture, frame, still=self._page.sources.scene.paused)

    def picture(self) -> Any:
        """See `live.protocols.Redactor`."""
        return self._canvas.copy()

    @property
    def shown(self) -> Update | None:
        """See `live.protocols.Redactor`."""
        if self._covered is None:
            return None
        shown = self._updates.get(self._covered.frame.index)
        if shown is not None and self._covered.whole:
            return replace(shown, detections=Detections.empty())
        return shown

    @property
    def delay_ms(self) -> float | None:
        """See `live.protocols.Redactor`."""
        return self._costs.delay_ms

    # ---- a stage and a sink ----------------------------------------------------------------------

    def update(self, update: Update) -> Update:
        """Decide what to cover of the frames that are due."""
        if not self._on:
            return update
        self._latest = update
        self._due = self._decided(update)
        return update

    def reset(self) -> None:
        """Another source or model follows: nothing is shown until it has an answer."""
        self.picking.reset()
        self._begin_again()

    def take(self, update: Update) -> None:
        """Show the frame that is due."""
        if not self._on:
            return
        index = update.frame.index
        self._updates[index] = discreet(update, self._analysis.labels, self._settings.redact_what)
        self._canvas.drop_all_but(self._updates, index)
        due, self._due = self._due, None
        if due is not None:
            self._covered = due
        covered = self._covered
        if covered is None or (due is None and update.frame != covered.frame):
            return
        self._show(covered)

    def close(self) -> None:
        """Nothing is held."""

    def _decided(self, update: Update) -> Covered | None:
        """Return what to cover of the frame that is due after this one; None if none is."""
        labels, kinds = self._analysis.labels, self._settings.redact_what
        analysis, frame = self._analysis, update.frame
        reason = why_whole(kinds, self._own_labels, analysis.finding, frame, analysis.unavailable)
        why, self._lacking[frame.index] = reason
        kind = self._page.sources.scene.kind
        answer = self._analysis.answer
        given = with_heads(
            update if kind is Kind.LIVE else self._numbered(update),
            labels,
            answer.card.threshold if answer else 0.0,
        )
        self._given[update.frame.index] = given
        spared = self.picking.spared
        if kind is not Kind.LIVE:
            cover = Cover(self._cover.cover.options)
            return cover.update(given, labels, still=True, spared=spared, why=why)
        self.picking.follow(given)
        due = self._cover.update(given, labels, spared=spared, why=why)
        if self._page.sources.scene.paused:
            due += self._cover.close()  # this very frame is to be shown
        # Of frames that came too fast there is no picture.
        there = [each for each in due if self._picture(each.frame.index) is not None]
        return there[-1] if there else None

    def _numbered(self, update: Update) -> Update:
        """Return what is covered in a picture of its own; each row has a number, as those of moving
        pictures have a track."""
        answer = self._analysis.current
        least = tracker_options(answer.card).birth if answer else 0.0
        return numbered(update, least, len(self._own_labels))

    def _begin_again(self) -> None:
        """Drop the frames that wait, and show nothing until others are due."""
        self._cover.reset()
        self._updates.clear()
        self._given.clear()
        self._lacking.clear()
        self._latest = self._due = self._covered = None
        self._canvas.forget()
        self._costs.reset()
        if self._on:
            self._panel.say(words.WAITING)

    def _show(self, covered: Covered) -> None:
        """Show a frame with what is to be covered of it."""
        index = covered.frame.index
        picture = self._picture(index)
        if picture is None:
            return
        size = (int(picture.width), int(picture.height))  # maybe a smaller copy
        with self._costs.shown(index):
            regions = regions_of(covered, size)
            self._canvas.show(picture, size, regions, self._settings.redact_how)
        self._canvas.drop_before(index)
        for known in (self._updates, self._given, self._lacking):
            for earlier in [each for each in known if each < index]:
                del known[earlier]
        self._overlay.redraw()  # with the boxes of this frame
        given = self._given.get(index)
        self.picking.show(partial(self._choices, given), covered.frame)
        self._panel.report(covered.why, self._lacking.get(index, ()), picking=self.picking.on)
        self._panel.show_cost(self._costs, live=self._page.sources.scene.kind is Kind.LIVE)

    def _choices(self, given: Update | None) -> Sequence[Choice]:
        """Return who can be shown in a frame."""
        if given is None:
            return ()
        return choices_of(given, self._analysis.labels, self._settings.redact_what)

    def _picture(self, index: int) -> Any:
        """Return what can be drawn of a frame; None if it is not there any more."""
        kind = self._page.sources.scene.kind
        if kind is Kind.LIVE:
            return self._canvas.frame(index)
        return self._still(kind)

    def _again(self) -> None:
        """Decide again about what is in view, because what is to be covered has changed."""
        if self._page.sources.scene.kind is Kind.LIVE:
            self._begin_again()  # frames that wait were decided about before
            self._page.sources.analyse_again()
        else:
            self._refresh()

    def _refresh(self) -> None:
        """Show somebody: in a picture of its own at once, else from the next frame on."""
        kind = self._page.sources.scene.kind
        if kind is not Kind.LIVE and self._latest is not None:
            self._due = self._decided(self._latest)
            self._analysis.refresh()
        elif self._page.sources.scene.paused:
            self._again()

    def _delayed(self, update: Update) -> Update:
        """Return the update of the frame that is showing, in place of the latest."""
        return self.shown or Update(update.frame, Detections.empty())


def _least(card: ModelCard) -> float:
    """Return the lowest score that is covered."""
    return tracker_options(card).live
