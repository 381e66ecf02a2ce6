"""Embedding pages: what happens is sent to those that listen to `globalThis.obscura.events`."""

from __future__ import annotations

import json
from typing import Any

from js import JSON, CustomEvent, obscura

from obscura.page.browser.dom import js_object


def send(kind: str, record: dict[str, Any]) -> None:
    """Send a `CustomEvent` of this type to the listeners, whose ``detail`` is the record as plain
    JavaScript values. What a listener raises goes to the console."""
    detail = JSON.parse(json.dumps(record))
    obscura.events.dispatchEvent(CustomEvent.new(kind, js_object(detail=detail)))
