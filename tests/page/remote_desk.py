"""A page with one model, a server beside it, and tests that run there."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from types import SimpleNamespace
from typing import Any

from obscura.cards.card import ModelCard
from obscura.engine.remote import Picture, Refusal, Reply, ServerError
from obscura.export.records import to_record
from obscura.live.timing import Timings
from obscura.page.features.remote.use import FRAMES, ServerUse
from obscura.update import FrameInfo, Update

from .answers import SAMPLE, Image, make_card, size_of
from .fakes import run as alone

SERVER_MS = 100.0


class Link:
    """A server that has the page's models, until a test says otherwise."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.refusal: Refusal | None = None
        self.status = 200
        self.blind = False
        self.pictures = 0
        self.slow: int | None = None
        """Which answer takes fifty times as long, counted from 0."""

    def draw(self, frame: Image, size: Callable[[Any], Any]) -> Picture:
        return Picture(frame, *size_of(frame.picture))

    async def get(self, path: str) -> Reply:
        assert path == "/v1/models"
        self._refuse()
        cards = self._desk.shelf.values()
        models = [{"name": each.name, "sha256": each.file.sha256} for each in cards]
        return Reply(200, json.dumps({"ready": True, "models": models}))

    async def post(self, path: str, picture: Picture) -> Reply:
        self._desk.ms += SERVER_MS * (50 if self.pictures == self.slow else 1)
        self.pictures += 1
        self._refuse()
        (card,) = [each for each in self._desk.shelf.values() if f"model={each.name}&" in path]
        size = size_of(picture.handle.picture)
        assert card.check is not None
        found = card.check.detections[: 0 if self.blind else None]
        update = Update(FrameInfo(0, 0.0, *size), found)
        return Reply(self.status, json.dumps(to_record(update, card.labels)))

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise ServerError(self.refusal)


class Desk:
    """A page with one model on its device, and a server beside it."""

    def __init__(self) -> None:
        self.ms = 0.0
        card = make_card(1)
        self.shelf = {card.name: card}
        self.device: Any = SimpleNamespace(card=card)  # what runs the model here
        self.in_use: Any = self.device
        self.timings = Timings()
        self.status = ""
        self.loads = 0
        self.opened = 0
        self.hidden = 0
        self.own: list[ModelCard] = []
        self.shown: list[tuple[bool, bool]] = []
        self.notes: list[str] = []
        self.link = Link(self)
        self.tasks: list[Coroutine[Any, Any, Any]] = []
        models = SimpleNamespace(
            opening=None,
            chosen=card.name,
            shelf=SimpleNamespace(cards=self.shelf),
            own=lambda: self.own,
            load=self._load,
        )
        self.models = models
        page = SimpleNamespace(
            sessions=self,
            models=models,
            notice=SimpleNamespace(hide=self._hide),
            model_opened=self._model_opened,
        )
        self.use = ServerUse(
            page, self.link, self, "h", now_ms=lambda: self.ms, spawn=self.tasks.append
        )

    # ---- the page's sessions ---------------------------------------------------------------------

    @property
    def card(self) -> ModelCard | None:
        card: ModelCard | None = self.in_use.card if self.in_use else None
        return card

    @property
    def ready(self) -> bool:
        return self.in_use is not None

    async def sample_image(self) -> Image:
        return Image(SAMPLE)

    def adopt(self, opened: Any) -> None:
        self.in_use = opened

    def part_with(self, opened: Any) -> None:
        opened.session.close()
        if self.in_use is opened:
            self.in_use = self.device

    def end(self, opened: Any) -> None:
        opened.session.close()

    async def _load(self) -> None:
        self.loads += 1

    async def _model_opened(self) -> None:
        self.opened += 1
        self.timings.clear()

    def _hide(self) -> None:
        self.hidden += 1

    # ---- the view --------------------------------------------------------------------------------

    def show(self, *, agreed: bool, sending: bool) -> None:
        self.shown.append((agreed, sending))

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    # ---- what happens ----------------------------------------------------------------------------

    def fail(self) -> None:
        """The device's engine is gone, and no other is left."""
        self.device = self.in_use = None

    def measure(self, ms: float, frames: int = FRAMES) -> None:
        """What detects has taken so long for some frames."""
        for _ in range(frames):
            self.timings.add("inference", ms)
            self.timings.add_frame(ms, 0.0)

    async def looks(self, times: int = 4) -> None:
        for _ in range(times):
            await self.use.look()

    async def settle(self) -> None:
        """Let what was spawned finish."""
        while self.tasks:
            await self.tasks.pop()


def at(test: Callable[[Desk], Awaitable[None]]) -> Callable[[], None]:
    """Run a test at a desk."""

    @wraps(test)
    def run() -> None:
        alone(test(Desk()))  # type: ignore[arg-type]

    del run.__wrapped__  # type: ignore[attr-defined]  # pytest would ask for the desk
    return run
