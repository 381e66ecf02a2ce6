"""The benchmark, a page of its own (bench.html, py/bench.py): how fast this device is."""

from __future__ import annotations

from obscura.page.state.feature import Feature

FEATURE = Feature("bench")
