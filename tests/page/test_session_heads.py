"""Heads in the page's sessions: when they are open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from obscura.errors import BackendError
from obscura.page.models.heads import Head, SessionHeads

from .fakes import run


class Session:
    """A session that opens heads."""

    def __init__(self) -> None:
        self.heads: dict[str, Any] = {}

    async def open_head(self, name: str, network: Any, form: Any) -> None:
        if network == b"broken":
            raise BackendError("out of luck")
        self.heads[name] = form

    async def close_head(self, name: str) -> None:
        del self.heads[name]


def head(network: bytes = b"network") -> Head:
    async def load() -> bytes:
        return network

    return Head(SimpleNamespace(), load)  # type: ignore[arg-type]


def test_a_head_is_open_from_the_frame_after_it_is_wanted() -> None:
    async def scenario() -> None:
        heads, session, other = SessionHeads(), Session(), Session()
        await heads.open_in(session)
        heads.want({"faces": head(), "text": head(b"broken")})
        assert not heads.is_open(session, "faces"), "a frame is under way that cannot be asked"
        await heads.open_in(session)
        assert heads.is_open(session, "faces")
        assert not heads.is_open(other, "faces")
        assert not heads.is_open(session, "text")
        assert list(heads.failures) == ["text"]
        heads.want({})
        await heads.open_in(session)
        assert not heads.is_open(session, "faces")
        assert session.heads == {}

    run(scenario())
