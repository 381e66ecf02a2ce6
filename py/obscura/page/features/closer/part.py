"""Closer looks in the page: which heads run, what they found out, and what that costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from obscura.cards.card import ModelCard

# They are imported by name when they are first needed; so they come with this feature.
from obscura.families.heads import (  # noqa: F401
    age_gender,
    classifier,
    dbtext,
    faces,
    movenet,
    read,
)
from obscura.heads import Assembly, Every, HeadSpec, PipelineSpec, assemble, completed, described
from obscura.page.browser import files
from obscura.page.browser.boot import boot
from obscura.page.browser.networks import BufferNetwork
from obscura.page.features.closer import words
from obscura.page.features.closer.panel import CloserPanel
from obscura.page.features.closer.shelf import HeadShelf
from obscura.page.features.closer.skeleton import Skeletons
from obscura.page.features.context import Context
from obscura.page.state.feature import Part
from obscura.page.state.settings import Settings
from obscura.page.words.objects import NOTES
from obscura.pipeline import Pipeline, Steps
from obscura.update import Update

NETWORKS = {"faces": ("faces", "faces-far")}
"""The networks of a look that has several."""
HIDDEN = {"face": "faces", "text": "text"}
"""The looks that find what can be hidden. Then they look at every frame, whatever it takes: what is
not looked for could be shown."""


def start(context: Context) -> Closer:
    """Start the feature."""
    return Closer(context)


class Closer(Part):
    """The heads that are wanted: those that find objects, and those that say more of them."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._analysis, self._spawn = context.page, context.analysis, context.spawn
        self._overlay = context.overlay
        self._settings = context.preferences.table.settings()
        self._shelf = HeadShelf(context.build.heads_url, _text, _download)
        self._panel = CloserPanel(context)
        self._assembly: Assembly | None = None
        self._others = Pipeline()  # of the heads that add no rows
        self._card: ModelCard | None = None
        self._made: tuple[Any, ...] = ()  # what the heads in use were made for
        self._tracked = False
        self.stages = (self,)
        self.sinks = (self,)
        self.layers = (Skeletons(lambda: self._assembly),)

    # ---- of the page -----------------------------------------------------------------------------

    def run(self, command: str) -> Any:
        """See `Part`."""
        if command == "switch":
            return self._page.change(closer=not self._settings.closer)
        self._made = ()
        return self._follow()

    def model_opened(self, card: ModelCard) -> None:
        """See `Part`."""
        self._card = card
        self._spawn(self._follow())

    def settings_changed(self, settings: Settings) -> None:
        """See `Part`."""
        tracked, self._tracked = self._tracked, settings.track
        former, self._settings = self._settings, settings
        if settings.closer and not former.closer and not (settings.track or tracked):
            self._page.change(track=True)  # what is found out is kept per track
        self._panel.show(settings)
        self._spawn(self._follow())

    def snapshot(self) -> dict[str, Any]:
        """See `Part`."""
        if self._assembly is None:
            return {"heads": None}
        failures = self._assembly.failures()
        return {
            "heads": {
                stage.name: {
                    "ms": round(self._assembly.budget.shares().get(stage.name, 0.0), 2),
                    "failed": failures.get(stage.name),
                }
                for stage in self._assembly.heads
            }
        }

    # ---- which heads run -------------------------------------------------------------------------

    async def _follow(self) -> None:
        """Run the heads that the settings ask for, on what the model in use finds."""
        card = self._card or self._page.sessions.card
        looks = tuple(self._settings.closer_looks) if self._settings.closer else ()
        hidden = self._settings.redact_what if getattr(self._settings, "redact", False) else ()
        always = frozenset(name for each in hidden for name in _networks(HIDDEN.get(each, "")))
        if card is None or self._made == (card, looks, always):
            return
        self._made = (card, looks, always)
        if not looks:
            self._use(None)
            return
        heads = tuple(
            HeadSpec(name, name, cadence=Every(1) if name in always else None)
            for look in looks
            for name in _networks(look)
        )
        spec = completed(PipelineSpec(heads=heads), card.labels)
        self._panel.say(words.LOADING)
        try:
            cards = await self._shelf.cards()
        except Exception:  # noqa: BLE001  (what browsers throw when there is no connection)
            self._made = ()
            self._panel.say(words.MISSING)
            return
        if self._made != (card, looks, always):
            return  # another choice was made meanwhile
        wanted = {head.name: cards[str(head.network)] for head in spec.heads}
        self._panel.say("")
        assembly = assemble(spec, card.labels, wanted, read)
        assembly.budget.free = always
        self._use(assembly)
        self._page.sessions.heads.want({n: self._shelf.head(c) for n, c in wanted.items()})

    def _use(self, assembly: Assembly | None) -> None:
        self._assembly = assembly
        heads = assembly.heads if assembly else ()
        self._others = Pipeline([each for each in heads if not each.gives.adds])
        self._analysis.finders.stages = [each for each in heads if each.gives.adds]
        self._analysis.closer = bool(self._others.stages)
        own = len(self._card.labels) if self._card else 0
        self._analysis.more_labels = assembly.labels[own:] if assembly else ()
        if assembly is None:
            self._page.sessions.heads.want({})
        again = self._page.sources.analyse_again()
        if again is not None:
            self._spawn(again)

    # ---- a stage and a sink ----------------------------------------------------------------------

    def update(self, update: Update) -> Update:
        """Add what is known from earlier frames."""
        return self._noted(self._others.update(update))

    def steps(self, update: Update) -> Steps:
        """Add what the heads find out; see `pipeline.AskingStage`."""
        if self._assembly is not None:
            ms = self._page.sessions.timings.medians().get("inference")
            if ms is not None:
                self._assembly.budget.add_detector(ms)
        update = yield from self._others.steps(update)
        return self._noted(update)

    def reset(self) -> None:
        """See `Stage`."""
        self._others.reset()

    def take(self, update: Update) -> None:  # noqa: ARG002  (a sink)
        """Show what the heads cost, and which have stopped."""
        if self._assembly is not None:
            self._panel.report(self._assembly)

    def close(self) -> None:
        """Nothing is held."""

    def _noted(self, update: Update) -> Update:
        """Return the update with a few words on each row."""
        if self._assembly is None or not self._others.stages:
            return update
        found = update.detections
        notes = [words.note(each) for each in described(found, self._assembly.heads)]
        data = {**found.data, NOTES: np.array(notes, np.str_).reshape(len(found))}
        return Update(update.frame, found.replace(data=data), update.events)


def _networks(look: str) -> tuple[str, ...]:
    return NETWORKS.get(look, (look,) if look else ())


async def _text(address: str) -> str:
    blob, status = await files.fetch_blob(address)
    if blob is None:
        raise OSError(f"{address}: {status}")
    return str(await blob.text())


async def _download(address: str) -> BufferNetwork:
    return BufferNetwork(await boot.take(address, False))
