"""Analysis: from a model's answer to updates. Outputs are decoded, pass the pipeline, reach sinks.

Pure Python. An answer carries what it answers: the picture (by its epoch, see `state.scene`), the
frame and the model. It is shown only if picture and model are still the ones in view.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.families.decode import Outputs, decode
from obscura.live.timing import Timings
from obscura.pipeline import Pipeline, Sink, Stage, Steps
from obscura.update import Event, FrameInfo, Update

ENDED_S = 60.0
"""Seconds without detections after which no stage expects an object to come back."""


class Answer(NamedTuple):
    """What a model returned for one frame."""

    epoch: int
    """Of the picture in view, see `state.scene`."""
    card: ModelCard
    """The model that answered."""
    frame: FrameInfo
    outputs: Outputs
    moving: bool = True
    """Whether it is a frame of a camera or video; a picture of its own has no tracks."""
    captured_ms: float = 0.0
    """When the page captured the frame, which was showing then; see `Playback.showing_ms`."""
    cuts: int = 0
    """How often the source had gone back to an earlier moment; see `live.frame_clock`."""
    source_s: float = 0.0
    """Time of the frame on the source's own clock: of a video, within it."""
    mirrored: Outputs | None = None
    """What the model returned for the mirror image, in whose places boxes then are; None if it did
    not run on that."""


class DecodeOptions(NamedTuple):
    """Which rows of an answer become detections; None means the card's own value."""

    threshold: float | None = None
    """The lowest score shown, 0 to 1."""
    iou: float | None = None
    """The overlap above which the worse of two boxes of a class is dropped, 0 to 1."""
    classes: Collection[int] | None = None
    """The class_ids shown; None for all."""


class Tracking(Protocol):
    """Tells from frame to frame which object is which: `tracking.Tracker`."""

    @property
    def options(self) -> Any: ...
    def use_card(self, card: ModelCard, threshold: float | None = None) -> None: ...
    def update(self, update: Update) -> Update: ...
    def visible(
        self, update: Update, threshold: float, classes: Collection[int] | None = None
    ) -> Update: ...
    def reset(self) -> None: ...


