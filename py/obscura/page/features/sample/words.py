"""What people read about the sample clip. Pure Python."""

from __future__ import annotations

LINE = "Door"
ZONE = "Yellow field"
