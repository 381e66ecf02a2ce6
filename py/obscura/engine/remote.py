"""Model on a server of the host's own: what is sent, and what the answers mean. No browser.

What is asked is `POST /v1/detect` with raw pixels, no larger than the model's input: one of the
calls that docs/server.md holds stable. With the lowest score and no suppression the server returns
the model's rows as a session of this device does, so threshold, overlap and tracking remain the
page's, and moving a slider sends nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from obscura.boxes import fit
from obscura.cards.card import InputSpec, ModelCard
from obscura.engine.placing import Size, drawn_size
from obscura.engine.session import NetworkForm, RawOutputs, SessionInfo
from obscura.errors import BackendError

LEAST_SCORE = 0.01
"""Rows below it are not asked for: nothing in the page looks at them."""
TRIES = 3
"""How often a picture is sent to a server that says that it is busy, or that dropped it."""
DROPPED = (500, 502)
"""What a cluster or a proxy answers if the process that had a request has died."""
LONGEST_WAIT_S = 5.0
"""A server that wants to be left alone for longer is given up."""


class Refusal(StrEnum):
    """Why a server did not answer as wanted."""

    GONE = "gone"  # no answer came
    OFFLINE = "offline"  # the device has no connection
    BLOCKED = "blocked"  # the browser may not ask addresses of the local network
    TOKEN = "token"  # 401
    FORBIDDEN = "forbidden"  # 403, 421: it does not serve this page
    BUSY = "busy"  # 429
    LOADING = "loading"  # 503
    PICTURE = "picture"  # 413, 415, 422
    MODEL = "model"  # it lacks the model, or has another one of that name
    WRONG = "wrong"  # its answer differs from this device's
    FAILED = "failed"  # anything else


BY_STATUS = {
    401: Refusal.TOKEN,
    403: Refusal.FORBIDDEN,
    404: Refusal.MODEL,
    413: Refusal.PICTURE,
    415: Refusal.PICTURE,
    421: Refusal.FORBIDDEN,
    422: Refusal.PICTURE,
    429: Refusal.BUSY,
    503: Refusal.LOADING,
}


class ServerError(BackendError):
    """A server did not answer as wanted.

    Attributes:
        refusal: why.
    """

    def __init__(self, refusal: Refusal, value: object = None) -> None:
        super().__init__("The server did not detect anything", value or str(refusal))
        self.refusal = refusal


class Reply(NamedTuple):
    """A server's answer."""

    status: int
    body: str
    retry_after_s: float | None = None


class Picture(NamedTuple):
    """Pixels in memory of the platform."""

    handle: Any
    width: int
    height: int


class Link(Protocol):
    """A connection to one server; `page.browser.remote_link` is one."""

    async def get(self, path: str) -> Reply:
        """Ask for something. Raises ServerError if no answer comes."""

    async def post(self, path: str, picture: Picture) -> Reply:
        """Send a picture's RGBA. Raises ServerError if no answer comes."""

    def draw(self, frame: Any, size: Callable[[Size], Size]) -> Picture:
        """Return a frame's pixels, and release it.

        Args:
            size: returns the size at which to draw a frame of this size.
        """


