"""A further camera: its picture with boxes, its name, and what was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from obscura.cards.card import InputSpec
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import contains_focus, listener, make
from obscura.page.browser.frames import Grabber
from obscura.page.features.cameras import words
from obscura.page.stage.display import Display
from obscura.page.stage.overlay import Overlay
from obscura.update import Update


class CameraView:
    """Elements of one camera. Boundary: `close` frees the camera, the elements' proxies with it."""

    def __init__(
        self, source: Any, name: str, *, remove: Callable[[], Any], again: Callable[[], Any]
    ) -> None:
        """
        Args:
            source: `live.live_source.LiveSource`, which belongs to this view from now on.
            remove: called when a person presses the button that removes it.
            again: called when they want a lost camera back.
        """
        self.name = name
        self.element = make("figure", cls="camera-view", aria_label=words.VIEW.format(name=name))
        self._canvas = make("canvas", cls="overlay", aria_hidden="true")
        self._rate, self._line = make("span"), make("span", text=words.STARTING)
        self._remove = make("button", type="button", cls="icon-button", text="×")  # noqa: RUF001
        self._remove.setAttribute("aria-label", words.REMOVE.format(name=name))
        self._again = make("button", type="button", cls="link", text=words.AGAIN)
        self._again.setAttribute("aria-label", words.AGAIN_NAMED.format(name=name))
        self._again.hidden = True
        self._pressed = listener(self._press)
        self._does = ((self._remove, remove), (self._again, again))
        self.element.addEventListener("click", self._pressed)
        self._picture = make("div", cls="camera-picture")
        self._picture.append(self._canvas, self._remove)
        caption = make("figcaption")
        head = make("p", cls="camera-head")
        head.append(make("strong", text=name), self._rate)
        caption.append(head, self._line, self._again)
        self.element.append(self._picture, caption)
        self._overlay = Overlay(self._canvas)
        self._grabber = Grabber()
        self._size = (0, 0)
        self._paused = False
        self._show(source)

    @property
    def lost(self) -> bool:
        """Whether the camera is gone."""
        return bool(self.source.ended)

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

    @property
    def paused(self) -> bool:
        """Whether the picture is frozen."""
        return self._paused

    def pause(self, paused: bool) -> None:
        """Freeze the picture, or let it go on."""
        if paused != self._paused and not self.lost:
            self._paused = paused
            self.source.play(not paused)

    def lose(self) -> None:
        """The camera is gone: say so, show nothing of it, and offer to take it again."""
        self._overlay.clear()
        self.element.classList.add("lost")
        self._again.hidden = False
        self._line.setAttribute("role", "status")  # only this is read aloud without being asked for
        self.say("", words.LOST)

    def take(self, source: Any) -> None:
        """Show the camera again, which is back; arguments as of the class."""
        focused = contains_focus(self._again)
        self.source.stop()
        self.source.video.remove()
        self.element.classList.remove("lost")
        self._again.hidden = True
        if focused:
            self._remove.focus()
        self._show(source)

    def close(self) -> None:
        """Release the camera and remove the elements."""
        self.source.stop()
        self.element.removeEventListener("click", self._pressed)
        self._pressed.destroy()
        self._canvas.width = self._canvas.height = 0
        self.element.remove()

    def _show(self, source: Any) -> None:
        self.source = source
        self._paused = False
        self._grabber.reset()
        video = source.video
        video.removeAttribute("id")
        video.className, video.hidden = "media", False
        video.setAttribute("aria-label", self.name)
        self._picture.prepend(video)
        self._line.removeAttribute("role")
        self.say("", words.STARTING)

    def _press(self, event: Any) -> Any:
        for button, does in self._does:
            if button.contains(event.target):
                return does()
        return None
