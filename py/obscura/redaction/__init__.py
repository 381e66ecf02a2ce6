"""Redaction: which parts of a picture to cover, so that what is to be hidden is hidden in every
frame; and covering them. `Cover`, `CoverAhead`, `Spans` and `paint` are pure Python and numpy.
"""

from __future__ import annotations

from obscura.redaction.cover import Cover
from obscura.redaction.geometry import Covered, CoverOptions

__all__ = ["Cover", "CoverOptions", "Covered"]
