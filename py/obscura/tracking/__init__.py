"""Tracking: the same object keeps its number from frame to frame."""

from obscura.tracking.options import TrackerOptions
from obscura.tracking.tracker import Tracker

__all__ = ["Tracker", "TrackerOptions"]
