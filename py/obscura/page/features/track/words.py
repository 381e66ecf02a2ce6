"""What people read about tracking. Pure Python."""

from __future__ import annotations

KEY = ("T", "track objects: a number for each")
