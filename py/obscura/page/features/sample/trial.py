"""Trial of a tool: opens the sample clip with the tool on, and restores what was before. Pure
Python."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from obscura.counting.shapes import to_json
from obscura.page.features.context import Context
from obscura.page.features.sample.example import SHAPES
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.page.words import text

SWITCHES = {
    "track": ("track",),
    "count": ("track", "count"),
    "events": ("track", "count", "events"),
    "redact": ("track", "closer", "redact"),
}
"""The settings that each tool needs."""


class Trial(Part):
    """Tries a tool on the clip, until the clip is closed or something else is opened.

    The settings of a trial are not stored. Then the tools are switched as before, and what was in
    view comes back unless something else is. What the person has switched off meanwhile stays off.
    """

    def __init__(
        self,
        context: Context,
        fetch: Callable[[], Awaitable[Any]],
        focus: Callable[[str], Any],
    ) -> None:
        """
        Args:
            fetch: returns the clip as a `File` that has the name `text.SAMPLE_CLIP`.
            focus: moves the focus to a form control, by its id.
        """
        assert context.page is not None
        self._page, self._spawn = context.page, context.spawn
        self._preferences = context.preferences
        self._fetch, self._focus = fetch, focus
        self._clip: Any = None
        self._before: Any = None  # the source that was in view before the clip
        self._switched: set[str] = set()  # settings that were off; empty while there is no trial
        self._in_view = False

    async def run(self, command: str) -> None:
        """Open the clip and switch a tool on.

        Raises:
            PartMissing: the clip could not be fetched.
        """
        switches, begins = SWITCHES[command], not self._in_view
        if begins and not await self._open():
            return
        settings = self._preferences.current
        off = {name for name in switches if not getattr(settings, name)}
        self._switched |= off
        self._page.try_out(**dict.fromkeys(switches, True))
        self._focus(command)  # the button that was pressed is hidden now
        if begins or "count" in off:
            self._begin_at_zero()

    def scene_changed(self) -> None:
        """See `Part`."""
        sources = self._page.sources
        if not self._in_view or sources.given is self._clip:
            return
        self._in_view = False
        on = {name for name in self._switched if getattr(self._preferences.current, name)}
        self._switched = set()
        self._page.try_out(**dict.fromkeys(on, False))
        before, self._before = self._before, None
        if sources.scene.kind is Kind.WELCOME:
            self._begin_at_zero()
            if before is not None:
                self._spawn(self._return_to(before))

    async def _open(self) -> bool:
        """Open the clip; return whether it is in view."""
        sources = self._page.sources
        if self._clip is None:
            self._clip = await self._fetch()
        drawn = self._preferences.current.drawn
        # Before the clip opens, because lines and zones are read then; an own drawing stays.
        self._page.try_out(drawn={f"video {text.SAMPLE_CLIP}": to_json(SHAPES), **drawn})
        before = sources.given
        await sources.open(self._clip)
        self._in_view = sources.given is self._clip
        if self._in_view:
            self._before = before
        return self._in_view

    def _begin_at_zero(self) -> None:
        """Clear what was counted in the clip: the next trial would add to it."""
        features = self._page.features
        counts = features.snapshot_of("count").get("counts") or {"lines": {}, "zones": {}}
        shapes = [*counts["lines"].values(), *counts["zones"].values()]
        if any(tally for shape in shapes for tally in shape.values()):
            features.run("count", "clear")

    async def _return_to(self, source: Any) -> None:
        await self._page.sources.open(source)
