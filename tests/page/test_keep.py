"""Snapshots: a picture together with what is found in that very picture, drawn as on the screen."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest

from obscura.detections import Detections
from obscura.page.features.keep import words
from obscura.page.features.keep.capture import Snapshot, capture
from obscura.page.features.keep.versions import Versions
from obscura.page.stage.annotate import annotate, copy
from obscura.page.stage.display import Display
from obscura.page.stage.layers import BoxLayer
from obscura.page.state.scene import Kind
from obscura.update import FrameInfo, Update

from .answers import SAMPLE, Image, make_card, size_of, subject
from .test_layers import Canvas
from .world import World, settle, show, visit

NOON = time.strptime("2026-11-28 20:15:30", "%Y-%m-%d %H:%M:%S")


@dataclass
class Picture:
    """A canvas with a copy of what was in view."""

    image: Image

    @property
    def width(self) -> int:
        return size_of(self.image.picture)[0]

    @property
    def height(self) -> int:
        return size_of(self.image.picture)[1]


def take(world: World, *, mirrored: bool = False) -> asyncio.Task[Snapshot]:
    """Begin to take a snapshot of what is in view now."""

    def in_view(_kind: Kind, _size: Any) -> Picture:
        picture = world.picture_in_view
        assert picture is not None
        return Picture(Image(picture, world.screen.frame))

    world.screen.in_view = in_view  # type: ignore[method-assign, assignment]
    return world.spawn(
        capture(
            world.app.sources,
            world.sessions,
            world.analysis,
            mirrored=mirrored,
            read_pixels=lambda picture: picture.image,
            now=NOON,
        )
    )


@visit
async def test_a_photo_keeps_the_boxes_that_it_has(world: World) -> None:
    await world.use(make_card(1))
    number = await show(world, "photo")
    await world.answer()

    taken = await take(world)

    assert taken.update == world.analysis.update
    assert taken.picture.image.picture == number
    assert world.sessions.pending == []
    assert (taken.model, taken.source) == ("model-1", "photo.jpg")
    assert taken.stem == "obscura-2026-11-28-201530"


@visit
async def test_the_sample_picture_has_its_boxes(world: World) -> None:
    await world.use(make_card(1))

    taken = await take(world)

    assert subject(taken.update).picture == SAMPLE
    assert taken.source == ""


@pytest.mark.parametrize("kind", ["camera", "video"])
@visit
async def test_of_a_moving_picture_the_captured_frame_is_analysed_itself(
    world: World, kind: str
) -> None:
    await world.use(make_card(1))
    number = await show(world, kind)
    await world.play()
    await world.answer()
    shown = world.analysis.update
    await world.play(3)

    taking = take(world)
    await settle()
    frame = world.screen.frame
    await world.play(5)
    run = next(run for run in world.sessions.pending if run.image == Image(number, frame))
    await world.answer(run)
    taken = await taking

    assert taken.picture.image.frame == frame
    assert taken.update is not shown
    assert subject(taken.update) == (number, 1)
    assert (taken.update.frame.width, taken.update.frame.height) == size_of(number)


@visit
async def test_a_snapshot_does_not_change_what_is_shown(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "camera")
    await world.play()
    await world.answer()
    shown, seen = world.analysis.update, len(world.witness.updates)

    taking = take(world)
    await settle()
    await world.answer(world.sessions.pending[-1])
    await taking

    assert world.analysis.update is shown
    assert len(world.witness.updates) == seen


@visit
async def test_a_paused_video_keeps_the_boxes_and_time_of_the_frame_shown(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "video")
    await world.play()
    await world.answer()
    world.app.sources.playback.seek(4.5)
    world.app.sources.playback.toggle_pause()
    await world.find()
    while world.sessions.pending:
        await world.answer()
    runs = len(world.sessions.runs)
    assert world.app.state == "paused"

    taken = await take(world)

    assert len(world.sessions.runs) == runs
    assert world.analysis.update is not None
    assert taken.update.detections is world.analysis.update.detections
    assert taken.update.frame.time_s == 4.5


@visit
async def test_without_a_model_nothing_is_marked(world: World) -> None:
    await show(world, "camera")

    taken = await take(world)

    assert len(taken.update.detections) == 0
    assert (taken.model, taken.labels) == ("", ())
    assert "isn't ready" in words.facts((640, 480), None, "", mirrored=False)


@visit
async def test_a_model_that_takes_over_meanwhile_is_asked_again(world: World) -> None:
    await world.use(make_card(1))
    number = await show(world, "camera")

    taking = take(world)
    await settle()
    world.sessions.pending[-1].future.set_result(None)  # type: ignore[arg-type]
    world.sessions.card = make_card(2)
    await settle()
    world.sessions.pending[-1].answer()
    taken = await taking

    assert subject(taken.update) == (number, 2)
    assert taken.model == "model-2"


@visit
async def test_classes_that_are_switched_off_are_not_in_it(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "camera")
    await world.do(world.app.hide_classes(["dog"]))

    taking = take(world, mirrored=True)
    await settle()
    world.sessions.pending[-1].answer()
    taken = await taking

    assert [taken.labels[i] for i in taken.update.detections.class_id] == ["cat"]
    assert taken.mirrored


# ---- drawing -------------------------------------------------------------------------------------


class Surface(Canvas):
    """A canvas and its 2D context in one, which notes transformations and pictures."""

    def __init__(self, width: int = 1, height: int = 1) -> None:
        super().__init__()
        self.width, self.height = width, height
        self.textBaseline = self.lineJoin = ""
        self.transform: tuple[float, ...] = (1, 0, 0, 1, 0, 0)

    def getContext(self, kind: str) -> Surface:  # noqa: N802
        assert kind == "2d"
        return self

    def setTransform(self, *matrix: float) -> None:  # noqa: N802
        self.transform = matrix

    def drawImage(self, picture: Any, x: float, y: float) -> None:  # noqa: N802
        self.drawn.append(("picture", picture, self.transform, x, y))

    def measureText(self, words: str) -> Any:  # noqa: N802
        self.measured.append(words)
        return type("Metrics", (), {"width": 8.0 * len(words)})


FOUND = Detections([[100, 200, 500, 800]], [0.75], [1])


def drawn(
    size: tuple[int, int], source: tuple[int, int] | None = None, **display: Any
) -> tuple[Surface, Any]:
    """Draw a box on a picture of this size, a copy of a source that may be larger."""
    surface, picture = Surface(), Surface(*size)
    update = Update(FrameInfo(0, 0.0, *(source or size)), FOUND)
    annotate(surface, picture, update, ("cat", "dog"), Display(**display))
    return surface, picture


def outline(surface: Surface) -> list[float]:
    """Return the box that was drawn, in pixels of the surface."""
    (_, _, (x, y, width, height)) = surface.of("outline")[0]
    unit = surface.transform[0]
    return [value * unit for value in (x, y, x + width, y + height)]


def test_the_canvas_has_the_size_of_the_picture_and_the_box_its_place() -> None:
    surface, picture = drawn((640, 960))

    assert (surface.width, surface.height) == (640, 960)
    assert surface.of("picture") == [(picture, (1, 0, 0, 1, 0, 0), 0, 0)]
    assert outline(surface) == pytest.approx([100, 200, 500, 800])
    assert [each[1] for each in surface.of("text")] == ["dog 75 %"]


def test_text_and_lines_grow_with_the_picture() -> None:
    surface, _ = drawn((4320, 2880))

    assert surface.transform == (4, 0, 0, 4, 0, 0)
    assert outline(surface) == pytest.approx([100, 200, 500, 800])
    assert surface.of("outline")[0][1] == 2, "8 pixels: 2 in units of 4"


def test_on_a_smaller_copy_the_box_is_smaller() -> None:
    surface, _ = drawn((640, 960), source=(1280, 1920))

    assert outline(surface) == pytest.approx([50, 100, 250, 400])


def test_a_mirrored_picture_is_mirrored_with_its_box_but_not_its_words() -> None:
    surface, picture = drawn((640, 960), mirrored=True)

    assert surface.of("picture") == [(picture, (-1, 0, 0, 1, 640, 0), 0, 0)]
    assert outline(surface) == pytest.approx([140, 200, 540, 800])
    assert surface.transform == (1, 0, 0, 1, 0, 0)


def test_what_is_switched_off_on_the_screen_is_not_drawn() -> None:
    assert [each[1] for each in drawn((640, 960), percentages=False)[0].of("text")] == ["dog"]
    assert drawn((640, 960), names=False)[0].of("text") == []


def test_other_layers_are_drawn_under_or_over_the_boxes_as_on_the_screen() -> None:
    calls: list[Any] = []

    class Trails:
        def draw(self, context: Any, update: Update, place: Any) -> None:
            calls.append((len(context.drawn), update, place.scale))

    surface, update = Surface(), Update(FrameInfo(0, 0.0, 1440, 1440), FOUND)
    layers = [Trails(), BoxLayer(surface), Trails()]
    annotate(surface, Surface(1440, 1440), update, ("cat", "dog"), Display(), layers)

    below, over = calls
    assert below == (1, update, 0.5)  # the picture is drawn by then, and nothing else
    assert over == (len(surface.drawn), update, 0.5)
    assert surface.of("text")


@pytest.mark.parametrize("mirrored", [False, True])
def test_without_boxes_there_is_the_picture_alone_as_it_was_shown(*, mirrored: bool) -> None:
    surface, picture = Surface(), Surface(640, 960)

    copy(surface, picture, mirrored=mirrored)

    transform = (-1, 0, 0, 1, 640, 0) if mirrored else (1, 0, 0, 1, 0, 0)
    assert (surface.width, surface.height) == (640, 960)
    assert surface.drawn == [("picture", picture, transform, 0, 0)]


# ---- types and versions --------------------------------------------------------------------------


def versions(*, can: bool = True) -> tuple[Versions, list[tuple[str, str]]]:
    """Return a snapshot's versions on a browser that can make other types, and what it made."""
    made: list[tuple[str, str]] = []

    async def plain() -> str:
        made.append(("plain", "image/png"))
        return "plain"

    async def encoded_again(png: str, media_type: str) -> str | None:
        made.append((png, media_type))
        return f"{png} as {media_type}" if can else None

    return Versions("marked", asyncio.ensure_future(plain()), encoded_again), made


