"""Refusals: why a request is not answered as it asks."""

from __future__ import annotations

import json

from obscura.errors import ObscuraError


class Refusal(ObscuraError):
    """A request is refused.

    Attributes:
        status: of HTTP.
        code: what happened, in kebab-case; docs/server.md lists them.
        headers: further ones of the answer.
    """

    code = "refused"

    def __init__(
        self,
        status: int,
        code: str,
        cause: str,
        *,
        remedy: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(cause, remedy=remedy)
        self.status, self.code, self.headers = status, code, headers or {}

    def body(self) -> bytes:
        """Return the answer's body."""
        return error_body(self.code, str(self))


def error_body(code: str, message: str) -> bytes:
    """Return the body of an answer that is an error, as JSON."""
    return json.dumps({"code": code, "error": message}, ensure_ascii=False).encode()


def come_again(status: int, code: str, cause: str, seconds: int) -> Refusal:
    """Return a refusal that holds only for now."""
    return Refusal(
        status,
        code,
        cause,
        remedy=f"Try again in {seconds} s.",
        headers={"Retry-After": str(seconds)},
    )


def failed() -> Refusal:
    """Return the answer where something failed that nobody foresaw."""
    return Refusal(500, "unexpected", "The server failed", remedy="Try again.")
