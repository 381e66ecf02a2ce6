"""What the browser says of itself, its device and the address."""

from __future__ import annotations

from typing import Any

from js import URLSearchParams, location, navigator, window


def browser_name() -> str:
    """Return brand, version and system, where the browser tells them apart; else all that it calls
    itself."""
    data = getattr(navigator, "userAgentData", None)
    if data is None:
        return str(navigator.userAgent)
    brands = [f"{brand.brand} {brand.version}" for brand in data.brands if "Not" not in brand.brand]
    size = f"{window.innerWidth} × {window.innerHeight}"  # noqa: RUF001
    return f"{', '.join(brands)} on {data.platform}, window {size} at {window.devicePixelRatio:g}"


def parameters() -> dict[str, str]:
    """Return the address's parameters."""
    # By entries: Pyodide takes the object itself for a mapping, whose iteration gives the keys.
    pairs = URLSearchParams.new(location.search).entries()
    return {str(pair[0]): str(pair[1]) for pair in pairs}


def device_mark(facts: Any, gpu_name: str) -> str:
    """Return a text that changes with the browser and the device, for `Winners`."""
    return f"{navigator.userAgent} {gpu_name} {facts}"