@visit
async def test_a_png_is_the_one_that_was_made_first(world: World) -> None:  # noqa: ARG001
    each, made = versions()

    assert await each.picture("image/png", boxes=True) == ("marked", "marked")
    assert await each.picture("image/png", boxes=False) == ("plain", "plain")
    assert await each.picture("image/png", boxes=False) == ("plain", "plain")
    assert made == [("plain", "image/png")]


@visit
async def test_other_types_are_made_of_the_png_which_is_copied(world: World) -> None:  # noqa: ARG001
    each, _ = versions()

    for boxes, png in ((True, "marked"), (False, "plain")):
        wanted = (f"{png} as image/webp", png)
        assert await each.picture("image/webp", boxes=boxes) == wanted


@visit
async def test_a_type_that_cannot_be_made_leaves_the_png(world: World) -> None:  # noqa: ARG001
    each, _ = versions(can=False)

    assert await each.picture("image/webp", boxes=True) == (None, "marked")


def test_the_line_about_a_snapshot_names_size_objects_and_source() -> None:
    assert words.facts((640, 480), 2, "a.png", mirrored=True) == (
        "640 × 480 px · 2 objects · mirrored, as shown · a.png"  # noqa: RUF001
    )
    assert "1 object ·" in words.facts((1, 1), 1, "a.png", mirrored=False)
    assert words.facts((1, 1), 0, "", mirrored=False).endswith("nothing recognised")
