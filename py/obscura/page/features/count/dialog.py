"""Counts over time: the dialog with the chart, the same as a table, and the file to save.

The chart's library is fetched when the dialog is opened for the first time.
"""

from __future__ import annotations

import time
from typing import Any

from obscura.counting.periods import PERIODS, Period
from obscura.page.browser import sharing, uplot
from obscura.page.browser.boot import boot
from obscura.page.browser.dom import by_id, every, listen, make
from obscura.page.features.context import Context
from obscura.page.features.count import figures, history_words
from obscura.page.features.count.edits import all_shapes
from obscura.page.features.count.figures import SHOWN, STEP_S, Choice, Figures
from obscura.page.features.count.history import History

REFRESH_MS = 1_000
BARS = 2
"""Of the columns the first two are bars; a zone's third is a line."""


class CountsDialog:
    """The dialog behind *Counts over time*."""

    COMMANDS = ("counts", "earlier", "later", "table or chart", "save counts")

    def __init__(self, context: Context, history: History) -> None:
        self._build, self._history = context.build, history
        self._dialog, self._holder = by_id("counts-dialog"), by_id("counts-chart")
        self._of, self._per = by_id("counts-of"), by_id("counts-per")
        self._choices: list[Choice] = []
        self._end_s: float | None = None  # of what is shown; None follows the clock
        self._figures: Figures | None = None
        self._library: Any = None
        self._chart: uplot.Chart | None = None
        self._drawn: Any = None  # what the chart was made for
        self._as_table = self._counted = self._listening = False
        self._cells: list[tuple[str, ...]] = []  # of the table
        self._index: int | None = None  # of the period under the cursor

    def run(self, command: str) -> Any:
        """Carry out a command of `COMMANDS`."""
        if command == "counts":
            return self._open()
        if command == "save counts":
            return self._save()
        if command == "table or chart":
            self._as_table = not self._as_table
            self._say("")
            return self._load()
        if self._figures is not None:
            self._index = None
            later_s = self._figures.later_s
            self._end_s = self._figures.earlier_s if command == "earlier" else later_s
            self._render()
        return None

    def counted(self) -> None:
        """A frame was counted."""
        self._counted = True

    # ---- opening ---------------------------------------------------------------------------------

    async def _open(self) -> None:
        if self._dialog.open:
            return
        self._end_s = self._index = None
        self._say("")
        self._dialog.showModal()
        self._listen()
        self._render()
        await self._load()

    async def _load(self) -> None:
        """Fetch the chart's library, if it is wanted and not there."""
        if self._library is None and not self._as_table:
            addresses = (self._build.chart_url, self._build.chart_style_url)
            try:
                self._library = await uplot.load(boot.load, *addresses)
            except Exception:  # noqa: BLE001  (no connection: browsers throw what they like)
                self._as_table = True
                self._say(history_words.NO_CHART)
        self._render()

    def _listen(self) -> None:
        """Follow the controls, the clock and the window, once."""
        if self._listening:
            return
        self._listening = True
        for select in (self._of, self._per):
            listen(select, "change", lambda _event: self._chosen())
        listen(self._holder, "keydown", self._key)
        uplot.watch(self._holder, self._render)
        every(REFRESH_MS, self._refresh)

    def _chosen(self) -> None:
        self._end_s = self._index = None
        self._render()

    def _refresh(self) -> None:
        """Show what was counted since, and another theme."""
        if self._dialog.open and (self._counted or self._looks_different()):
            self._counted = False
            self._render()

    # ---- what is shown ---------------------------------------------------------------------------

    @property
    def _period(self) -> Period:
        return next(each for each in PERIODS if each == self._per.value)

    @property
    def _choice(self) -> Choice:
        return self._choices[max(0, int(self._of.selectedIndex))]

    def _render(self) -> None:
        if not self._dialog.open:
            return
        self._list_choices()
        source = self._history.source
        found = None
        if source is not None and self._choices:
            found = figures.figures(source.series, self._choice, self._period, self._end_s)
        self._figures = found
        by_id("counts-empty").hidden = found is not None
        by_id("counts-empty").textContent = history_words.EMPTY
        by_id("counts-choose").hidden = not self._choices
        by_id("counts-figure").hidden = found is None
        if found is None:
            return
        name, kind = self._choice.name, self._choice.kind
        sentence = history_words.summary(name, kind, self._period, found.starts, found.rows)
        by_id("counts-summary").textContent = sentence
        by_id("counts-earlier").disabled = found.earlier_s is None
        by_id("counts-later").disabled = found.later_s is None
        by_id("counts-as").textContent = (
            history_words.CHART if self._as_table else history_words.TABLE
        )
        by_id("counts-table").hidden = not self._as_table
        for part in ("counts-legend", "counts-chart", "counts-at"):
            by_id(part).hidden = self._as_table
        if self._as_table:
            self._fill_table(found)
        elif self._library is not None:
            self._draw(found)

    def _list_choices(self) -> None:
        source = self._history.source
        now = figures.choices(source.shapes, source.series) if source else []
        if source is None or now == self._choices:
            return
        chosen = self._choice if self._choices and self._of.options.length else None
        self._choices = now
        groups = []
        for kind, title in history_words.GROUPS.items():
            options = [make("option", text=each.name) for each in now if each.kind == kind]
            group = make("optgroup", label=title)
            group.append(*options)
            groups += [group] if options else []
        self._of.replaceChildren(*groups)
        there = {shape.name for shape in all_shapes(source.shapes)}
        first = next((each for each in now if each.name in there), now[0]) if now else None
        kept = chosen if chosen in now else first
        if kept is not None:
            self._of.selectedIndex = now.index(kept)

    def _fill_table(self, found: Figures) -> None:
        titles = ("When", *history_words.COLUMNS[self._choice.kind])
        cells = [titles] + [
            (history_words.moment(self._period, start_s), *map(history_words.number, numbers))
            for start_s, numbers in zip(found.starts[::-1], found.rows[::-1], strict=True)
        ]
        if cells == self._cells:  # somebody may be reading it
            return
        self._cells = cells
        caption, head, body = by_id("counts-table").firstElementChild.children
        caption.textContent = self._choice.name
        row = make("tr")
        row.append(*(make("th", text=title, scope="col") for title in titles))
        head.replaceChildren(row)
        rows = []
        for when, *numbers in cells[1:]:
            row = make("tr")
            row.append(make("th", text=when, scope="row"))
            row.append(*(make("td", text=number) for number in numbers))
            rows.append(row)
        body.replaceChildren(*rows)

    # ---- the chart -------------------------------------------------------------------------------

    def _columns(self) -> int:
        return BARS + (self._choice.kind == "zone")

    def _looks_different(self) -> bool:
        return self._chart is not None and self._chart.look != uplot.looks(self._holder)

    def _draw(self, found: Figures) -> None:
        period, columns = self._period, self._columns()
        plot = uplot.Plot(BARS, columns, STEP_S[period], SHOWN[period])
        if self._chart is None or self._drawn != plot or self._looks_different():
            self._drawn = plot
            if self._chart is not None:
                self._chart.close()
            self._chart = uplot.Chart(
                self._library,
                self._holder,
                plot,
                tick=lambda now_s, before_s: history_words.tick(period, now_s, before_s),
                moved=self._moved,
            )
            self._show_legend()
        numbers = figures.columns(found.rows, columns)
        self._chart.draw(found.starts, numbers, found.begin_s, found.end_s)
        if self._index is not None and self._index < len(found.starts):
            self._chart.point(found.starts[self._index])

    def _show_legend(self) -> None:
        items = []
        for number, title in enumerate(history_words.COLUMNS[self._choice.kind][: self._columns()]):
            item = make("li")
            item.append(make("span", cls=f"swatch swatch-{number}"), make("span", text=title))
            items.append(item)
        by_id("counts-legend").replaceChildren(*items)

    def _moved(self, index: int | None) -> None:
        """The cursor is on a period, or on none."""
        found = self._figures
        if index is None or found is None or index >= len(found.starts):
            return
        self._index = index
        when = history_words.moment(self._period, found.starts[index])
        words = f"{when}: {history_words.values(self._choice.kind, found.rows[index])}"
        if by_id("counts-at").textContent != words:
            by_id("counts-at").textContent = words

    def _key(self, event: Any) -> None:
        found = self._figures
        if found is None or self._chart is None:
            return
        last = len(found.starts) - 1
        now = last + 1 if self._index is None else self._index
        index = {"ArrowLeft": now - 1, "ArrowRight": now + 1, "Home": 0, "End": last}.get(event.key)
        if index is None:
            return
        event.preventDefault()
        self._index = min(max(index, 0), last)
        self._chart.point(found.starts[self._index])
        self._moved(self._index)

    # ---- the file --------------------------------------------------------------------------------

    def _save(self) -> None:
        source = self._history.source
        if source is None:
            return
        name = f"obscura-counts-per-{self._period}-{time.strftime('%Y-%m-%d-%H%M%S')}.csv"
        sharing.save(sharing.text_blob(source.series.to_csv(self._period), "text/csv"), name)
        self._say(history_words.SAVED.format(name=name))

    def _say(self, sentence: str) -> None:
        by_id("counts-note").textContent = sentence
