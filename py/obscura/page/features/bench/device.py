"""What the benchmark's page runs on: facts for choosing backends, and names for people."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from js import WebAssembly, crossOriginIsolated, navigator, window

from obscura.engine.plans import Facts


@dataclass(frozen=True)
class Device:
    """A browser and its device."""

    facts: Facts
    gpu_name: str
    """As WebGPU tells it; "" for none."""
    told: dict[str, str]
    """Names and values, for people."""


async def look_around() -> Device:
    """What the browser tells of itself and the device. assets/boot.js has the start page's."""
    adapter = await _adapter()
    info = getattr(adapter, "info", None)
    names = [str(getattr(info, name, "") or "") for name in ("vendor", "architecture")]
    gpu_name = " ".join(name for name in names if name)
    fallback = getattr(info, "isFallbackAdapter", None) or getattr(
        adapter, "isFallbackAdapter", False
    )
    agent = str(navigator.userAgent)
    touch_mac = str(navigator.platform) == "MacIntel" and navigator.maxTouchPoints > 1
    facts = Facts(
        gpu=adapter is not None,
        fallback_gpu=bool(fallback),
        half=adapter is not None and bool(adapter.features.has("shader-f16")),
        suspending=hasattr(WebAssembly, "Suspending"),
        isolated=bool(crossOriginIsolated),
        cores=int(getattr(navigator, "hardwareConcurrency", 0) or 1),
        memory_gb=float(getattr(navigator, "deviceMemory", 0) or 0),
        ios=any(name in agent for name in ("iPhone", "iPad", "iPod")) or touch_mac,
    )
    told = {
        "Browser": _browser(agent),
        "Processor": f"{facts.cores} cores",
        "GPU": f"{gpu_name}{' (in software)' if fallback else ''}" if adapter else "no WebGPU here",
        "Threads": "yes" if facts.isolated else "no: the host does not isolate this page",
    }
    memory = getattr(navigator, "deviceMemory", None)
    if memory:
        told["Memory"] = f"{memory} GB or more"
    return Device(facts, gpu_name, told)


async def _adapter() -> Any:
    """The GPU, or None; some drivers never answer."""
    gpu = getattr(navigator, "gpu", None)
    if gpu is None:
        return None
    try:
        async with asyncio.timeout(3):
            adapter = await gpu.requestAdapter()
    except Exception:  # noqa: BLE001  (whatever it is, there is no GPU to be had)
        return None
    return adapter if hasattr(adapter, "features") else None


def _browser(agent: str) -> str:
    """Brand, version and system, where the browser tells them apart; else its whole name."""
    data = getattr(navigator, "userAgentData", None)
    if data is None:
        return agent
    brands = [f"{brand.brand} {brand.version}" for brand in data.brands if "Not" not in brand.brand]
    size = f"{window.innerWidth} × {window.innerHeight}"  # noqa: RUF001
    return f"{', '.join(brands)} on {data.platform}, window {size} at {window.devicePixelRatio:g}"
