"""Benchmark page (bench.html, py/bench.py): measures how fast this device is."""

from __future__ import annotations

from obscura.page.state.feature import Feature

FEATURE = Feature("bench")
