"""Hiding in a page without a browser: a canvas that holds what it shows to the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from obscura.page.features.closer import FEATURE as CLOSER
from obscura.page.features.redact import FEATURE as REDACT
from obscura.page.features.redact.kept import MOST_KEPT, is_kept, kept_size
from obscura.page.features.redact.redactor import Redact
from obscura.page.features.redact.regions import Region
from obscura.page.state.feature import Feature
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Setting, is_flag
from obscura.tracking import Tracker
from obscura.update import FrameInfo

from .answers import GRID, SAMPLE, size_of
from .world import World

ROWS = (
    REDACT,
    Feature("closer", settings=CLOSER.settings),
    Feature("track", settings=(Setting("track", False, is_flag),)),
)
HIDDEN_LABEL = "cat"
"""The class of the box that says which picture an answer is of: `answers.outputs_for`."""


@dataclass(frozen=True)
class Drawable:
    """A picture that can be drawn: of a source, and which frame of it."""

    picture: int
    frame: int
    width: int
    height: int


@dataclass(frozen=True)
class Shown:
    """What is on the canvas."""

    picture: Drawable
    regions: tuple[Region, ...]
    how: str


@dataclass
class Canvas:
    """Stands for `canvas.RedactedCanvas`. Whatever it shows is compared with what is in view."""

    world: World
    in_force: Callable[[], Sequence[str]]
    """Returns what is to be hidden."""
    hidden: bool = True
    shown: list[Shown | None] = field(default_factory=list)  # None: blank
    frames: dict[int, Drawable] = field(default_factory=dict)
    last_s: float | None = None

    def show_mirrored(self, mirrored: bool) -> None:
        """Nothing is to be seen."""

    def keep(self, picture: Any, frame: FrameInfo, *, still: bool) -> None:
        """Keep a frame."""
        if still and len(self.frames) >= MOST_KEPT:
            del self.frames[min(self.frames)]
        if not still and not is_kept(frame.time_s, self.last_s, len(self.frames)):
            return
        size = kept_size((frame.width, frame.height))
        self.frames[frame.index] = Drawable(picture.picture, picture.frame, *size)
        self.last_s = frame.time_s
        assert len(self.frames) <= MOST_KEPT

    def frame(self, index: int) -> Drawable | None:
        """Return a frame."""
        return self.frames.get(index)

    def drop_before(self, index: int) -> None:
        """Drop frames."""
        self.frames = {each: frame for each, frame in self.frames.items() if each >= index}

    def drop_all_but(self, indices: Any, before: int) -> None:
        """Drop frames."""
        kept = {each for each in self.frames if each >= before or each in indices}
        self.frames = {each: frame for each, frame in self.frames.items() if each in kept}

    def forget(self) -> None:
        """Show nothing."""
        self.frames.clear()
        self.last_s = None
        self.shown.append(None)

    def show(
        self, picture: Drawable, size: tuple[int, int], regions: Sequence[Region], how: str
    ) -> None:
        """Show a picture: it is the one in view, and what is to be hidden in it is covered."""
        assert size == (picture.width, picture.height)
        assert picture.picture == self.world.picture_in_view, "another picture"
        self.shown.append(Shown(picture, tuple(regions), how))
        assert self.covers(self.in_force()), "something is not covered"

    def covers(self, kinds: Sequence[str]) -> bool:
        """Whether the box that is to be hidden is covered, at whatever height it is; everything, if
        these kinds are none or not known to the model."""
        shown = self.shown[-1]
        labels = self.world.sessions.card.labels if self.world.sessions.card else ()
        if shown is None or self.whole:
            return True
        if not kinds or not set(kinds) <= {*labels, *self.world.analysis.more_labels}:
            return False
        if HIDDEN_LABEL not in kinds:
            return True
        picture = shown.picture
        left = picture.picture / GRID * picture.width
        return any(
            region[0] <= left + 1 and region[2] >= left + 0.25 * picture.width - 1
            for region in shown.regions
        )

    @property
    def whole(self) -> bool:
        """Whether everything is covered, or nothing is shown."""
        shown = self.shown[-1]
        return shown is None or (0, 0, shown.picture.width, shown.picture.height) in shown.regions

    def copy(self) -> Shown | None:
        """Return what is shown."""
        return self.shown[-1]


@dataclass
class Panel:
    """Stands for `panel.RedactPanel`."""

    said: list[str] = field(default_factory=list)
    whys: list[str] = field(default_factory=list)
    choices: Any = None
    spared: list[int] = field(default_factory=list)
    on_toggle: Any = None

    def show(self, settings: Any, labels: Any) -> None:
        """Nothing is to be seen."""

    def offer(self, choices: Any, spared: Any) -> None:
        """Keep who can be chosen, and who is shown."""
        self.choices, self.spared = choices, list(spared)

    def say(self, sentence: str) -> None:
        """Keep a sentence."""
        self.said.append(sentence)

    say_for_a_while = say

    def report(self, why: str, kinds: Sequence[str], *, picking: bool) -> None:
        """Keep why everything is covered."""
        self.whys.append(why)

    def show_cost(self, costs: Any, *, live: bool) -> None:
        """Nothing is to be seen."""


class Overlay:
    """Stands for `stage.overlay.Overlay`."""

    delayed: Any = None

    def redraw(self) -> None:
        """Nothing is to be seen."""


class Hiding:
    """The redactor in a page, with its canvas and panel."""

    def __init__(self, world: World) -> None:
        self.world, self.panel = world, Panel()
        self.canvas = Canvas(world, self._in_force)
        self.part: Redact | None = None
        world.modules["redact"] = SimpleNamespace(start=self._start)
        world.analysis.track(Tracker())

    def _start(self, context: Any) -> Redact:
        context.overlay = Overlay()
        self.part = Redact(context, self.canvas, self.panel, self._still, lambda: self.world.now_ms)
        return self.part

    def _in_force(self) -> Sequence[str]:
        assert self.part is not None
        kinds: Sequence[str] = self.part._settings.redact_what
        return kinds

    def _still(self, kind: Kind) -> Drawable:
        picture = SAMPLE if kind is Kind.WELCOME else self.world.screen.canvas
        return Drawable(picture, 0, *size_of(picture))

    async def hide(self, *kinds: str, **values: Any) -> None:
        """Switch it on, for these kinds."""
        await self.world.do(
            self.world.app.change(redact=True, track=True, redact_what=list(kinds), **values)
        )


class Looks:
    """Stands for the heads that look for a kind: a `HeadStage` without a network."""

    def __init__(self, kind: str) -> None:
        self.gives = SimpleNamespace(adds=kind)
        self.failure: Exception | None = None
        self.looked: FrameInfo | None = None
        self.looks = True

    def update(self, update: Any) -> Any:
        """Look at a frame, or not."""
        if self.looks:
            self.looked = update.frame
        return update

    def reset(self) -> None:
        """Forget the frame."""
        self.looked = None
