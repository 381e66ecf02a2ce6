"""What browsers say of themselves."""

from __future__ import annotations

from js import navigator, window


def browser_name() -> str:
    """Return brand, version and system, where the browser tells them apart; else all that it calls
    itself."""
    data = getattr(navigator, "userAgentData", None)
    if data is None:
        return str(navigator.userAgent)
    brands = [f"{brand.brand} {brand.version}" for brand in data.brands if "Not" not in brand.brand]
    size = f"{window.innerWidth} × {window.innerHeight}"  # noqa: RUF001
    return f"{', '.join(brands)} on {data.platform}, window {size} at {window.devicePixelRatio:g}"
