"""Benchmark page: measures every backend on this device, shows the results, copies them as text.

The bundled picture stands in for a camera, so that no permission is needed and every device has
the same work; the stages are those of the page's own frame loop, by the same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan, wasm_threads
from obscura.errors import ObscuraError
from obscura.families.decode import Outputs, decode, read
from obscura.page.browser import shell
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, listen, make, on_failure, page_data, publish, terms
from obscura.page.browser.frames import Grabber
from obscura.page.features.bench import words as bench_text
from obscura.page.features.bench import work as bench_work
from obscura.page.features.bench.device import Device
from obscura.page.models.opening import EngineChoice, Opener, OpenModel
from obscura.page.models.shelf import Shelf
from obscura.page.stage.notice import NoticeCard
from obscura.page.stage.overlay import Overlay

WARM_UP = 5
FRAMES = 60
REPEATS = 30
"""How often generated rows are decoded and drawn."""
PARTS = ("backends", "models", "boxes", "classes")


class Stopped(Exception):
    """The person pressed Stop."""


class Bench:
    """Owns the page. States: "ready", "running", "done", "stopped", "error"."""

    def __init__(self, shelf: Shelf, opener: Opener, device: Device, sample: Any) -> None:
        """
        Args:
            sample: a canvas of the bundled picture.
        """
        self._shelf, self._opener, self._device = shelf, opener, device
        self._sample = sample
        self._size = (int(sample.width), int(sample.height))
        self._grab = Grabber()
        self._overlay = Overlay(by_id("overlay"))
        self._notice = NoticeCard(lambda _action: shell.reload(), shelf.deferred.load)
        self._parts: tuple[str, ...] = PARTS
        self._frames = FRAMES
        self._wanted = False
        self.results = self._nothing()
        self.state = "ready"

    def begin(self, parameters: Mapping[str, str]) -> None:
        """Listen to the buttons, and to the address: `parts`, `frames`, `start`."""
        asked = tuple(name for name in parameters.get("parts", "").split(",") if name in PARTS)
        self._parts = asked or PARTS
        frames = parameters.get("frames", "")
        if frames.isdecimal() and 0 < int(frames) <= 10_000:
            self._frames = int(frames)
        listen(by_id("start"), "click", lambda _event: self.run())
        listen(by_id("stop"), "click", lambda _event: self.stop())
        listen(by_id("copy"), "click", lambda _event: self._copy())
        on_failure(self._fail)
        publish("snapshot", self.snapshot)
        self._show_progress(bench_text.READY, 0.0)
        self._render()
        if "start" in parameters:
            by_id("start").click()

    def snapshot(self) -> dict[str, Any]:
        """Return the page's state for programs; `results` are those so far."""
        code = self._notice.code
        error = None if code is None else {"code": code, "message": self._notice.message}
        return {"state": self.state, "error": error, "results": self.results}

    def stop(self) -> None:
        """Stop after the current frame."""
        self._wanted = False

    async def run(self) -> None:
        """Measure all parts, one after another."""
        if self.state == "running":
            return
        self._notice.hide()
        self.results = self._nothing()
        self._wanted, self.state = True, "running"
        self._render()
        steps: dict[str, Callable[[], Any]] = {
            "backends": self._measure_backends,
            "models": self._measure_models,
            "boxes": self._measure_boxes,
            "classes": self._measure_classes,
        }
        try:
            for part in self._parts:
                await steps[part]()
                self._render()
        except Stopped:
            self.state = "stopped"
            self._show_progress(bench_text.STOPPED, 0.0)
        except ObscuraError as error:
            self._fail(error)
        else:
            self.state = "done"
            self._show_progress(bench_text.DONE, 1.0)
        finally:
            self._overlay.clear()
            self._render()

    # ---- what is measured ------------------------------------------------------------------------

    def _nothing(self) -> dict[str, Any]:
        return {"device": self._device.described(), **{name: [] for name in PARTS}}

    @property
    def _card(self) -> ModelCard:
        return self._shelf.cards[self._shelf.default]

    def _backends(self) -> list[tuple[str, int, str]]:
        """Return backends with numbers of threads, and why each is skipped; "" if not."""
        facts = self._device.facts
        counts = wasm_threads(facts)
        no_gpu = bench_text.SOFTWARE if facts.fallback_gpu else ""
        no_threads = bench_text.NO_THREADS if not facts.isolated else bench_text.ONE_CORE
        return [
            ("webgpu", 0, no_gpu if facts.gpu else bench_text.NO_GPU),
            *(("wasm", count, "") for count in counts[:-1]),
            *([("wasm", 2, no_threads)] if len(counts) == 1 else []),
            ("wasm", 1, ""),
        ]

    async def _measure_backends(self) -> None:
        """Measure whole frames of the default model on every backend."""
        ways = self._backends()
        for number, (backend, threads, why) in enumerate(ways):
            name = bench_text.backend_name(backend, threads)
            if why:
                self.results["backends"].append({"name": name, "why": why})
                continue
            try:
                opened = await self._open(self._card, backend, threads, number / len(ways))
            except ObscuraError as error:
                self.results["backends"].append({"name": name, "why": str(error)})
                continue
            try:
                frames = await self._run_frames(
                    opened, self._frames, name, number / len(ways), 1 / len(ways)
                )
            finally:
                opened.session.close()
            row = {"name": name, "backend": backend, "threads": opened.session.info.threads}
            self.results["backends"].append(row | bench_work.summary(frames))
            self._render()

    async def _measure_models(self) -> None:
        """Measure every shipped model on the first backend that works."""
        cards = list(self._shelf.cards.values())
        for number, card in enumerate(cards):
            try:
                opened = await self._open(card, "auto", 0, number / len(cards))
            except ObscuraError as error:
                self.results["models"].append({"title": card.title, "why": str(error)})
                continue
            count = max(1, self._frames // 3)
            try:
                frames = await self._run_frames(
                    opened, count, card.title, number / len(cards), 1 / len(cards)
                )
            finally:
                opened.session.close()
            info = opened.session.info
            row = {
                "name": card.name,
                "title": card.title,
                "input": f"{card.input.width} × {card.input.height}",  # noqa: RUF001
                "backend": bench_text.backend_name(info.backend, info.threads),
            }
            self.results["models"].append(row | bench_work.medians(frames))
            self._render()

    async def _measure_boxes(self) -> None:
        """Measure decoding and drawing for a growing number of boxes."""
        card = self._card
        for number, count in enumerate(bench_work.BOXES):
            outputs = bench_work.boxes_in_view(count, len(card.labels))
            await self._measure_rows("boxes", count, card, outputs, number / len(bench_work.BOXES))

    async def _measure_classes(self) -> None:
        """Measure decoding and drawing for a growing number of classes."""
        for number, count in enumerate(bench_work.CLASSES):
            card = bench_work.with_classes(self._card, count)
            outputs = bench_work.boxes_in_view(bench_work.ROWS, count)
            share = number / len(bench_work.CLASSES)
            await self._measure_rows("classes", count, card, outputs, share)

    async def _measure_rows(
        self, part: str, count: int, card: ModelCard, outputs: Outputs, share: float
    ) -> None:
        words = bench_text.BOX_COUNT if part == "boxes" else bench_text.CLASS_COUNT
        self._show_progress(bench_text.MEASURING.format(what=words.format(count=count)), share)
        rows = []
        for repeat in range(WARM_UP + REPEATS):
            await self._breathe()
            row = self._show(outputs, card)
            if repeat >= WARM_UP:
                rows.append(row)
        self.results[part].append({"count": count, **bench_work.medians(rows)})
        self._render()

    async def _open(self, card: ModelCard, backend: str, threads: int, share: float) -> OpenModel:
        """Open a session on exactly this backend and number of threads.

        Raises:
            ObscuraError: it cannot be opened, or does not reproduce the recorded answer.
        """
        await self._breathe()
        self._show_progress(bench_text.OPENING.format(what=card.title), share)
        model = await self._shelf.fetch(card)
        # A fallback would be measured under the wrong name.
        others = () if backend == "auto" else _fallbacks(backend, threads)
        opened = await self._opener.open(
            card,
            model,
            EngineChoice(backend, threads),
            failed=others,
            report=lambda words: self._show_progress(words, share),
            wanted=lambda: self._wanted,
        )
        if opened is None:
            raise Stopped
        return opened

    async def _run_frames(
        self, opened: OpenModel, count: int, what: str, share: float, of: float
    ) -> list[dict[str, float]]:
        rows = []
        for number in range(WARM_UP + count):
            if number % 5 == 0:
                done = share + of * number / (WARM_UP + count)
                self._show_progress(bench_text.MEASURING.format(what=what), done)
            await self._breathe()
            row = await self._frame(opened)
            if number >= WARM_UP:
                rows.append(row)
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

    async def _breathe(self) -> None:
        """Let the page paint and handle events; raise Stopped if Stop was pressed."""
        await asyncio.sleep(0)
        if not self._wanted:
            raise Stopped

    # ---- what is shown ---------------------------------------------------------------------------

    def _show_progress(self, words: str, share: float) -> None:
        by_id("progress-bar").value = share
        label = by_id("progress-text")
        if label.textContent != words:  # screen readers announce every assignment
            label.textContent = words

    def _render(self) -> None:
        running = self.state == "running"
        page_data().state = self.state
        self._swap("start", "stop", running)
        by_id("progress").hidden = False
        any_rows = any(self.results[name] for name in PARTS)
        by_id("results").hidden = not any_rows
        by_id("copy").hidden = running or not any_rows
        if not any_rows:
            return
        by_id("device").replaceChildren(*terms(self.results["device"].items()))
        for table in bench_text.tables(self.results):
            section = by_id(table.name)
            section.closest("section").hidden = not table.rows
            head = make("tr")
            head.append(*(make("th", text=word, scope="col") for word in table.head))
            body = make("tbody")
            body.append(*(_row(row, len(table.head)) for row in table.rows))
            top = make("thead")
            top.append(head)
            section.replaceChildren(top, body)
        by_id("markdown").value = bench_text.markdown(self.results)

    def _swap(self, one: str, other: str, swapped: bool) -> None:
        """Show one of two buttons, and move the keyboard focus to it."""
        shown, hidden = (other, one) if swapped else (one, other)
        had_focus = shell.focused_id() == hidden
        by_id(shown).hidden = by_id(shown).disabled = False
        by_id(hidden).hidden = True
        if had_focus:
            by_id(shown).focus()

    async def _copy(self) -> None:
        try:
            await shell.copy_text(bench_text.markdown(self.results))
        except Exception:  # noqa: BLE001  (browsers that refuse throw what they like)
            self._show_progress(bench_text.NOT_COPIED, 1.0)
            by_id("as-text").open = True
            by_id("markdown").select()
            return
        self._show_progress(bench_text.COPIED, 1.0)

    def _fail(self, error: BaseException) -> None:
        self.state = "error"
        self._notice.show(error)
        by_id("progress").hidden = True
        self._render()


def _row(words: tuple[str, ...], width: int) -> Any:
    row = make("tr")
    row.append(make("th", text=words[0], scope="row"))
    if len(words) == 2 < width:
        row.append(make("td", text=words[1], cls="why", colspan=str(width - 1)))
    else:
        row.append(*(make("td", text=word) for word in words[1:]))
    return row


def _fallbacks(backend: str, threads: int) -> tuple[Plan, ...]:
    """Return the plans that would be tried next if this one failed."""
    return (Plan("wasm", "wasm", 1),) if backend == "wasm" and threads != 1 else ()
