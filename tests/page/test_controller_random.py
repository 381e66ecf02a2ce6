"""Anything may happen in any order: nothing is ever shown for another picture than its own.

After each step, and whenever a sink receives an update, what the page shows is compared with what
is really in view and with the model that is in use (`world.Witness`, `World.check`).
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from obscura.errors import PictureError

from .answers import Subject, make_card
from .stand_ins import Opening
from .world import World, visit

STEPS = {
    "open the camera": lambda world, _: world.open("camera"),
    "open a video": lambda world, _: world.open_video(),
    "open a photo": lambda world, _: world.open_photo(),
    "let a source arrive": lambda world, n: _opening(world, n, Opening.arrive),
    "let a source fail": lambda world, n: _opening(
        world, n, lambda opening: opening.fail(PictureError("unreadable"))
    ),
    "answer": lambda world, n: _run(world, n, "answer"),
    "answer with a failure": lambda world, n: _run(world, n, "fail"),
    "use a model": lambda world, n: world.use(make_card(n % 3 + 1)),
    "use the same model on another backend": lambda world, _: world.use(
        world.sessions.card or make_card(1)
    ),
    "play": lambda world, n: world.play(n % 3 + 1),
    "pause or resume": lambda world, _: world.do(world.app.sources.playback.toggle_pause()),
    "seek": lambda world, n: world.do(world.app.sources.playback.seek(n)),
    "step": lambda world, n: world.do(world.app.sources.playback.step(n - 2)),
    "find what was sought": lambda world, _: world.find(),
    "play to the end": lambda world, _: world.do(world.opener.on_played()),
    "stop": lambda world, _: world.do(world.app.sources.stop()),
    "close": lambda world, _: world.do(world.app.sources.close()),
    "lose the camera": lambda world, _: world.end_camera(),
    "find the camera again": lambda world, _: world.do(world.app.sources.cameras_changed()),
    "change the threshold": lambda world, n: world.do(
        world.app.change(threshold=(0.2, 0.5, 0.7)[n % 3])
    ),
    "mirror or not": lambda world, n: world.do(world.app.change(mirror=bool(n % 2))),
    "lose what is drawn": lambda world, _: world.do(world.app.sources.redraw_photo()),
    "dismiss the error": lambda world, _: world.do(world.notice.hide()),
}


async def _opening(world: World, number: int, act: Callable[[Opening], None]) -> None:
    pending = [opening for opening in world.opener.pending if not opening.done]
    if pending:
        act(pending[number % len(pending)])
        await world.do()


async def _run(world: World, number: int, act: str) -> None:
    if world.sessions.pending:
        getattr(world.sessions.pending[number % len(world.sessions.pending)], act)()
        await world.do()


OFTEN = ["let a source arrive", "answer", "play", "use a model"]
"""Steps without which the others have little effect."""


@settings(deadline=None, derandomize=True, database=None, max_examples=150)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(STEPS) + 4 * OFTEN), st.integers(0, 5)),
        min_size=15,
        max_size=50,
    )
)
def test_nothing_is_ever_shown_for_another_picture_than_its_own(
    steps: list[tuple[str, int]],
) -> None:
    @visit
    async def scenario(world: World) -> None:
        for step, number in steps:
            await STEPS[step](world, number)
            world.check()
        # Whatever has happened, the page still works.
        world.notice.hide()
        await world.use(make_card(1))
        picture = await world.arrive(await world.open_photo())
        await world.answer(world.sessions.pending[-1])
        assert world.witness.seen[-1] == Subject(picture, 1)
        assert world.app.state == "still"

    scenario()
