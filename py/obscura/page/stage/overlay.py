"""The overlay: a canvas over the view, at the screen's own resolution, on which layers draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from obscura.detections import Detections
from obscura.live.timing import Timings
from obscura.page.browser.canvas import device_pixel_ratio
from obscura.page.stage.display import Display
from obscura.page.stage.layers import MOST_UNIT, UNIT_SIDE, BoxLayer, Layer
from obscura.page.stage.placement import Placement, Zoom, place
from obscura.update import FrameInfo, Update

NOTHING = Update(FrameInfo(0, 0.0, 1, 1), Detections.empty())


class Overlay:
    """Draws an update; draws it again when the view changes its size."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._context = canvas.getContext("2d")
        self._view: tuple[int, int] | None = None  # width and height in CSS pixels, once asked for
        self._ratio = 0.0  # device pixels per CSS pixel
        self._mirrored = False
        self._update = NOTHING
        self.motion: Callable[[Update], Update] | None = None
        """Returns an update with its boxes where they are in the picture that is showing."""
        self.delayed: Callable[[Update], Update] | None = None
        """Returns the update of the picture that is showing, where that is not the latest one."""
        self.fill = False
        """Whether the picture covers the view; see `placement.place`."""
        self.zoom = Zoom()
        self.covered = (0.0, 0.0, 0.0, 0.0)
        """How much of the left, top, right and bottom of the view lies under controls, in CSS
        pixels: labels stay clear of it."""
        self.boxes = BoxLayer(self._context)
        self.layers: list[Layer] = [self.boxes]
        """Drawn in order, the later ones on top."""

    def draw(self, update: Update, labels: Sequence[str], *, mirrored: bool = False) -> None:
        """Draw an update.

        Args:
            labels: names of the classes, by class_id.
            mirrored: whether the picture is shown as in a mirror.
        """
        self._update, self.boxes.labels, self._mirrored = update, labels, mirrored
        self.redraw()

    def show(
        self, detections: Detections, labels: Sequence[str], source_size: tuple[int, int]
    ) -> None:
        """Draw detections (xyxy in pixels of a source of this width and height)."""
        self.draw(Update(FrameInfo(0, 0.0, *source_size), detections), labels)

    def clear(self) -> None:
        """Remove everything, the choice of a box included."""
        self.boxes.point = self.boxes.selected = None
        self.draw(NOTHING, ())

    def resize(self) -> None:
        """Draw again, because the canvas has another size on the page."""
        self._view = None
        self.redraw()

    def redraw(self) -> None:
        """Draw again."""
        context = self._context
        if self._view is None:  # asked for each time, the browser would lay out the page per frame
            self._view = (self._canvas.clientWidth, self._canvas.clientHeight)
            self._ratio = 0.0
        width, height = self._view
        ratio = device_pixel_ratio()
        if ratio != self._ratio:  # it changes with the screen that the window is moved to
            self._fit(width, height, ratio)
        context.clearRect(0, 0, width, height)
        moved = self.delayed or self.motion
        update = self._update if moved is None else moved(self._update)
        frame = update.frame
        placed = _place(
            self._view, (frame.width, frame.height), self._mirrored, self.fill, self.zoom
        )
        left, top, right, bottom = self.covered
        self.boxes.clear = (left, top, width - right, height - bottom)
        for layer in self.layers:
            layer.draw(context, update, placed)

    def glide(self) -> None:
        """Draw again with boxes where they are in the picture that is showing."""
        self.boxes.moved = True
        self.redraw()
        self.boxes.moved = False

    def _fit(self, width: int, height: int, ratio: float) -> None:
        """Resize the backing store and restore the context state that resizing clears."""
        context = self._context
        self._ratio = ratio
        self._canvas.width, self._canvas.height = round(width * ratio), round(height * ratio)
        context.setTransform(ratio, 0, 0, ratio, 0, 0)
        context.textBaseline = "middle"
        context.lineJoin = "round"
        self.boxes.reset(min(max(min(width, height) / UNIT_SIDE, 1.0), MOST_UNIT))


@lru_cache(maxsize=8)
def _place(
    view: tuple[int, int], source: tuple[int, int], mirrored: bool, fill: bool, zoom: Zoom
) -> Placement:
    """As `place`, which gives the same for frame after frame."""
    return place(view, source, mirrored=mirrored, fill=fill, zoom=zoom)


class OverlaySink:
    """Draws updates on an overlay, and adds the time of that as the stage "draw"."""

    def __init__(
        self,
        overlay: Overlay,
        display: Display,
        labels: Callable[[], Sequence[str]],
        timings: Timings,
        now_ms: Callable[[], float],
    ) -> None:
        """
        Args:
            labels: returns the names of the classes of the model that answered, by class_id.
        """
        self._overlay, self._display, self._labels = overlay, display, labels
        self._timings, self._now_ms = timings, now_ms

    def take(self, update: Update) -> None:
        """Draw an update."""
        begun = self._now_ms()
        boxes, display = self._overlay.boxes, self._display
        boxes.names, boxes.percentages = display.names, display.percentages
        self._overlay.draw(update, self._labels(), mirrored=self._display.mirrored)
        self._timings.add("draw", self._now_ms() - begun)

    def close(self) -> None:
        """Remove everything."""
        self._overlay.clear()
