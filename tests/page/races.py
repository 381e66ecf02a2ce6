"""A race of the first model's plans, for tests."""

from __future__ import annotations

from .fakes import World, run


class Hold:
    """Notes when frames were kept from being analysed."""

    def __init__(self) -> None:
        self.calls: list[bool] = []

    def __call__(self, on: bool) -> None:
        self.calls.append(on)


def race(world: World) -> Hold:
    """Open the first model and let its plans race."""
    hold = Hold()

    async def story() -> None:
        await world.sessions.load("first")
        await world.sessions.race(hold)

    run(story())
    return hold
