"""Asynchronous code runs here in loops of its own."""

from ..loops import no_other_loop

__all__ = ["no_other_loop"]
