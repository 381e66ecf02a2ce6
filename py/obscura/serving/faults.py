"""Faults: errors that nobody foresaw, logged without a word of what a request held."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

LOG = logging.getLogger("obscura.serving")


def log_fault(error: BaseException) -> None:
    """Log the kind of an error and the line that raised it; its message may quote a request."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    LOG.error("a request failed: %s at %s", type(error).__name__, place)
