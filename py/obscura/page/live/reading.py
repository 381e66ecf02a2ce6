"""Picture reader: runs the model on what is in view, and passes its answers to the analysis. Pure
Python.

An answer carries what it answers (`analysis.Answer`), and is dropped if another picture or model is
in view by then, also while second networks look closer at it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any, TypeVar

import numpy as np

from obscura.cards.card import ModelCard
from obscura.errors import BackendError, ObscuraError
from obscura.families.decode import Outputs
from obscura.live.frame_clock import FrameClock
from obscura.live.timing import Timings
from obscura.page.live.analysis import Analysis, Answer
from obscura.page.live.loop import Show
from obscura.page.live.playback import Playback
from obscura.page.live.protocols import (
    Hooks,
    Inference,
    Kept,
    Later,
    Redactor,
    Screen,
    Watcher,
)
from obscura.page.state.scene import Kind, Scene
from obscura.page.words import text
from obscura.pipeline import Answer as HeadAnswer
from obscura.pipeline import Request, Steps
from obscura.update import FrameInfo, Update

T = TypeVar("T")


NO_OUTPUTS = Outputs(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))

AT_ONCE = 8
"""Crops of a picture that stands still which a head looks at in one go."""
PATIENCE_MS = 500.0
"""Time after which it is shown how far that is."""


class PictureReader:
    """Reads frames, photos and the sample picture."""

    def __init__(
        self,
        scene: Scene,
        inference: Inference,
        analysis: Analysis,
        screen: Screen,
        timings: Timings,
        hooks: Hooks,
    ) -> None:
        self._scene, self._inference, self._analysis = scene, inference, analysis
        self._screen, self._timings, self._hooks = screen, timings, hooks
        self._recalled_s: float | None = None  # time of the latest frame, if the model did not run
        self._turn = asyncio.Lock()  # crops are cut from the frame that ran last
        self.clock = FrameClock()
        """Numbers the frames of the camera or video in view."""
        self.redactor: Redactor | None = None
        """What shows pictures, where parts of them are to be hidden."""
        self.watcher: Watcher | None = None
        """What is given each frame of a camera or video that is being analysed."""
        self.kept: Kept | None = None
        """What was found in the video in view at another time, which is shown instead of running
        the model; not used for a redactor, which hides only what was looked for in the very run."""
        self.takes_turns = False
        """Whether the frames of other cameras are analysed between those of what is in view."""

    def in_view(self, answer: Answer) -> bool:
        """Whether an answer's picture and model are the ones in view."""
        cards = (self._inference.card, None if self.kept is None else self.kept.card)
        return answer.epoch == self._scene.epoch and any(answer.card is card for card in cards)

    async def frame(self, source: Any, playback: Playback, *, only_new: bool) -> Show | None:
        """Run the model on the newest frame of a camera or video; return what shows its answer.

        Args:
            only_new: only if it is not the one captured last.
        """
        kept = self.kept if self.redactor is None else None
        card = (None if kept is None else kept.card) or self._inference.card
        if card is None or not source.size[0] or source.seeking:
            return None
        size, epoch = source.size, self._scene.epoch
        frame: FrameInfo | None = None
        captured_ms, cuts, source_s = 0.0, 0, 0.0

        def capture() -> Any:
            nonlocal frame, captured_ms, cuts, source_s
            image = self._screen.grab(size, card, only_new=only_new)
            if image is not None:
                captured_ms = playback.showing_ms
                source_s = self._screen.capture_time_s
                frame = self.clock.frame(source_s, *size)
                cuts = self.clock.cuts
                if self.redactor is not None:
                    self.redactor.keep(self._screen.captured(image), frame)
                if self.watcher is not None:
                    self.watcher.keep(self._screen.captured(image), frame)
            return image

        def answer(card: ModelCard, outputs: Outputs) -> Answer | None:
            made = (captured_ms, cuts, source_s)
            return None if frame is None else Answer(epoch, card, frame, outputs, True, *made)

        if kept is None:
            show = await self._answered(capture, answer)
        else:
            show = await self._known(kept, card, capture, answer, only_new=only_new)
        if show is None:
            return None
        return lambda: self._hooks.changed() if show() and self._scene.paused else None

    async def _known(
        self,
        kept: Kept,
        card: ModelCard,
        capture: Callable[[], Any],
        answer: Callable[[ModelCard, Outputs], Answer | None],
        *,
        only_new: bool,
    ) -> Callable[[], bool] | None:
        """Return what shows what was found in a frame at another time. Where that is not known, the
        model is run."""
        image = capture()
        blank = None if image is None else answer(card, NO_OUTPUTS)
        if blank is None:
            return None
        # Browsers without frames to hand over offer the one that is showing again and again.
        again = only_new and blank.source_s == self._recalled_s
        found = Later.LATER if again else await kept.at(blank.source_s, blank.frame)
        self._recalled_s = None if found is None else blank.source_s
        if found is None:
            grabbed = [image]
            return await self._answered(lambda: grabbed.pop() if grabbed else capture(), answer)
        self._screen.release(image)
        return self._recalling(blank, found)

    def _recalling(self, answer: Answer, update: Update | Later) -> Callable[[], bool] | None:
        """Return what shows an update that was kept, if its frame is still in view."""
        if isinstance(update, Later) or not self.in_view(answer):
            return None
        return lambda: self._analysis.recall(answer, update)

    async def photo(self) -> None:
        """Run the model in use, if there is one, on the photo in view."""
        if self._inference.card is None:
            return
        self._hooks.say(text.READING_PICTURE)
        frame = FrameInfo(0, 0.0, *self._screen.photo_size)
        self._timings.clear()
        if await self._still(self._screen.read_photo, self._screen.read_photo_mirrored, frame):
            self._hooks.say("")
            self._hooks.changed()
            self._hooks.photo_read()

    async def sample(self) -> None:
        """As `show_sample`; run the model for second networks, which need the picture itself."""
        if not self.show_sample() or not self._analysis.looks_closer:
            return
        pixels = await self._inference.sample_image()
        frame = FrameInfo(0, 0.0, pixels.width, pixels.height)
        if await self._still(lambda: pixels, None, frame):
            self._hooks.say("")

    async def _still(
        self, capture: Callable[[], Any], mirrored: Callable[[], Any] | None, frame: FrameInfo
    ) -> bool:
        """Run the model on a picture of its own, and show the answer; return whether it is shown.

        Where something is to be hidden, also on its mirror image, if there is one: more is found,
        and so hidden.
        """
        epoch, redactor = self._scene.epoch, self.redactor
        show = await self._answered(
            capture,
            lambda *made: Answer(epoch, made[0], frame, made[1], False),
            None if redactor is None else mirrored,
        )
        if redactor is not self.redactor:
            return False  # the picture is being read again, for that
        if self._scene.kind is Kind.WELCOME and self._scene.opening:
            return False  # another picture is coming
        return show is not None and show()

    async def aside(
        self,
        capture: Callable[[], Any],
        frame: FrameInfo,
        steps: Callable[[Answer], Steps] | None = None,
    ) -> tuple[Answer, Update] | None:
        """Return what is found in a picture of its own, and looked at closer, without showing it;
        None if another model was taken into use meanwhile.

        Args:
            capture: returns what the model runs on.
            steps: makes an update of the answer, in place of what is found under the present
                options: of one of many frames, which nobody waits for.

        Raises:
            As `Inference.run`.
        """
        epoch = self._scene.epoch

        async def read() -> tuple[Answer, Update] | None:
            answered = await self._inference.run(capture)
            if answered is None:
                return None
            moving = steps is not None
            answer = Answer(epoch, answered.card, frame, answered.outputs, moving=moving)
            asked = self._looked_aside(answer) if steps is None else steps(answer)
            update = await self._drive(asked, answer, lambda: True)
            return None if update is None else (answer, update)

        async with self._alone():
            return await self._to_the_end(read)

    def _looked_aside(self, answer: Answer) -> Steps:
        update = Update(answer.frame, self._analysis.decode(answer))
        looks = self._analysis.aside
        return update if looks is None else (yield from looks(update))

    async def beside(self, capture: Callable[[], Any]) -> Any:
        """Return what the model answers (`Inference.run`) about a frame of a camera beside the one
        in view, when it is its turn; None if there is none.

        Args:
            capture: returns the frame, once it is its turn.

        Raises:
            As `Inference.run`.
        """
        async with self._turn:  # which is given to those who wait in the order in which they came
            return await self._inference.run(capture)

    async def _to_the_end(self, read: Callable[[], Awaitable[T | None]]) -> T | None:
        """Read a picture; once more if the result is None because a faster way to run the same
        model took over meanwhile: a picture that stands still is read only once."""
        while True:
            epoch, card, in_use = self._scene.epoch, self._inference.card, self._inference.in_use
            result = await read()
            taken_over = in_use is not self._inference.in_use and card is self._inference.card
            if result is not None or not taken_over or epoch != self._scene.epoch:
                return result

    def _alone(self) -> Any:
        """Return what keeps others from running frames, because second networks look at parts of
        the one that ran last, or because others have their turn."""
        return self._turn if self._analysis.looks_closer or self.takes_turns else nullcontext()

    def show_sample(self) -> bool:
        """Show the bundled picture's answer, which the self-check has computed anyway, if that
        picture is in view and no other is coming; return whether it is shown."""
        card, sample = self._inference.card, self._inference.sample
        if self._scene.kind is not Kind.WELCOME or self._scene.opening:
            return False
        if not (card and card.check and sample):
            return False
        frame = FrameInfo(0, 0.0, *card.check.size)
        return self._analysis.receive(Answer(self._scene.epoch, card, frame, sample, moving=False))

    async def _answered(
        self,
        capture: Callable[[], Any],
        make: Callable[[ModelCard, Outputs], Answer | None],
        mirrored: Callable[[], Any] | None = None,
    ) -> Callable[[], bool] | None:
        """Run the model, and second networks if any are wanted; return what shows the answer.

        None if there is none, because the model or the picture was exchanged, or because the run
        failed, in which case the rest of the page is notified.

        Args:
            make: makes the answer of the model that ran, and its outputs.
            mirrored: returns the mirror image, if the model is to run on that too.
        """
        card, epoch = self._inference.card, self._scene.epoch

        async def read() -> Callable[[], bool] | None:
            # First, because second networks look at parts of what ran last.
            second = await self._inference.run(mirrored) if mirrored else None
            answered = await self._inference.run(capture)
            answer = None if answered is None else make(answered.card, answered.outputs)
            if answer is not None and mirrored:
                if second is None or second.card is not answer.card:
                    return None
                answer = answer._replace(mirrored=second.outputs)
            return None if answer is None else await self._looked(answer)

        try:
            async with self._alone():
                return await self._to_the_end(read)
        except ObscuraError as error:
            # That a model was exchanged while a frame was under way is not a failure.
            if epoch == self._scene.epoch and self._inference.card is card:
                await self._hooks.recover(error)
            return None

    async def _looked(self, answer: Answer) -> Callable[[], bool] | None:
        """Let second networks look closer, if any are wanted; return what shows the answer, and
        None if its picture or model is not in view any more."""
        if not self.in_view(answer):
            return None
        if not self._analysis.looks_closer:
            return lambda: self._analysis.receive(answer)
        steps = self._analysis.steps(answer)
        update = await self._drive(steps, answer, lambda: self.in_view(answer))
        return None if update is None else lambda: self._analysis.show(answer, update)

    async def _drive(
        self, steps: Steps, answer: Answer, wanted: Callable[[], bool]
    ) -> Update | None:
        """Ask second networks what the steps want to know; None if that is not wanted any more.

        Raises:
            ObscuraError: the engine is lost.
        """
        try:
            request = next(steps)
            while True:
                given = await self._asked(request, answer, wanted)
                if given is not None and given.error is not None and self._inference.lost:
                    raise given.error  # the model cannot go on either
                if given is None or not wanted():
                    steps.close()
                    return None
                request = steps.send(given)
        except StopIteration as end:
            made: Update = end.value
            return made

    async def _asked(
        self, request: Request, answer: Answer, wanted: Callable[[], bool]
    ) -> HeadAnswer | None:
        """Return a head's answer; of a picture that stands still a part at a time, and with a line
        that says how far it is, because there is no limit to how much is looked at."""
        count = len(request.xyxy)
        if answer.moving or count <= AT_ONCE:
            return await self._inference.run_head(request, answer.card)
        parts: list[HeadAnswer] = []
        for start in range(0, count, AT_ONCE):
            part = request._replace(xyxy=request.xyxy[start : start + AT_ONCE])
            given = await self._inference.run_head(part, answer.card)
            if given is None or given.error is not None or not wanted():
                return given
            parts.append(given)
            if sum(each.ms for each in parts) > PATIENCE_MS:
                done = min(start + AT_ONCE, count)
                self._hooks.say(text.LOOKING_CLOSER.format(done=done, count=count))
        return _joined(parts)


def _joined(parts: list[HeadAnswer]) -> HeadAnswer:
    """Return the answers to parts of a request as one."""
    ms = sum(each.ms for each in parts)
    names = parts[0].outputs
    try:
        outputs = {name: np.concatenate([each.outputs[name] for each in parts]) for name in names}
    except (KeyError, ValueError) as error:
        failure = BackendError("The head's outputs vary in size from crop to crop", error)
        return HeadAnswer({}, ms, failure)
    return HeadAnswer(outputs, ms)
