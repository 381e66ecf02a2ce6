"""Picture reader: runs the model on what is in view, and passes its answers to the analysis. Pure
Python.

An answer carries what it answers (`analysis.Answer`), and is dropped if another picture or model is
in view by then, also while second networks look closer at it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from obscura.errors import ObscuraError
from obscura.live.frame_clock import FrameClock
from obscura.live.timing import Timings
from obscura.page.live.analysis import Analysis, Answer
from obscura.page.live.loop import Show
from obscura.page.live.playback import Playback
from obscura.page.live.protocols import Hooks, Inference, Redactor, Screen
from obscura.page.state.scene import Kind, Scene
from obscura.page.words import text
from obscura.update import FrameInfo, Update


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
        self.clock = FrameClock()
        """Numbers the frames of the camera or video in view."""
        self.redactor: Redactor | None = None
        """What shows pictures, where parts of them are to be hidden."""

    def in_view(self, answer: Answer) -> bool:
        """Whether an answer's picture and model are the ones in view."""
        return answer.epoch == self._scene.epoch and answer.card is self._inference.card

    async def frame(self, source: Any, playback: Playback, *, only_new: bool) -> Show | None:
        """Run the model on the newest frame of a camera or video; return what shows its answer.

        Args:
            only_new: only if it is not the one captured last.
        """
        card, epoch = self._inference.card, self._scene.epoch
        if card is None or not source.size[0] or source.seeking:
            return None
        size = source.size
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
            return image

        answered = await self._run(capture)
        if answered is None or frame is None:
            return None
        made = (captured_ms, cuts, source_s)
        answer = Answer(epoch, answered.card, frame, answered.outputs, True, *made)
        show = await self._looked(answer)
        if show is None:
            return None
        return lambda: self._hooks.changed() if show() and self._scene.paused else None

    async def photo(self) -> None:
        """Run the model in use, if there is one, on the photo in view."""
        card, epoch = self._inference.card, self._scene.epoch
        if card is None:
            return
        self._hooks.say(text.READING_PICTURE)
        frame = FrameInfo(0, 0.0, *self._screen.photo_size)
        self._timings.clear()
        answered = await self._run(self._screen.read_photo)
        if answered is None:
            return
        show = await self._looked(Answer(epoch, answered.card, frame, answered.outputs, False))
        if show is not None and show():
            self._hooks.say("")
            self._hooks.changed()
            self._hooks.photo_read()

    async def sample(self) -> None:
        """As `show_sample`; run the model for second networks, which need the picture itself."""
        if not self.show_sample() or not self._analysis.looks_closer:
            return
        epoch = self._scene.epoch
        pixels = await self._inference.sample_image()
        frame = FrameInfo(0, 0.0, pixels.width, pixels.height)
        answered = await self._run(lambda: pixels)
        if answered is not None:
            show = await self._looked(Answer(epoch, answered.card, frame, answered.outputs, False))
            if show is not None:
                show()

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

    async def _run(self, capture: Callable[[], Any]) -> Any:
        """Run the model; None if it cannot be, in which case the rest of the page has been told."""
        card, epoch = self._inference.card, self._scene.epoch
        try:
            return await self._inference.run(capture)
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
        update = await self._drive(answer)
        return None if update is None else lambda: self._analysis.show(answer, update)

    async def _drive(self, answer: Answer) -> Update | None:
        steps = self._analysis.steps(answer)
        try:
            request = next(steps)
            while True:
                given = await self._inference.run_head(request, answer.card)
                if given is None or not self.in_view(answer):
                    steps.close()
                    return None
                request = steps.send(given)
        except StopIteration as end:
            made: Update = end.value
            return made
