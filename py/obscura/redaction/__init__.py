"""Redaction: which parts of a picture to cover, so that what is to be hidden is hidden in every
frame; and covering them.

- `Cover`: live, for frames that are shown at once.
- `CoverAhead`: live, for frames that are shown a moment later, so that who comes in is covered.
- `clip.CoverClip`: for files, once all frames were analysed.
- `paint.paint`: covers pixels.

All of these are pure Python and numpy.
"""

from __future__ import annotations

from obscura.redaction.ahead import CoverAhead
from obscura.redaction.cover import Cover
from obscura.redaction.geometry import Covered, CoverOptions

__all__ = ["Cover", "CoverAhead", "CoverOptions", "Covered"]