class RemoteSession:
    """A model on a server. Implements `obscura.engine.session.AsyncSession`."""

    def __init__(
        self,
        link: Link,
        card: ModelCard,
        host: str,
        failed: Callable[[ServerError], None] = lambda _error: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """
        Args:
            card: of a model that the server has.
            host: its name, for people.
            failed: called with why a run failed, before the run raises it.
        """
        self.info = SessionInfo(backend="server", device=host, threads=1, precision="float32")
        self.drawn_ms = 0.0
        self.lost = False
        self._link, self._card = link, card
        self._failed, self._sleep = failed, sleep
        query = f"model={quote(card.name)}&threshold={LEAST_SCORE}&iou=1"
        self._path = f"/v1/detect?{query}"

    async def run(self, frame: Any, /, *, keep: bool = True) -> RawOutputs:  # noqa: ARG002  (heads)
        """Send one frame, which is given away; return the rows that its model found.

        Raises:
            ServerError: it did not answer as wanted. The session cannot be used any more.
        """
        try:
            return await self._run(frame)
        except ServerError as error:
            first, self.lost = not self.lost, True
            if first:
                self._failed(error)
            raise

    async def _run(self, frame: Any) -> RawOutputs:
        if self.lost:
            raise ServerError(Refusal.GONE, "the session is closed")
        picture = self._link.draw(frame, lambda size: drawn_size(self._card.input, size))
        size = picture.width, picture.height
        path = f"{self._path}&width={size[0]}&height={size[1]}"
        reply = await self._link.post(path, picture)
        for _ in range(TRIES - 1):
            wait_s = _wait_s(reply)
            if wait_s is None or wait_s > LONGEST_WAIT_S:
                break
            await self._sleep(wait_s)
            if self.lost:  # the person has ended it meanwhile
                raise ServerError(Refusal.GONE, "the session is closed")
            reply = await self._link.post(path, picture)
        return rows(answer_of(reply), self._card, size)

    async def load(
        self,
        runtime: Any,
        model: Any,
        card: ModelCard,
        gpu_url: str = "",
        litert: dict[str, Any] | None = None,
    ) -> None:
        """Does nothing: the server has the model."""

    async def take_over(self, begun: Any, card: ModelCard) -> RawOutputs:  # noqa: ARG002
        """Always raises BackendError: nothing is started before Python runs."""
        raise BackendError("A server's session is not started early")

    async def feed_as(self, card: ModelCard) -> None:
        """Feed the model as another card says from now on."""
        self._card = card

    async def open_head(self, name: str, network: Any, form: NetworkForm) -> None:  # noqa: ARG002
        """Always raises BackendError: crops are cut where the model runs."""
        raise BackendError("Closer looks need this device's own engine", name)

    async def run_crops(
        self,
        head: str,
        xyxy: NDArray[np.floating[Any]],  # noqa: ARG002
        size: Size | None = None,  # noqa: ARG002
    ) -> RawOutputs:
        """Always raises BackendError, see `open_head`."""
        raise BackendError("No head of this name is open", head)

    async def close_head(self, name: str) -> None:
        """Does nothing: none is open."""

    def check_progress(self, awake_s: float) -> None:
        """Does nothing: a link has a time limit of its own."""

    def close(self) -> None:
        """Send nothing more. May be called any number of times."""
        self.lost = True


def _wait_s(reply: Reply) -> float | None:
    """Return after how many seconds a picture may be sent again; None if it may not."""
    if reply.status in (429, 503):
        return reply.retry_after_s
    # With an error of its own the server has said that this picture made it fail. Without one it
    # is as if nobody had seen the picture, and finding objects in it changes nothing over there.
    return 0.0 if reply.status in DROPPED and _object(reply.body) is None else None


def _object(text: str) -> dict[str, Any] | None:
    """Return the JSON object that a text is; None if it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def answer_of(reply: Reply) -> dict[str, Any]:
    """Return the object that a server answered.

    Raises:
        ServerError: it refused, or answered something else.
    """
    if reply.status != 200:
        raise ServerError(BY_STATUS.get(reply.status, Refusal.FAILED), reply.status)
    found = _object(reply.body)
    if found is None:
        raise ServerError(Refusal.FAILED, "an answer that is not a JSON object")
    return found


def check_model(listing: dict[str, Any], card: ModelCard) -> None:
    """Make sure that a server has the very model that this site has.

    Args:
        listing: what `GET /v1/models` returned.

    Raises:
        ServerError: it has not, or it is still being loaded.
    """
    models = listing.get("models")
    for each in models if isinstance(models, list) else []:
        if isinstance(each, dict) and each.get("name") == card.name:
            same = each.get("sha256") == card.file.sha256 and each.get("adjustable") is not False
            if not same or card.open is not None:
                raise ServerError(Refusal.MODEL, card.name)
            if not listing.get("ready"):
                raise ServerError(Refusal.LOADING)
            return
    raise ServerError(Refusal.MODEL, card.name)


def rows(record: dict[str, Any], card: ModelCard, sent: Size) -> RawOutputs:
    """Return a record's detections as the rows of a sealed network: ``boxes`` ``(1, n, 4)`` float32
    in 0..1 of the model's input, ``scores`` ``(1, n)`` float32, ``classes`` ``(1, n)`` int32.

    Args:
        record: of `obscura.export.records`, in pixels of the picture that was sent.
        sent: that picture's width and height.

    Raises:
        ServerError: it is not such a record.
    """
    try:
        found = record["detections"]
        table = [
            [
                *(float(each[key]) for key in ("x1", "y1", "x2", "y2", "score")),
                int(each["class_id"]),
            ]
            for each in found
        ]
        size = int(record["width"]), int(record["height"])
    except (KeyError, TypeError, ValueError) as error:
        raise ServerError(Refusal.FAILED, "an answer that is not a record") from error
    if size != sent:
        raise ServerError(Refusal.FAILED, f"an answer for {size[0]} x {size[1]} pixels")
    values = np.array(table, np.float64).reshape(-1, 6)
    return {
        "boxes": _in_input(values[:, :4], card.input, sent).astype(np.float32)[None],
        "scores": values[:, 4].astype(np.float32)[None],
        "classes": values[:, 5].astype(np.int32)[None],
    }


def _in_input(xyxy: NDArray[np.float64], wanted: InputSpec, sent: Size) -> NDArray[np.float64]:
    """Return boxes in pixels of a picture as 0..1 of the input that it is fitted to."""
    fitted = fit(wanted.resize, sent, (wanted.width, wanted.height))
    scale = np.array([fitted.scale_x, fitted.scale_y] * 2)
    offset = np.array([fitted.offset_x, fitted.offset_y] * 2)
    inside: NDArray[np.float64] = xyxy * scale + offset
    return inside / np.array([wanted.width, wanted.height] * 2, np.float64)
