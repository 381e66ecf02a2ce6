"""What people read about cropping. Pure Python."""

from __future__ import annotations

HINT = "Drag over the part to look at. Arrow keys move the frame; with Shift they change its size."
FRAME = "The part to look at: {width} × {height} px"  # noqa: RUF001
WAITING = "Showing that part…"
