"""Sound: short tones by Web Audio, without a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from js import window

LOUDNESS = 0.2
TONE_S = 0.15


class Tones:
    """Plays tones.

    Boundary: one `AudioContext` for the life of the page, made when it is first wanted.
    """

    def __init__(self) -> None:
        self._context: Any = None

    def play(self, frequencies: Sequence[float]) -> None:
        """Play these frequencies in Hz, one after the other.

        Silent until a person has pressed something on the page: browsers forbid it before.
        """
        context = self._ready()
        if context.state != "running":
            # Its clock stands until it runs: tones would pile up, and sound all at once.
            context.resume()
            return
        for number, frequency in enumerate(frequencies):
            self._play_one(frequency, context.currentTime + number * TONE_S)

    async def try_out(self, frequencies: Sequence[float]) -> None:
        """As `play`, once sound is on. Call it because a person has pressed something."""
        await self._ready().resume()
        self.play(frequencies)

    def _ready(self) -> Any:
        if self._context is None:
            self._context = window.AudioContext.new()
        return self._context

    def _play_one(self, frequency: float, start_s: float) -> None:
        context = self._context
        oscillator, gain = context.createOscillator(), context.createGain()
        oscillator.frequency.value = frequency
        gain.gain.setValueAtTime(LOUDNESS, start_s)
        gain.gain.exponentialRampToValueAtTime(0.001, start_s + TONE_S)  # ends without a click
        oscillator.connect(gain).connect(context.destination)
        oscillator.start(start_s)
        oscillator.stop(start_s + TONE_S)