class Analysis:
    """Turns answers into updates, and keeps the latest of both.

    With a tracker, frames are decoded down to the lowest score that continues a track, and of all
    classes; stages receive all of that. What is shown are the tracks that the options let through.
    """

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
        self.finders = Pipeline()
        """Stages that add rows before these are tracked."""
        self.pipeline = Pipeline()
        self.closer = False
        """Whether there are stages in the pipeline that ask second networks."""
        self.more_labels: tuple[str, ...] = ()
        """Names of the classes of rows that finders add, after the model's own."""
        self.aside: Callable[[Update], Steps] | None = None
        """Looks closer at a picture that is not in view; None while nothing looks closer."""
        self.shares: Callable[[], dict[str, float]] = dict
        """Returns the milliseconds a frame that second networks took lately, by their titles."""
        self._deep = False  # whether the latest answer was decoded down to what is not shown
        self._tracker: Tracking | None = None
        self.always: frozenset[str] = frozenset()
        """Classes that second networks are to look for in every frame, whatever it takes."""
        self.unavailable: frozenset[str] = frozenset()
        """Classes whose second networks could not be loaded."""
        self.least: dict[str, Callable[[ModelCard], float]] = {}
        """The lowest score that features want to see, which is not shown, by their names."""
        self._whole: Update | None = None  # as the stages left it; None if all of it is shown
        self._recalled = False  # whether the latest update was found earlier, see `recall`
        self._numbered = False  # whether it has the track ids that it was kept with
        self.sinks: list[Sink] = []
        self.answer: Answer | None = None
        self.update: Update | None = None
        """The latest update; None while the picture in view has no answer."""
        self.current: Answer | None = None
        """The answer that stages work on, or the latest one. It becomes `answer` once it is shown:
        while heads are asked, the one before is."""

    @property
    def detections(self) -> Detections:
        """The latest detections; none while there is no answer."""
        return self.update.detections if self.update else Detections.empty()

    @property
    def recalled(self) -> bool:
        """Whether the latest update was found at another time; see `recall`."""
        return self._recalled

    @property
    def whole(self) -> Update | None:
        """The latest update with all rows, also those that are not shown."""
        return self.update if self._whole is None else self._whole

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes of the model that answered, and of what finders add."""
        return (*self.current.card.labels, *self.more_labels) if self.current else ()

    @property
    def finding(self) -> list[Any]:
        """The stages that add rows, those within others in their place."""
        inner = (getattr(stage, "stages", [stage]) for stage in self.finders.stages)
        return [each for stages in inner for each in stages]

    @property
    def looks_closer(self) -> bool:
        """Whether second networks look at frames: then answers come by `steps`."""
        return bool(self.finders.stages) or self.closer

    def receive(self, answer: Answer) -> bool:
        """Decode a new answer, advance the stages, and pass the update on. No head is asked.

        Returns:
            False if the answer is for another picture or model than those in view: it is dropped.

        Raises:
            As `families.decode.decode`.
        """
        if not self._in_view(answer):
            return False
        update = self._found(answer)
        update = self.finders.update(update)
        update = self._tracked(answer, update)
        self._take(answer, self.pipeline.update(update))
        return True

    def steps(self, answer: Answer) -> Steps:
        """As `receive`, of an answer in view, in steps: yields what heads are to be asked, and is
        sent their answers; its result is for `show`. Close it once the answer's picture or model is
        not in view any more."""
        update = self._found(answer)
        update = yield from self.finders.steps(update)
        update = self._tracked(answer, update)
        return (yield from self.pipeline.steps(update))

    def show(self, answer: Answer, update: Update) -> bool:
        """Show what `steps` has made of an answer; see `receive` for what is returned."""
        if not self._in_view(answer):
            return False
        self._take(answer, update)
        return True

    def recall(self, answer: Answer, update: Update) -> bool:
        """Show what was found in a frame earlier and kept; see `receive` for what is returned.

        Stages advance. The tracker follows the rows only if they were kept without track ids.

        Args:
            answer: of that frame, without outputs.
            update: all that was found. ``data`` may have "best" ``(n,)``, the highest score of each
                row's track, by which tracks are shown in place of the rows' own scores.
        """
        if not self._in_view(answer):
            return False
        if self.answer is None or not self._recalled or answer.cuts != self.answer.cuts:
            self._part(recalled=True)
        self.current = answer
        self._numbered = update.detections.track_id is not None
        if self._tracker is None:
            update = replace(update, detections=update.detections.replace(track_id=None))
        elif not self._numbered:
            self._tracker.use_card(answer.card, self.options(answer.card).threshold)
            update = self._tracker.update(update)
        self._take(answer, self.pipeline.update(update))
        return True

    def _part(self, *, recalled: bool) -> None:
        """What follows has track ids of its own: forget those that there were."""
        if self.answer is not None:
            self.finders.reset()
            self.pipeline.reset()
        if self._tracker is not None:
            self._tracker.reset()
        self._recalled, self._numbered = recalled, False

    def _found(self, answer: Answer) -> Update:
        """Return what was found, as far down as anything wants to see it."""
        if self._recalled:
            self._part(recalled=False)
        options = self.options(answer.card)
        least = [each(answer.card) for each in self.least.values()]
        tracker = self._tracker if answer.moving else None
        if tracker is not None:
            if self.answer is not None and answer.cuts != self.answer.cuts:
                tracker.reset()  # objects are where they were at another time
            tracker.use_card(answer.card, options.threshold)
            least.append(tracker.options.live)
        self._deep = bool(least)
        wanted = options._replace(threshold=min(least), classes=None) if least else options
        self.current = answer  # before stages ask for its labels
        return Update(answer.frame, self._decode(answer, wanted))

    def _tracked(self, answer: Answer, update: Update) -> Update:
        tracker = self._tracker if answer.moving else None
        return update if tracker is None else tracker.update(update)

    def _take(self, answer: Answer, update: Update) -> None:
        """Show what the stages have made of an answer."""
        deep = self._deep or self._recalled or self.looks_closer
        self._whole = update if deep else None
        self.answer = self.current = answer
        self.update = self._visible(update)
        self._pass_on(self.update)

    def refresh(self) -> None:
        """Show the latest answer under other options.

        It is the same frame, so the stages do not advance, and its events are not sent again. With
        a tracker, other tracks are shown; another overlap begins with the next frame.
        """
        if self.answer is None or self.update is None or not self._in_view(self.answer):
            return
        if self._whole is not None:
            self.update = self._visible(Update(self._whole.frame, self._whole.detections))
        else:
            self.update = Update(self.answer.frame, self.decode(self.answer))
        self._pass_on(self.update)

    def track(self, tracker: Tracking | None) -> None:
        """Track objects from the next frame on; None ends that."""
        if tracker is not None:
            tracker.reset()
        elif self._tracker is not None:
            self._end()
            if not self._recalled:  # which has nothing but its rows
                self._whole = None
            self.pipeline.reset()
            self._tracker = None
            self.refresh()
        self._tracker = tracker

    def add_stages(self, stages: Iterable[Stage]) -> None:
        """Add stages after those that there are; they begin with the next frame."""
        for stage in stages:
            stage.reset()
            self.pipeline.stages.append(stage)

    def clear(self) -> None:
        """Forget the answer and reset the stages: another picture or another model follows."""
        self._end()
        self.answer = self.current = self.update = self._whole = None
        self._recalled = False
        if self._tracker is not None:
            self._tracker.reset()
        self.finders.reset()
        self.pipeline.reset()

    def _end(self) -> None:
        """Let what was in view end as it does when nothing is seen any more: who was in a zone
        leaves it, so that lists, charts and events agree."""
        if self._whole is not None and self._tracker is not None:
            self.publish(self.pipeline.update(ended(self._whole.frame)).events)

    def publish(self, events: tuple[Event, ...]) -> None:
        """Pass on events that no frame comes with, beside the latest update."""
        if events and self.update is not None:
            self._pass_on(replace(self.update, events=events))

    def add(self, sinks: Iterable[Sink]) -> None:
        """Add sinks, which receive the latest update at once."""
        for sink in sinks:
            self.sinks.append(sink)
            if self.update is not None:
                sink.take(self.update)

    def decode(self, answer: Answer) -> Detections:
        """Return an answer's detections under the present options; nothing else changes. Errors as
        in `receive`."""
        return self._decode(answer, self.options(answer.card))

    def decode_down(self, answer: Answer, least: float) -> Detections:
        """As `decode`, down to a lower score and of all classes."""
        options = self.options(answer.card)
        return self._decode(answer, options._replace(threshold=least, classes=None))

    def _decode(self, answer: Answer, options: DecodeOptions) -> Detections:
        begun = self._now_ms()
        size = (answer.frame.width, answer.frame.height)
        detections = decode(answer.outputs, answer.card, size, **options._asdict())
        if answer.mirrored is not None:
            from obscura.flip import with_mirrored  # comes with the code that hides

            second = decode(answer.mirrored, answer.card, size, **options._asdict())
            iou = answer.card.iou if options.iou is None else options.iou
            detections = with_mirrored(detections, second, answer.card, size[0], iou)
        self._timings.add("decode", self._now_ms() - begun)
        return detections

    def _visible(self, update: Update) -> Update:
        """Return what is shown of an update."""
        if self._whole is None or self.answer is None:
            return update
        options = self.options(self.answer.card)
        threshold = _threshold(options, self.answer.card)
        own, classes = len(self.answer.card.labels), options.classes
        if classes is not None:  # which are those of the model
            classes = {*classes, *range(own, own + len(self.more_labels))}
        if self._tracker is not None and self.answer.moving and not self._numbered:
            return self._tracker.visible(update, threshold, classes)
        found = update.detections
        shown = (found.data.get("best", found.score) >= threshold) | (found.class_id >= own)
        if classes is not None:
            shown &= np.array([each in classes for each in found.class_id.tolist()], bool)
        return replace(update, detections=found[shown])

    def _pass_on(self, update: Update) -> None:
        for sink in self.sinks:
            sink.take(update)


def ended(frame: FrameInfo) -> Update:
    """Return an update without detections, so long after a frame that all objects have gone."""
    later = replace(frame, index=frame.index + 1, time_s=frame.time_s + ENDED_S)
    return Update(later, Detections.empty())


def _threshold(options: DecodeOptions, card: ModelCard) -> float:
    return card.threshold if options.threshold is None else options.threshold
