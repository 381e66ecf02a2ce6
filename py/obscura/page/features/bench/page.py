"""Benchmark page: measures every backend on this device, shows the results, copies them as text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError
from obscura.families.decode import Outputs
from obscura.page.browser import about, shell
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import (
    by_id,
    every,
    listen,
    make,
    on_failure,
    page_data,
    publish,
    run_now,
    terms,
)
from obscura.page.features.bench import advice, record, words, work
from obscura.page.features.bench.deadline import Deadline
from obscura.page.features.bench.device import Device
from obscura.page.features.bench.measuring import Measuring
from obscura.page.features.bench.ways import Way, ways
from obscura.page.models.shelf import Shelf
from obscura.page.stage.notice import NoticeCard
from obscura.page.stage.overlay import Overlay

FRAMES = 60
SECONDS = 60
TICK_MS = 250
PARTS = ("backends", "heads", "tracking", "models", "boxes", "classes")
WEIGHTS = {"backends": 6, "heads": 4, "tracking": 1, "models": 3, "boxes": 0.5, "classes": 0.5}
"""Shares of the time that a step of each part has."""
HEADS = ("faces",)


class Step(NamedTuple):
    """Something to be measured, which becomes a row of a table."""

    part: str
    named: dict[str, Any]
    """What the row has, whether it can be measured or not."""
    measure: Callable[[float], Awaitable[Mapping[str, Any]]]
    """Takes the time by which it should end; returns the figures."""


class Bench:
    """Owns the page. States: "ready", "running", "done", "stopped", "error"."""

    def __init__(
        self, shelf: Shelf, device: Device, measuring: Measuring, overlay: Overlay, version: str
    ) -> None:
        """
        Args:
            overlay: lies over the sample picture.
            version: of Obscura.
        """
        self._device, self._version = device, version
        self._shelf, self._measuring = shelf, measuring
        self._overlay = overlay
        self._notice = NoticeCard(lambda _action: shell.reload(), shelf.deferred.load)
        self._parts: tuple[str, ...] = PARTS
        self._frames, self._seconds = FRAMES, SECONDS
        self._task: asyncio.Task[None] | None = None
        self._deadline: Deadline | None = None
        measuring.report = lambda what: self._show_progress(words.MEASURING.format(what=what))
        self.results = self._nothing()
        self.state = "ready"

    def begin(self, parameters: Mapping[str, str]) -> None:
        """Listen to the buttons, and to the address: `parts`, `frames`, `seconds`, `start`."""
        asked = tuple(name for name in parameters.get("parts", "").split(",") if name in PARTS)
        self._parts = asked or PARTS
        self._frames = _number(parameters.get("frames", ""), 10_000) or FRAMES
        self._seconds = _number(parameters.get("seconds", ""), 3600) or SECONDS
        listen(by_id("start"), "click", lambda _event: self.run())
        listen(by_id("stop"), "click", lambda _event: self.stop())
        listen(by_id("copy"), "click", lambda _event: self._copy("markdown"))
        listen(by_id("copy-json"), "click", lambda _event: self._copy("json"))
        every(TICK_MS, self._tick)
        on_failure(self._fail)
        publish("snapshot", self.snapshot)
        self._show_progress(words.READY)
        self._render()
        if "start" in parameters:
            run_now(self.run())  # so that nobody sees a page that is ready and does nothing

    def snapshot(self) -> dict[str, Any]:
        """Return the page's state for programs; `results` are those so far."""
        code = self._notice.code
        error = None if code is None else {"code": code, "message": self._notice.message}
        return {
            "state": self.state,
            "error": error,
            "results": self.results,
            "advice": self._advice(),
            "record": self._record(),
        }

    def stop(self) -> None:
        """Stop at once, and keep what there is."""
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> None:
        """Measure one thing after another until all is done or the time is up."""
        if self.state == "running":
            return
        self._notice.hide()
        self.results = self._nothing()
        self.state = "running"
        self._deadline = Deadline(self._seconds, now_ms)
        self._render()
        self._tick()
        task = self._task = asyncio.ensure_future(self._measure_all(self._deadline))
        done, _ = await asyncio.wait({task}, timeout=self._seconds)
        stopped = task.cancelled()  # by a person
        if not done:
            task.cancel()
            await asyncio.wait({task})
        self._task = self._deadline = None
        error = None if task.cancelled() else task.exception()
        self.state = "stopped" if stopped else "done"
        if error is not None:
            self._fail(error)
            return
        said = words.STOPPED if stopped else words.TIME_IS_UP if not done else words.DONE
        self._show_progress(said)
        self._overlay.clear()
        self._render()

    # ---- what is measured ------------------------------------------------------------------------

    def _nothing(self) -> dict[str, Any]:
        return {"device": self._device.described(), **{name: [] for name in PARTS}}

    async def _measure_all(self, deadline: Deadline) -> None:
        steps = [step for part in self._parts for step in self._steps(part)]
        weights = [WEIGHTS[step.part] for step in steps]
        for number, step in enumerate(steps):
            try:
                figures = await step.measure(deadline.next_end_ms(weights[number:]))
            except ObscuraError as error:
                figures = {"why": str(error)}
            except asyncio.CancelledError:
                for late in steps[number:]:
                    self._add(late, {"why": words.NO_TIME})
                raise
            self._add(step, figures)
            self._render()

    def _add(self, step: Step, figures: Mapping[str, Any]) -> None:
        """Add a row. Tables that grow with the work have no room for reasons."""
        if "why" not in figures or "name" in step.named:
            self.results[step.part].append({**step.named, **figures})

    def _steps(self, part: str) -> list[Step]:
        """Return what there is to measure in a part."""
        measuring, card = self._measuring, self._measuring.card
        if part == "backends":
            return [self._way(way) for way in ways(self._device.facts, litert=measuring.has_litert)]
        if part == "heads":
            return [Step(part, {"name": name}, partial(self._head, name)) for name in HEADS]
        if part == "tracking":
            return [Step(part, {}, partial(measuring.tracking, count)) for count in work.TRACKED]
        if part == "models":
            few = max(1, self._frames // 3)
            cards = self._shelf.cards.values()
            return [self._model(each, few) for each in cards]
        counts = work.BOXES if part == "boxes" else work.CLASSES
        named = words.BOX_COUNT if part == "boxes" else words.CLASS_COUNT
        steps = []
        for count in counts:
            own = card if part == "boxes" else work.with_classes(card, count)
            boxes, classes = (count, len(card.labels)) if part == "boxes" else (work.ROWS, count)
            outputs = work.boxes_in_view(boxes, classes)
            what = named.format(count=count)
            steps.append(Step(part, {"count": count}, partial(self._grown, what, outputs, own)))
        return steps

    def _way(self, way: Way) -> Step:
        named = {name: getattr(way, name) for name in ("name", "backend", "threads", "half")}

        async def measure(end_ms: float) -> Mapping[str, Any]:
            if way.why:
                return {"why": way.why}
            return await self._measuring.way(way, self._frames, end_ms)

        return Step("backends", named, measure)

    def _model(self, card: ModelCard, frames: int) -> Step:
        named = {"name": card.name, "title": card.title}
        return Step("models", named, partial(self._measuring.model, card, frames))

    async def _head(self, name: str, end_ms: float) -> Mapping[str, Any]:
        """Measure a second network in the fastest way to run."""
        best = advice.fastest(self.results["backends"])
        if best is None:
            return {"why": words.NO_WAY}
        return await self._measuring.head(name, best["plan"], end_ms)

    async def _grown(
        self, what: str, outputs: Outputs, card: ModelCard, end_ms: float
    ) -> Mapping[str, Any]:
        self._measuring.report(what)
        return await self._measuring.rows(outputs, card, end_ms)

    # ---- what is shown ---------------------------------------------------------------------------

    def _show_progress(self, said: str) -> None:
        label = by_id("progress-text")
        if label.textContent != said:  # screen readers announce every assignment
            label.textContent = said
        self._tick()

    def _tick(self) -> None:
        """Show how much time is left, at most."""
        deadline = self._deadline
        by_id("progress-left").textContent = (
            words.LEFT.format(seconds=deadline.left_s) if deadline else ""
        )
        by_id("progress-bar").value = deadline.passed if deadline else float(self.state == "done")

    def _advice(self) -> str:
        if not self.results["backends"]:
            return ""
        return advice.sentence(self.results["backends"], self.results["heads"])

    def _record(self) -> dict[str, Any]:
        return record.record(
            self._device,
            self.results,
            version=self._version,
            date=about.today(),
            model=self._measuring.card.name,
        )

    def _render(self) -> None:
        running = self.state == "running"
        page_data().state = self.state
        self._swap("start", "stop", running)
        by_id("progress").hidden = False
        any_rows = any(self.results[name] for name in PARTS)
        by_id("results").hidden = not any_rows
        by_id("copy").hidden = by_id("copy-json").hidden = running or not any_rows
        by_id("advice").textContent = "" if running else self._advice()
        by_id("advice").hidden = running or not self.results["backends"]
        if not any_rows:
            return
        by_id("device").replaceChildren(*terms(self.results["device"].items()))
        for table in words.tables(self.results):
            section = by_id(table.name)
            section.closest("section").hidden = not table.rows
            head = make("tr")
            head.append(*(make("th", text=word, scope="col") for word in table.head))
            body = make("tbody")
            body.append(*(_row(row, len(table.head)) for row in table.rows))
            top = make("thead")
            top.append(head)
            section.replaceChildren(top, body)
        by_id("markdown").value = words.markdown(self.results, self._advice())
        by_id("json").value = record.as_text(self._record())

    def _swap(self, one: str, other: str, swapped: bool) -> None:
        """Show one of two buttons, and move the keyboard focus to it."""
        shown, hidden = (other, one) if swapped else (one, other)
        had_focus = shell.focused_id() == hidden
        by_id(shown).hidden = by_id(shown).disabled = False
        by_id(hidden).hidden = True
        if had_focus:
            by_id(shown).focus()

    async def _copy(self, form: str) -> None:
        """Copy what is in a field, or open that field for the person to copy it."""
        field = by_id(form)
        try:
            await shell.copy_text(str(field.value))
        except Exception:  # noqa: BLE001  (browsers that refuse throw what they like)
            self._show_progress(words.NOT_COPIED)
            field.closest("details").open = True
            field.select()
            return
        self._show_progress(words.COPIED)

    def _fail(self, error: BaseException) -> None:
        self.state = "error"
        self._notice.show(error)
        by_id("progress").hidden = True
        self._overlay.clear()
        self._render()
        by_id("progress").hidden = True


def _row(cells: tuple[str, ...], width: int) -> Any:
    row = make("tr")
    row.append(make("th", text=cells[0], scope="row"))
    if len(cells) == 2 < width:
        why = make("td", cls="why", colspan=str(width - 1))
        why.append(make("span", text=cells[1]))
        row.append(why)
    else:
        row.append(*(make("td", text=cell) for cell in cells[1:]))
    return row


def _number(text: str, most: int) -> int | None:
    """Return a whole number above zero; None if the text is none, or one above `most`."""
    return int(text) if text.isdecimal() and 0 < int(text) <= most else None
