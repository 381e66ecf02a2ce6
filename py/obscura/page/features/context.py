"""What features are given: the page's parts and what they may ask of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from obscura.page.live.analysis import Analysis
from obscura.page.stage.display import Display
from obscura.page.stage.layers import Layer
from obscura.page.state.build import Build
from obscura.page.state.preferences import Preferences

if TYPE_CHECKING:
    from obscura.counting import Shapes
    from obscura.page.live.results import Results


class Page(Protocol):
    """What features may ask of the app."""

    @property
    def features(self) -> Any: ...
    @property
    def idle(self) -> bool: ...
    @property
    def notice(self) -> Any: ...
    @property
    def models(self) -> Any: ...
    @property
    def sessions(self) -> Any: ...
    @property
    def pace(self) -> Any: ...
    @property
    def sources(self) -> Any: ...
    @property
    def view(self) -> Any: ...
    def change(self, **values: Any) -> Any: ...
    def try_out(self, **values: Any) -> None: ...
    def hide_classes(self, labels: list[str]) -> None: ...
    async def model_opened(self) -> None: ...
    async def forget(self) -> None: ...


@dataclass
class Context:
    """Handed to every feature's `start`."""

    build: Build
    preferences: Preferences
    analysis: Analysis
    spawn: Callable[[Awaitable[Any]], Any]
    """Starts a coroutine; what it raises goes to the error card."""
    display: Display = field(default_factory=Display)
    """How the picture in view is shown."""
    layers: Sequence[Layer] = ()
    """What the overlay draws, in order; later features' layers are added to it."""
    overlay: Any = None
    """`stage.overlay.Overlay`, on which they are drawn."""
    page: Page | None = None
    """The app; set before any feature starts."""
    results: Results | None = None
    """What was found in the source in view, frame by frame, once a feature keeps it."""
    shapes_of: Callable[[str], Shapes] | None = None
    """Returns the lines and zones that are drawn on a camera, screen or video, by the name that its
    feature has for it; None until that has started."""
    deleting: list[Callable[[str, bool], None]] = field(default_factory=list)
    """Called with the key of stored results when a person deletes them (True), and once they are
    deleted or back again (False). Between the two nothing may be stored under that key."""
    _stop_drawing: Callable[[], Any] | None = None

    def begin_drawing(self, stop: Callable[[], Any]) -> None:
        """A person is to draw over the picture: what another feature had them draw is given up.

        Args:
            stop: gives this up in turn; called also when it has ended by itself.
        """
        former, self._stop_drawing = self._stop_drawing, stop
        if former is not None and former != stop:
            former()
