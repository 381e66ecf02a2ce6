"""Further cameras: tracked and counted each for itself, and analysed in turn with the first."""

from __future__ import annotations

import numpy as np

from obscura.families.decode import Outputs
from obscura.page.features.cameras import words
from obscura.page.features.cameras.watch import Watch
from obscura.page.live.analysis import DecodeOptions

from .answers import Image, make_card, subject
from .stand_ins import Source
from .world import World, settle, show, visit

CARD = make_card(1)
SIZE = (1000, 500)


def seen(*objects: tuple[float, int], score: float = 0.9) -> Outputs:
    """Return what a model answers about objects at these places, 0 to 0.8, of these classes."""
    boxes = np.array([[x, 0.4, x + 0.1, 0.6] for x, _ in objects], np.float32).reshape(-1, 4)
    classes = np.array([class_id for _, class_id in objects], np.int32)
    return Outputs(boxes, np.full(len(objects), score, np.float32), classes)


def run(watch: Watch, frames: list[Outputs], *, start_s: float = 0.0) -> list[list[int]]:
    """Show frames, ten a second; return the tracks that are shown of each."""
    shown = []
    for index, outputs in enumerate(frames):
        update = watch.update(CARD, outputs, start_s + index / 10, SIZE)
        assert update.detections.track_id is not None
        shown.append(sorted(update.detections.track_id.tolist()))
    return shown


def test_an_object_keeps_its_number_and_counts_once() -> None:
    watch = Watch(lambda _card: DecodeOptions())

    shown = run(watch, [seen((0.1 + 0.005 * step, 1)) for step in range(30)])

    assert len(set(map(tuple, shown[10:]))) == 1
    assert watch.counts == {"dog": 1}


def test_two_cameras_count_each_for_itself() -> None:
    one, other = (Watch(lambda _card: DecodeOptions()) for _ in range(2))

    run(one, [seen((0.1, 0), (0.5, 1))] * 20)
    run(other, [seen((0.1, 1))] * 20)

    assert one.counts == {"cat": 1, "dog": 1}
    assert other.counts == {"dog": 1}


def test_what_is_hidden_or_uncertain_is_neither_shown_nor_counted() -> None:
    options = DecodeOptions(threshold=0.5, classes=[0])
    watch = Watch(lambda _card: options)

    shown = run(watch, [seen((0.1, 1))] * 20 + [seen((0.6, 0), score=0.4)] * 20)

    assert shown == [[]] * 40
    assert watch.counts == {}


def test_another_model_begins_with_tracks_of_its_own() -> None:
    watch = Watch(lambda _card: DecodeOptions())
    run(watch, [seen((0.1, 1))] * 20)

    update = watch.update(make_card(2), seen(), 2.0, SIZE)

    assert len(update.detections) == 0
    assert watch.counts == {"dog": 1}, "what was seen stays"


@visit
async def test_cameras_take_turns_each_with_its_newest_frame(world: World) -> None:
    await world.use(CARD)
    number = await show(world, "camera")
    world.app.sources.further.take_turns(True)
    captured: list[int] = []

    def capture() -> Image:
        captured.append(len(captured))
        return Image(99, captured[-1])

    async def other() -> None:
        while len(captured) < 4:
            await world.app.sources.further.beside(capture)

    await world.play()
    beside = world.spawn(other())
    await settle()
    assert captured == [], "the first camera's frame is under way"
    turns = []
    for _ in range(8):
        (run,) = world.sessions.pending
        turns.append(run.image.picture)
        world.now_ms += 40
        world.frames.play()
        run.answer()
        await settle()
    await beside

    assert turns == [number, 99] * 4
    assert world.analysis.update is not None
    assert subject(world.analysis.update).picture == number


async def further(world: World) -> Source:
    """Open a camera beside the one in view."""
    opening = world.spawn(world.app.sources.further.open("yard"))
    await settle()
    world.opener.pending[-1].arrive()
    return await opening


@visit
async def test_all_cameras_that_run_are_named_the_first_one_first(world: World) -> None:
    number = await show(world, "camera")

    source = await further(world)

    assert world.app.sources.cameras_on == [f"Camera {number}", source.name]
    source.stop()
    assert world.app.sources.cameras_on == [f"Camera {number}"]


@visit
async def test_a_camera_that_goes_on_without_the_first_is_not_lost_by_loading_again(
    world: World,
) -> None:
    await world.use(CARD)
    await show(world, "camera")
    source = await further(world)

    world.app.sources.close(camera_lost=True)
    await settle()

    assert world.app.state == "ready"
    assert not world.app.idle
    source.stop()
    assert world.app.idle


def test_words_say_how_many_of_what_and_how_fast() -> None:
    assert words.things({}) == "Nothing seen since it was added"
    assert words.things({"dog": 1, "person": 12}) == "Seen since it was added: 12 person, 1 dog"
    assert words.rate(3.21) == "3.2 fps"
    assert words.rate(24.4) == "24 fps"
