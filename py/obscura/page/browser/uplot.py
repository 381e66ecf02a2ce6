"""Charts, drawn by the library uPlot.

Boundary: numbers are copied into JavaScript arrays for each drawing. A chart creates two proxies,
which it destroys when it is closed. The library and its style are fetched from this site when the
first chart is drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from js import ResizeObserver, document, getComputedStyle
from pyodide.ffi import create_proxy, jsnull, to_js

from obscura.page.browser.dom import js_object, make

AXIS = 46
"""CSS pixels left of the plot, for the numbers."""
WIDEST = 28.0
"""CSS pixels of a bar, at most."""
COLOURS = ("--link", "--focus", "--text")
"""Of the style sheet, by column."""


@dataclass(frozen=True)
class Plot:
    """What a chart shows.

    Attributes:
        bars: number of columns drawn as bars side by side; those after them are drawn as lines.
        columns: number of columns, 1 to 3.
        step_s: seconds between two periods.
        slots: number of periods that there is room for.
    """

    bars: int
    columns: int
    step_s: float
    slots: int


async def load(load_module: Callable[[str], Awaitable[Any]], module: str, style: str) -> Any:
    """Return the library.

    Args:
        load_module: returns the module at an address.
        module, style: addresses of the library and of its style.

    Raises:
        OSError: the style did not come.
        What the browser throws when the library does not come.
    """
    library = (await load_module(module)).default
    await _style(style)
    return library


async def _style(address: str) -> None:
    """Use a style, and wait for it: what is drawn without it lies in the wrong places."""
    link = document.querySelector(f'link[href="{address}"]')
    if not hasattr(link, "href"):
        link = make("link", rel="stylesheet", href=address)
        document.head.append(link)
    if hasattr(link.sheet, "cssRules"):
        return
    came: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def settle(event: Any) -> None:
        if not came.done():
            came.set_result(event.type == "load")

    proxy = create_proxy(settle)
    for event in ("load", "error"):
        link.addEventListener(event, proxy)
    try:
        arrived = await came
    finally:
        for event in ("load", "error"):
            link.removeEventListener(event, proxy)
        proxy.destroy()
    if not arrived:
        link.remove()  # so that the next time asks for it again
        raise OSError(f"{address} did not arrive")


def watch(holder: Any, changed: Callable[[], None]) -> None:
    """Call `changed()` when an element has another size, for the life of the page."""
    ResizeObserver.new(create_proxy(lambda *_: changed())).observe(holder)


class Chart:
    """One chart in the page."""

    def __init__(
        self,
        library: Any,
        holder: Any,
        plot: Plot,
        *,
        tick: Callable[[float, float | None], str],
        moved: Callable[[int | None], None],
    ) -> None:
        """
        Args:
            library: what `load` returned.
            holder: the element that it fills.
            plot: what it shows.
            tick: returns the text below a tick, given its time and that of the tick before it.
            moved: called with the index of the period under the pointer; None for none.
        """
        self._holder, self._plot, self._tick, self._moved = holder, plot, tick, moved
        self.look = looks(holder)
        self._indices: list[int | None] = []  # of the periods, by the points that are drawn
        self._proxies = [create_proxy(self._ticks), create_proxy(self._cursor_set)]
        self._chart = library.new(js_object(**self._options(library)), to_js([]), holder)

    def draw(
        self,
        starts: Sequence[float],
        columns: Sequence[Sequence[float]],
        begin_s: float,
        end_s: float,
    ) -> None:
        """Show these periods.

        Args:
            starts: in epoch seconds, ascending.
            columns: the numbers of each column, by period.
            begin_s, end_s: the first and last period on the time axis.
        """
        step_s, half = self._plot.step_s, self._plot.step_s / 2
        self._indices = []
        times: list[float] = []
        numbers: list[list[Any]] = [[] for _ in columns]
        for index, start_s in enumerate(starts):
            if times and start_s - times[-1] > 1.5 * step_s:  # lines are interrupted there
                self._indices.append(None)
                times.append(times[-1] + step_s)
                for column in numbers:
                    column.append(jsnull)
            self._indices.append(index)
            times.append(start_s)
            for column, given in zip(numbers, columns, strict=True):
                column.append(given[index])
        self._chart.setData(to_js([times, *numbers]), False)
        self._chart.setScale("x", js_object(min=begin_s - half, max=end_s + half))

    def point(self, start_s: float) -> None:
        """Put the cursor on a period."""
        left = self._chart.valToPos(start_s, "x")
        self._chart.setCursor(js_object(left=left, top=self._chart.over.clientHeight / 2))

    def close(self) -> None:
        """Remove it from the page."""
        self._chart.destroy()
        for proxy in self._proxies:
            proxy.destroy()

    def _options(self, library: Any) -> dict[str, Any]:
        width, height, text, line, *colours = self.look
        slot = (width - AXIS) / self._plot.slots
        font = f"12px {getComputedStyle(self._holder).fontFamily}"
        above = {"pad": 0.1, "soft": 4, "mode": 1}
        axis = {"stroke": text, "font": font}
        grid = {"stroke": line, "width": 1}
        series: list[dict[str, Any]] = [{}]
        for index, colour in enumerate(colours[: self._plot.columns]):
            drawn: dict[str, Any] = {"stroke": colour, "width": 2}
            if index < self._plot.bars:
                sides = js_object(
                    size=[0.8 / self._plot.bars, min(WIDEST, slot * 0.4)], align=(-1, 1)[index]
                )
                drawn |= {"fill": colour, "width": 0, "paths": library.paths.bars(sides)}
            series.append(drawn)
        return {
            "width": width,
            "height": height,
            "legend": {"show": False},
            "cursor": {"y": False, "drag": {"x": False, "y": False, "setScale": False}},
            "scales": {
                "x": {"time": False, "auto": False},
                "y": {"range": {"min": {"pad": 0, "hard": 0}, "max": above}},
            },
            "axes": [
                {**axis, "grid": {"show": False}, "ticks": grid, "values": self._proxies[0],
                 "incrs": [self._plot.step_s * many for many in (1, 2, 5, 10, 15, 30)],
                 "space": 56},
                {**axis, "grid": grid, "ticks": {"show": False}, "size": AXIS,
                 "incrs": [many * 10**power for power in range(9) for many in (1, 2, 5)]},
            ],
            "series": series,
            "hooks": {"setCursor": [self._proxies[1]]},
        }  # fmt: skip

    def _ticks(self, _chart: Any, splits: Any, *_rest: Any) -> Any:
        times = [float(each) for each in splits]
        before = [None, *times[:-1]]
        return to_js([self._tick(now, then) for now, then in zip(times, before, strict=True)])

    def _cursor_set(self, chart: Any, *_rest: Any) -> None:
        point = chart.cursor.idx
        drawn = isinstance(point, (int, float)) and point < len(self._indices)
        self._moved(self._indices[int(point)] if drawn else None)


def looks(holder: Any) -> tuple[Any, ...]:
    """Return all on which the drawing of a chart depends: width and height of its element in CSS
    pixels, and the colours of text, grid and columns."""
    style = getComputedStyle(holder)
    names = ("--quiet", "--line", *COLOURS)
    colours = (str(style.getPropertyValue(name)).strip() for name in names)
    return (int(holder.clientWidth), int(holder.clientHeight), *colours)
