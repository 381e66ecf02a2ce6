"""What sources and their pictures need of the rest of the page. Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, NamedTuple, Protocol

from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError
from obscura.families.decode import Outputs
from obscura.page.state.scene import Kind
from obscura.pipeline import Answer, Request
from obscura.update import FrameInfo, Update


class Inference(Protocol):
    """The model in use, as `models.sessions.Sessions` has it."""

    @property
    def card(self) -> ModelCard | None: ...
    @property
    def ready(self) -> bool: ...
    @property
    def in_use(self) -> Any: ...
    @property
    def sample(self) -> Outputs | None: ...
    async def run(self, capture: Callable[[], Any]) -> Any: ...
    @property
    def lost(self) -> bool: ...
    async def sample_image(self) -> Any: ...
    async def run_head(self, request: Request, card: ModelCard) -> Answer | None: ...


class Screen(Protocol):
    """The elements that show pictures, as `browser.screen.Screen` has them."""

    @property
    def photo_size(self) -> tuple[int, int]: ...
    @property
    def capture_time_s(self) -> float: ...
    def grab(self, size: tuple[int, int], card: ModelCard, *, only_new: bool) -> Any: ...
    def release(self, image: Any) -> None: ...
    def read_photo(self) -> Any: ...
    def read_photo_mirrored(self) -> Any: ...
    def draw_photo(self, photo: Any) -> None: ...
    def show_video(self, source: Any) -> None: ...
    def captured(self, image: Any) -> Any: ...
    def in_view(self, kind: Kind, size: tuple[int, int] | None) -> Any: ...


class Later(Enum):
    """What is returned in place of an update that is not known, while the model is busy."""

    LATER = "do not run the model on this frame"


class Kept(Protocol):
    """What was found in the video in view at another time."""

    @property
    def card(self) -> ModelCard | None:
        """Of the model that found it; None for the one in use."""

    async def at(self, time_s: float, frame: FrameInfo) -> Update | Later | None:
        """Return what was found in the frame that shows at a time of the video, in seconds, as an
        update of this frame; None if that is not known, and the model in use is to find it."""


class Watcher(Protocol):
    """Is given the frames that are being analysed, before their answers."""

    def keep(self, picture: Any, frame: FrameInfo) -> None:
        """Keep a copy of a frame; arguments as of `Redactor.keep`."""


class Redactor(Protocol):
    """Shows the picture in view with parts of it covered, in place of the picture itself.

    Of a camera or video it shows frames only once they are analysed, so that what is covered is
    where it was found.
    """

    def keep(self, picture: Any, frame: FrameInfo) -> None:
        """Keep a copy of a frame that is being analysed.

        Args:
            picture: what can be drawn on a canvas, until this returns.
        """

    def picture(self) -> Any:
        """Return a new canvas with what is shown."""

    @property
    def shown(self) -> Update | None:
        """The update of the frame that is shown; None while there is none."""

    @property
    def delay_ms(self) -> float | None:
        """Milliseconds from taking the frame that is shown to showing it; None if unknown."""


class Hooks(NamedTuple):
    """Callbacks of the owner."""

    changed: Callable[[], None]
    """The scene changed."""
    picture_changed: Callable[[], None]
    """Another picture is in view, without an answer yet."""
    opening: Callable[[], None]
    """Another source was requested: an error of the previous one is out of date."""
    say: Callable[[str], None]
    """Show what the page is waiting for; "" for nothing."""
    fail: Callable[[BaseException], None]
    """Show an error."""
    recover: Callable[[ObscuraError], Coroutine[Any, Any, None]]
    """A run failed."""
    photo_read: Callable[[], None]
    """The photo in view has its answer."""
    cameras: Callable[[list[Any]], None]
    """The list of cameras changed."""
    note: Callable[[str], None]
    """Show a sentence until another source is opened; "" for none."""
    spawn: Callable[[Coroutine[Any, Any, None]], Any]
    """Start a coroutine."""
