"""Measurements of the benchmark page: opens models, runs frames, and returns rows of figures.

The bundled picture stands in for a camera, so that no permission is needed and every device has
the same work; the stages are those of the page's own frame loop, by the same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from obscura.cards.card import ModelCard
from obscura.cards.head_card import HeadCard
from obscura.engine.plans import Plan
from obscura.families.decode import Outputs, decode, read

# They are imported by name when cards are read; so they come with this page.
from obscura.families.heads import (  # noqa: F401
    age_gender,
    classifier,
    dbtext,
    faces,
    movenet,
)
from obscura.families.heads import read as read_head
from obscura.heads import Budget, Every, HeadSpec, PipelineSpec, assemble, completed
from obscura.heads.stage import USUAL_EVERY
from obscura.live.timing import median
from obscura.page.browser.clock import now_ms
from obscura.page.browser.frames import Grabber
from obscura.page.features.bench import work
from obscura.page.features.bench.agreement import agreement
from obscura.page.features.bench.ways import Way, way_name
from obscura.page.models.heads import Head
from obscura.page.models.opening import EngineChoice, Opener, OpenModel
from obscura.page.models.shelf import Shelf
from obscura.page.stage.overlay import Overlay
from obscura.pipeline import Answer
from obscura.tracking.options import TrackerOptions
from obscura.tracking.tracker import Tracker
from obscura.update import FrameInfo, Update

WARM_UP = 5
LEAST = 3
"""Frames that are measured however slow they are."""
REPEATS = 30
"""How often generated rows are decoded and drawn, and the tracker is called."""
PAINT_MS = 100
"""Time between two moments at which the page may paint."""


class Heads(Protocol):
    """The second networks that come with the site."""

    async def cards(self) -> dict[str, HeadCard]:
        """Return the cards by name."""

    async def head(self, card: HeadCard) -> Head:
        """Fetch a network; return what opens it."""


class Measuring:
    """Measures one thing after another on the bundled picture.

    All methods raise an `ObscuraError` if what they measure does not work here.
    """

    def __init__(
        self, shelf: Shelf, opener: Opener, heads: Heads, sample: Any, overlay: Overlay
    ) -> None:
        """
        Args:
            sample: a canvas of the bundled picture.
            overlay: lies over that picture.
        """
        self._shelf, self._opener, self._heads = shelf, opener, heads
        self._sample, self._overlay = sample, overlay
        self._size = (int(sample.width), int(sample.height))
        self._grab = Grabber()
        self.report: Callable[[str], None] = lambda _words: None
        """Called with what is being done, in words."""
        self._painted_ms = 0.0

    @property
    def card(self) -> ModelCard:
        """The model that is run in all ways."""
        return self._shelf.cards[self._shelf.default]

    @property
    def has_litert(self) -> bool:
        """Whether this site has it in a form for LiteRT."""
        return self._opener.has_litert(self.card)

    async def way(self, way: Way, frames: int, end_ms: float) -> dict[str, Any]:
        """Measure whole frames of the default model in one way to run.

        Args:
            frames: how many at most; fewer where time runs out.
            end_ms: when to end, on the page's clock.
        """
        opened, opening_ms = await self._open(self.card, way.plans)
        try:
            rows = await self._run_frames(opened, frames, way.name, end_ms)
        finally:
            opened.session.close()
        assert opened.sample is not None
        return {
            "plan": opened.plan,
            "opening": opening_ms,
            "agreement": agreement(opened.sample, self.card),
            **work.summary(rows),
        }

    async def model(self, card: ModelCard, frames: int, end_ms: float) -> dict[str, Any]:
        """Measure the stages of a model in the way that the page itself would choose."""
        opened, _ = await self._open(card, None)
        try:
            rows = await self._run_frames(opened, frames, card.title, end_ms)
        finally:
            opened.session.close()
        plan = opened.plan
        return {
            "name": card.name,
            "title": card.title,
            "input": f"{card.input.width} × {card.input.height}",  # noqa: RUF001
            "backend": way_name(plan.backend, plan.threads, half=plan.half),
            **work.medians(rows),
        }

    async def head(self, name: str, plan: Plan, end_ms: float) -> dict[str, Any]:
        """Measure a second network on the picture, and on the people whom the model finds in it.

        Returns:
            ``opening``, ``look``, the median time of a look at all ``crops``, ``frame``, that of a
            frame on average as often as the page looks, and ``found``, the number of rows.
        """
        card = (await self._heads.cards())[name]
        head = await self._heads.head(card)
        opened, _ = await self._open(self.card, (plan,))
        try:
            self.report(card.title)
            begun = now_ms()
            await opened.session.open_head(name, await head.load(), head.form)
            opening_ms = now_ms() - begun
            looks, crops, found = await self._look(opened, card, end_ms)
        finally:
            opened.session.close()
        look_ms = median(looks)
        return {
            "name": name,
            "title": card.title,
            "way": way_name(plan.backend, plan.threads, half=plan.half),
            "opening": opening_ms,
            "look": look_ms,
            "crops": crops,
            "frame": look_ms / USUAL_EVERY.frames,
            "found": found,
        }

    async def tracking(self, count: int, end_ms: float) -> dict[str, Any]:
        """Measure the tracker on this many objects that walk."""
        tracker = Tracker(TrackerOptions.for_card(self.card))
        times: list[float] = []
        for index in range(WARM_UP + REPEATS):
            await self._breathe()
            update = work.walk(count, index)
            begun = now_ms()
            tracker.update(update)
            if index >= WARM_UP:
                times.append(now_ms() - begun)
            if len(times) >= LEAST and now_ms() > end_ms:
                break
        return {"count": count, "track": median(times)}

    async def rows(self, outputs: Outputs, card: ModelCard, end_ms: float) -> dict[str, float]:
        """Measure how long it takes to decode and draw a model's rows."""
        rows: list[dict[str, float]] = []
        for repeat in range(WARM_UP + REPEATS):
            await self._breathe()
            row = self._show(outputs, card)
            if repeat >= WARM_UP:
                rows.append(row)
            if len(rows) >= LEAST and now_ms() > end_ms:
                break
        return work.medians(rows)

    # ---- parts of it -----------------------------------------------------------------------------

    async def _open(self, card: ModelCard, plans: Sequence[Plan] | None) -> tuple[OpenModel, float]:
        """Open a session, which passes the self-check; return it and for how long that took.

        Args:
            plans: None for those that the page would try.
        """
        self.report(card.title)
        await asyncio.sleep(0)
        network = await self._shelf.fetch(card)
        begun = now_ms()
        opened = await self._opener.open(
            card,
            network,
            EngineChoice(),
            plans=plans,
            report=lambda _words: None,
            wanted=lambda: True,
        )
        assert opened is not None  # it is always wanted
        return opened, now_ms() - begun

    async def _run_frames(
        self, opened: OpenModel, count: int, what: str, end_ms: float
    ) -> list[dict[str, float]]:
        self.report(what)
        rows: list[dict[str, float]] = []
        for number in range(WARM_UP + count):
            await asyncio.sleep(0)
            row = await self._frame(opened)
            if number >= WARM_UP:
                rows.append(row)
            if len(rows) >= LEAST and now_ms() > end_ms:
                break
        return rows

    async def _frame(self, opened: OpenModel) -> dict[str, float]:
        """Run one frame from capture to drawn boxes; return milliseconds by stage."""
        begun = now_ms()
        image = self._grab(self._sample, self._size, opened.card.input)
        captured = now_ms()
        outputs = read(await opened.session.run(image), opened.card)
        answered = now_ms()
        shown = self._show(outputs, opened.card)
        return {"capture": captured - begun, "inference": answered - captured, **shown}

    def _show(self, outputs: Outputs, card: ModelCard) -> dict[str, float]:
        begun = now_ms()
        detections = decode(outputs, card, self._size)
        decoded = now_ms()
        self._overlay.show(detections, card.labels, self._size)
        return {"decode": decoded - begun, "draw": now_ms() - decoded}

    async def _look(
        self, opened: OpenModel, card: HeadCard, end_ms: float
    ) -> tuple[list[float], int, int]:
        """Return the times of looks of an open head, its crops in each, and the rows it found."""
        spec = completed(
            PipelineSpec(heads=(HeadSpec(card.name, card.name, cadence=Every(1)),)),
            opened.card.labels,
        )
        labels = opened.card.labels
        (stage,) = assemble(spec, labels, {card.name: card}, read_head, budget=Budget()).heads
        image = self._grab(self._sample, self._size, opened.card.input)
        outputs = read(await opened.session.run(image), opened.card)
        found = decode(outputs, opened.card, self._size)
        times: list[float] = []
        crops = added = 0
        for index in range(WARM_UP + REPEATS):
            await self._breathe()
            steps = stage.steps(Update(FrameInfo(index, index / work.FPS, *self._size), found))
            begun = now_ms()
            request = next(steps)
            crops = len(request.xyxy)
            answer = await opened.session.run_crops(card.name, request.xyxy, request.size)
            try:
                steps.send(Answer(answer, now_ms() - begun))
            except StopIteration as done:
                added = len(done.value.detections) - len(found)
            if stage.failure is not None:
                raise stage.failure
            if index >= WARM_UP:
                times.append(now_ms() - begun)
            if len(times) >= LEAST and now_ms() > end_ms:
                break
        return times, crops, added

    async def _breathe(self) -> None:
        """Let the page paint and handle events, not too often: each time costs."""
        if now_ms() - self._painted_ms > PAINT_MS:
            self._painted_ms = now_ms()
            await asyncio.sleep(0)
