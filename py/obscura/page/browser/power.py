"""What the browser tells of power: mains or battery, its charge, and whether to save data.

Not every browser tells any of it; what is not told holds nothing down.
"""

from __future__ import annotations

from typing import Any

from js import navigator
from pyodide.ffi import JsException

from obscura.live.pace import Pace
from obscura.page.browser.dom import listen


async def watch(pace: Pace) -> None:
    """Tell the pace how things are, now and whenever they change."""
    battery = await _battery()
    connection = getattr(navigator, "connection", None)

    def tell(_event: Any = None) -> None:
        pace.power(
            charging=None if battery is None else bool(battery.charging),
            level=None if battery is None else float(battery.level),
            save_data=bool(getattr(connection, "saveData", False)),
        )

    for target, event in (
        (battery, "chargingchange"),
        (battery, "levelchange"),
        (connection, "change"),
    ):
        if target is not None:
            listen(target, event, tell)
    tell()


async def _battery() -> Any:
    """The browser's battery; None where it has no word for it, or keeps it to itself."""
    if not hasattr(navigator, "getBattery"):
        return None
    try:
        return await navigator.getBattery()
    except JsException:
        return None
