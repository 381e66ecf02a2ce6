"""Redaction: which parts of a picture to cover, so that what is to be hidden is hidden in every
frame. Pure Python and numpy.
"""

from __future__ import annotations

from obscura.redaction.cover import Cover, Covered, CoverOptions

__all__ = ["Cover", "CoverOptions", "Covered"]
