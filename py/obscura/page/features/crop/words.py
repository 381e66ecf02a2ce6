"""What people read about cropping. Pure Python."""

from __future__ import annotations

HINT = (
    "Drag over the part to look at, or drag an edge or a corner of the frame. Arrow keys move it; "
    "with Shift they change its size."
)
FRAME = "The part to look at: {width} × {height} px"  # noqa: RUF001
WAITING = "Showing that part…"
