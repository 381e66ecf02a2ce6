"""Watch: follows and counts what is found in the frames of one further camera. Pure Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from obscura.cards.card import ModelCard
from obscura.families.decode import Outputs, decode
from obscura.live.frame_clock import FrameClock
from obscura.page.live.analysis import DecodeOptions
from obscura.tracking import Tracker
from obscura.update import Update


class Watch:
    """Turns a model's outputs for one camera into updates, with tracks of its own."""

    def __init__(self, options: Callable[[ModelCard], DecodeOptions]) -> None:
        """
        Args:
            options: returns how answers of a model are decoded.
        """
        self._options = options
        self._tracker, self._clock = Tracker(), FrameClock()
        self._card: ModelCard | None = None
        self._known: set[int] = set()
        self.counts: Counter[str] = Counter()
        """How many different objects were shown, by the name of their class."""

    def update(
        self, card: ModelCard, outputs: Outputs, time_s: float, size: tuple[int, int]
    ) -> Update:
        """Return what is shown of a frame: tracked objects, as in the first camera's picture.

        Args:
            time_s: seconds of its capture, on the camera's clock.
            size: width and height of the camera's picture in pixels.

        Raises:
            As `families.decode.decode`.
        """
        options = self._options(card)
        if card is not self._card:  # its classes may be others
            self._card = card
            self._tracker.reset()
        self._tracker.use_card(card, options.threshold)
        live = self._tracker.options.live
        found = decode(outputs, card, size, threshold=live, iou=options.iou)
        tracked = self._tracker.update(Update(self._clock.frame(time_s, *size), found))
        threshold = card.threshold if options.threshold is None else options.threshold
        shown = self._tracker.visible(tracked, threshold, options.classes)
        self._count(shown, card)
        return shown

    def _count(self, shown: Update, card: ModelCard) -> None:
        found = shown.detections
        if found.track_id is None:
            return
        for track_id, class_id in zip(
            found.track_id.tolist(), found.class_id.tolist(), strict=True
        ):
            if track_id >= 0 and track_id not in self._known:
                self._known.add(track_id)
                self.counts[card.labels[class_id]] += 1
