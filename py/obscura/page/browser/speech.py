"""Speech: the browser reads words aloud, with the system's voice."""

from __future__ import annotations

from js import document, window


def available() -> bool:
    """Whether this browser can speak."""
    return hasattr(window, "speechSynthesis") and hasattr(window, "SpeechSynthesisUtterance")


def speaking() -> bool:
    """Whether something is being read."""
    return bool(window.speechSynthesis.speaking or window.speechSynthesis.pending)


def speak(words: str) -> None:
    """Read words aloud, after what is being read."""
    utterance = window.SpeechSynthesisUtterance.new(words)
    utterance.lang = document.documentElement.lang
    window.speechSynthesis.speak(utterance)


def stop() -> None:
    """Be silent at once."""
    window.speechSynthesis.cancel()
