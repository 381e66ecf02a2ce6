"""Tracking: the same object keeps its number from frame to frame."""

from obscura.tracking.tracker import Tracker, TrackerOptions

__all__ = ["Tracker", "TrackerOptions"]
