"""A further camera: its picture with boxes, its name, and what was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from obscura.cards.card import InputSpec
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import listener, make
from obscura.page.browser.frames import Grabber
from obscura.page.features.cameras import words
from obscura.page.stage.display import Display
from obscura.page.stage.overlay import Overlay
from obscura.update import Update


class CameraView:
    """Elements of one camera. Boundary: `close` frees the camera, the elements' proxies with it."""

    def __init__(self, source: Any, name: str, remove: Callable[[], Any]) -> None:
        """
        Args:
            source: `live.live_source.LiveSource`, which belongs to this view from now on.
            remove: called when a person presses the button that removes it.
        """
        self.source, self.name = source, name
        self.element = make("figure", cls="camera-view", aria_label=words.VIEW.format(name=name))
        picture = make("div", cls="camera-picture")
        canvas = make("canvas", cls="overlay", aria_hidden="true")
        video = source.video
        video.removeAttribute("id")
        video.className, video.hidden = "media", False
        video.setAttribute("aria-label", name)
        self._canvas = canvas
        self._rate, self._line = make("span"), make("span", text=words.STARTING)
        self._button = make("button", type="button", cls="icon-button", text="×")  # noqa: RUF001
        self._button.setAttribute("aria-label", words.REMOVE.format(name=name))
        self._pressed = listener(lambda _event: remove())
        self._button.addEventListener("click", self._pressed)
        caption = make("figcaption")
        head = make("p", cls="camera-head")
        head.append(make("strong", text=name), self._rate)
        caption.append(head, self._line)
        picture.append(video, canvas, self._button)
        self.element.append(picture, caption)
        self._overlay = Overlay(canvas)
        self._grabber = Grabber()
        self._size = (0, 0)

    def grab(self, wanted: InputSpec) -> Any:
        """Capture the frame that the camera shows; None if it is the one captured last."""
        size = self.source.size
        return self._grabber(self.source.video, size, wanted, only_new=True) if size[0] else None

    @property
    def time_s(self) -> float:
        """Seconds at which the latest frame was captured."""
        time_us = self._grabber.time_us
        return now_ms() / 1000 if time_us is None else float(time_us / 1e6)

    def show(
        self, update: Update, labels: Sequence[str], display: Display, *, mirror: bool
    ) -> None:
        """Draw the boxes of a frame."""
        size = (int(self._canvas.clientWidth), int(self._canvas.clientHeight))
        if size != self._size:
            self._size = size
            self._overlay.resize()
        mirrored = mirror and self.source.facing == "user"
        self.source.video.classList.toggle("mirrored", mirrored)
        boxes = self._overlay.boxes
        boxes.names, boxes.percentages = display.names, display.percentages
        self._overlay.draw(update, labels, mirrored=mirrored)

    def say(self, rate: str, line: str) -> None:
        """Show how fast it is analysed, and what was seen."""
        if str(self._rate.textContent) != rate:
            self._rate.textContent = rate
        if str(self._line.textContent) != line:
            self._line.textContent = line

    def lose(self) -> None:
        """The camera is gone: say so, and show nothing of it."""
        self._overlay.clear()
        self.element.classList.add("lost")
        self.say("", words.LOST)

    def close(self) -> None:
        """Release the camera and remove the elements."""
        self.source.stop()
        self._button.removeEventListener("click", self._pressed)
        self._pressed.destroy()
        self._canvas.width = self._canvas.height = 0
        self.element.remove()
