"""Link to one server: pictures are drawn small and sent, and what is sent is counted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from js import AbortSignal, Uint8Array, fetch, location, navigator
from pyodide.ffi import JsException

from obscura.engine.placing import Size
from obscura.engine.remote import Picture, Refusal, Reply, ServerError
from obscura.page.browser.canvas import canvas_of, new_canvas, opaque_context, read_pixels
from obscura.page.browser.dom import js_object

PATIENCE_MS = 15_000
"""How long a server may take to answer."""
PERMISSIONS = ("local-network-access", "local-network", "loopback-network")
"""Names under which browsers keep whether this site may ask addresses of the local network."""


def own_host() -> str:
    """Return the name of the site's own host."""
    return str(location.host)


class RemoteLink:
    """Implements `engine.remote.Link`."""

    def __init__(self, origin: str, space: str | None) -> None:
        """
        Args:
            origin: of the server; "" for the site's own.
            space: "loopback" or "local" for an address that browsers ask people about; else None.
        """
        self._origin, self._space = origin or str(location.origin), space
        self.token = ""
        self.sent_bytes = 0
        """Bytes of all pictures sent so far."""
        self.sent_pictures = 0
        self.on_sent: Callable[[], Any] = lambda: None
        """Called when a picture is being sent."""

    async def get(self, path: str) -> Reply:
        """See `Link`."""
        return await self._ask(path, method="GET")

    async def post(self, path: str, picture: Picture) -> Reply:
        """See `Link`."""
        self.sent_bytes += int(picture.handle.byteLength)
        self.sent_pictures += 1
        self.on_sent()
        return await self._ask(path, method="POST", body=picture.handle)

    def draw(self, frame: Any, size: Callable[[Size], Size]) -> Picture:
        """See `Link`."""
        video = getattr(frame, "frame", None)
        if video is not None:
            try:
                wanted = size((frame.width, frame.height))
                return _small(video, wanted)
            finally:
                video.close()
        wanted = size((frame.width, frame.height))
        if wanted == (frame.width, frame.height):
            return _picture(frame)
        return _small(canvas_of(frame), wanted)

    async def _ask(self, path: str, *, method: str, body: Any = None) -> Reply:
        headers = {"Content-Type": "application/x-rgba"} if body is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        options = js_object(
            method=method,
            headers=headers,
            cache="no-store",
            credentials="omit",
            redirect="error",
            referrerPolicy="no-referrer",
        )
        options.signal = AbortSignal.timeout(PATIENCE_MS)
        if body is not None:
            options.body = body
        if self._space is not None:
            options.targetAddressSpace = self._space
        try:
            response = await fetch(f"{self._origin}{path}", options)
            text = str(await response.text())
        except JsException as error:
            raise ServerError(await self._why(), error) from error
        after = response.headers.get("Retry-After")
        return Reply(int(response.status), text, _seconds(after))

    async def _why(self) -> Refusal:
        """Return why no answer came, as far as the browser says."""
        if not navigator.onLine:
            return Refusal.OFFLINE
        if self._space is not None:
            for name in PERMISSIONS:
                with suppress(JsException):  # a name that this browser does not know
                    answer = await navigator.permissions.query(js_object(name=name))
                    if answer.state == "denied":
                        return Refusal.BLOCKED
        return Refusal.GONE


def _small(drawable: Any, size: Size) -> Picture:
    canvas = new_canvas(*size)
    context = opaque_context(canvas)
    context.imageSmoothingQuality = "high"
    context.drawImage(drawable, 0, 0, *size)
    return _picture(read_pixels(canvas))


def _picture(pixels: Any) -> Picture:
    """Return an `ImageData` as it is sent. Boundary: nothing is copied."""
    return Picture(Uint8Array.new(pixels.data.buffer), int(pixels.width), int(pixels.height))


def _seconds(header: Any) -> float | None:
    """Return what a Retry-After header says; None for a date, and where there is none."""
    try:
        return max(0.0, float(str(header)))
    except ValueError:
        return None
