"""Analysis: from a model's answer to updates. Outputs are decoded, pass the pipeline, reach sinks.

Pure Python. An answer carries what it answers: the picture (by its epoch, see `state.scene`), the
frame and the model. It is shown only if picture and model are still the ones in view.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.families.decode import Outputs, decode
from obscura.live.timing import Timings
from obscura.pipeline import Pipeline, Sink, Stage
from obscura.update import FrameInfo, Update


class Answer(NamedTuple):
    """What a model returned for one frame."""

    epoch: int
    """Of the picture in view, see `state.scene`."""
    card: ModelCard
    """The model that answered."""
    frame: FrameInfo
    outputs: Outputs


class DecodeOptions(NamedTuple):
    """Which rows of an answer become detections; None means the card's own value."""

    threshold: float | None = None
    """The lowest score shown, 0 to 1."""
    iou: float | None = None
    """The overlap above which the worse of two boxes of a class is dropped, 0 to 1."""
    classes: Collection[int] | None = None
    """The class_ids shown; None for all."""


class Analysis:
    """Turns answers into updates, and keeps the latest of both."""

    def __init__(
        self,
        timings: Timings,
        now_ms: Callable[[], float],
        *,
        in_view: Callable[[Answer], bool],
    ) -> None:
        """
        Args:
            timings: where the time of the stage "decode" is added.
            in_view: whether an answer's picture and model are the ones in view.
        """
        self._timings, self._now_ms = timings, now_ms
        self._in_view = in_view
        self.options: Callable[[ModelCard], DecodeOptions] = lambda _card: DecodeOptions()
        """How answers of a model are decoded."""
        self.pipeline = Pipeline()
        self.sinks: list[Sink] = []
        self.answer: Answer | None = None
        self.update: Update | None = None
        """The latest update; None while the picture in view has no answer."""

    @property
    def detections(self) -> Detections:
        """The latest detections; none while there is no answer."""
        return self.update.detections if self.update else Detections.empty()

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes of the model that answered."""
        return self.answer.card.labels if self.answer else ()

    def receive(self, answer: Answer) -> bool:
        """Decode a new answer, advance the stages, and pass the update on.

        Returns:
            False if the answer is for another picture or model than those in view: it is dropped.

        Raises:
            As `families.decode.decode`.
        """
        if not self._in_view(answer):
            return False
        update = self.pipeline.update(Update(answer.frame, self.decode(answer)))
        self.answer, self.update = answer, update
        self._pass_on(update)
        return True

    def refresh(self) -> None:
        """Decode the latest answer again, because the options have changed.

        It is the same frame, so the stages do not advance, and its events are not sent again. What
        stages add to detections is missing until the next frame.
        """
        if self.answer is None or self.update is None or not self._in_view(self.answer):
            return
        self.update = Update(self.answer.frame, self.decode(self.answer))
        self._pass_on(self.update)

    def add_stages(self, stages: Iterable[Stage]) -> None:
        """Add stages after those that there are; they begin with the next frame."""
        for stage in stages:
            stage.reset()
            self.pipeline.stages.append(stage)

    def clear(self) -> None:
        """Forget the answer and reset the stages: another picture or another model follows."""
        self.answer = self.update = None
        self.pipeline.reset()

    def add(self, sinks: Iterable[Sink]) -> None:
        """Add sinks, which receive the latest update at once."""
        for sink in sinks:
            self.sinks.append(sink)
            if self.update is not None:
                sink.take(self.update)

    def decode(self, answer: Answer) -> Detections:
        """Return an answer's detections under the present options; nothing else changes. Errors as
        in `receive`."""
        begun = self._now_ms()
        options = self.options(answer.card)
        frame = answer.frame
        detections = decode(
            answer.outputs,
            answer.card,
            (frame.width, frame.height),
            threshold=options.threshold,
            iou=options.iou,
            classes=options.classes,
        )
        self._timings.add("decode", self._now_ms() - begun)
        return detections

    def _pass_on(self, update: Update) -> None:
        for sink in self.sinks:
            sink.take(update)
