"""What the browser says of itself, its device and the address."""

from __future__ import annotations

from typing import Any

from js import Date, URLSearchParams, document, location, navigator, window

from obscura.page.state.build import Build


def browser_and_system() -> tuple[str, str]:
    """Return brand and version, and the system, where the browser tells them apart; else all that
    it calls itself, and the platform."""
    data = getattr(navigator, "userAgentData", None)
    if data is None:
        return str(navigator.userAgent), str(navigator.platform)
    brands = [f"{brand.brand} {brand.version}" for brand in data.brands if "Not" not in brand.brand]
    return ", ".join(brands), str(data.platform)


def window_size() -> str:
    """Return the size of the page's window and its density."""
    return f"{window.innerWidth} × {window.innerHeight} at {window.devicePixelRatio:g}"  # noqa: RUF001


def renderer_name() -> str:
    """Return the graphics adapter's name as WebGL gives it; "" if it gives none."""
    canvas = document.createElement("canvas")
    context = canvas.getContext("webgl2")
    extension = context and context.getExtension("WEBGL_debug_renderer_info")
    if not extension:
        return ""
    name = str(context.getParameter(extension.UNMASKED_RENDERER_WEBGL))
    context.getExtension("WEBGL_lose_context").loseContext()
    return name


def today() -> str:
    """Return the date here as YYYY-MM-DD."""
    now = Date.new()
    return f"{now.getFullYear():04d}-{now.getMonth() + 1:02d}-{now.getDate():02d}"


def parameters() -> dict[str, str]:
    """Return the address's parameters."""
    # By entries: Pyodide takes the object itself for a mapping, whose iteration gives the keys.
    pairs = URLSearchParams.new(location.search).entries()
    return {str(pair[0]): str(pair[1]) for pair in pairs}


def device_mark(facts: Any, gpu_name: str, build: Build) -> str:
    """Return a text that changes with the browser, the device and the engines of this site, whose
    addresses change with their bytes; for `Winners`."""
    return f"{navigator.userAgent} {gpu_name} {facts} {build.runtimes} {build.litert}"
