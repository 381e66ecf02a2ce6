"""The meter: one line over the picture; opened, where a frame's milliseconds go and what computes
them.
"""

from __future__ import annotations

from typing import Any

from obscura.engine.session import SessionInfo
from obscura.live.timing import FrameTotals
from obscura.page.browser.clock import script_memory
from obscura.page.browser.dom import by_id, listen, make, terms
from obscura.page.words import text

OWN_STAGES = ("capture", "inference", "decode", "draw", "hide")
"""Stages that have a colour each; all others are heads."""


class Meter:
    """Shows rates, stages, backend and memory. `render` is called a few times a second."""

    def __init__(self) -> None:
        self._root = by_id("meter")
        self._line = by_id("meter-line")
        self._text = by_id("meter-text")
        self._details = by_id("meter-details")
        self._stack = by_id("meter-stack")
        self._list = by_id("meter-list")
        listen(self._line, "click", self._toggle)

    def render(
        self,
        *,
        live: bool,
        paused: bool,
        shown: float,
        analysed: float,
        timings: dict[str, float],
        totals: FrameTotals | None,
        held: dict[str, float],
        delay_ms: float | None,
        info: SessionInfo | None,
        why: str,
    ) -> None:
        """
        Args:
            live: a camera or video is in view; `paused`: it stands still.
            shown, analysed: frames per second.
            timings: median milliseconds by stage.
            totals: of whole frames, where there are any.
            held: frames per second, by what allows no more (`Pace.limits`).
            delay_ms: how late frames are shown, where that is only once they are analysed.
            why: why this backend, as a sentence.
        """
        self._root.hidden = info is None or not timings
        if info is None or not timings:
            return
        backend = text.BACKEND_NAMES[info.backend]
        total = sum(timings.values())
        self._text.textContent = text.meter_line(
            analysed if live else None, total, paused=paused, spared=bool(held)
        )
        if self._details.hidden:
            return
        self._show_stages(timings, total)
        rows = [(text.stage(stage), f"{ms:.1f} ms") for stage, ms in timings.items()]
        if totals is not None:
            rows.append(("Per frame", text.spread(totals.median, totals.p95)))
            if live and delay_ms is not None:
                rows.append(("Delay", text.DELAY.format(ms=f"{delay_ms:.0f}")))
        if live and held:
            rows.append(("Limited", text.held(held)))
        if live and not paused:
            rows += [
                ("Frames shown", f"{text.rate(shown)} per second"),
                ("Frames analysed", f"{text.rate(analysed)} per second"),
            ]
        threads = f", {info.threads} threads" if info.threads > 1 else ""
        half = ", half precision" if info.precision == "float16" else ""
        rows += [
            ("Backend", f"{backend}{threads}{half}"),
            ("Device", info.device),
            ("Why", why),
        ]
        heap = script_memory()
        if heap:
            rows.append(("Script memory", text.megabytes(heap)))
        self._list.replaceChildren(*terms(rows))

    def _show_stages(self, timings: dict[str, float], total: float) -> None:
        self._stack.replaceChildren()
        for stage, ms in timings.items():
            kind = stage if stage in OWN_STAGES else "head"
            bar = make("span", cls=f"stage-{kind}", title=f"{text.stage(stage)} {ms:.1f} ms")
            bar.style.flexGrow = str(max(ms / total, 0.005) if total else 1)
            self._stack.append(bar)
        self._stack.setAttribute(
            "aria-label",
            ", ".join(
                f"{text.stage(stage)} {ms:.1f} milliseconds" for stage, ms in timings.items()
            ),
        )

    def _toggle(self, _event: Any) -> None:
        self._details.hidden = not self._details.hidden
        self._line.setAttribute("aria-expanded", "false" if self._details.hidden else "true")
