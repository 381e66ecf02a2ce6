"""Description of the device that the benchmark runs on. Pure Python."""

from __future__ import annotations

import re
from dataclasses import dataclass

from obscura.engine.plans import Facts


@dataclass(frozen=True)
class Device:
    """A browser and its device."""

    facts: Facts
    gpu_name: str
    """As WebGL or WebGPU names it; "" for none."""
    browser: str
    """Brand and version."""
    system: str
    window: str
    """Size and density of the page's window."""

    def described(self) -> dict[str, str]:
        """Return names and values for people."""
        facts = self.facts
        software = " (WebGPU in software)" if facts.fallback_gpu else ""
        rows = {
            "Browser": f"{self.browser} on {self.system}, window {self.window}",
            "Processor": f"{facts.cores} cores",
            "GPU": f"{self.gpu_name or 'not named'}{software}"
            + ("" if facts.gpu else "; WebGPU is not available"),
            "Threads": "yes" if facts.isolated else "no: the host does not isolate the page",
        }
        if facts.memory_gb:
            rows["Memory"] = f"{facts.memory_gb:g} GB or more"
        return rows


def brand(user_agent: str) -> str:
    """Return the browser's name and version out of its user agent string, for browsers that do not
    tell their brand; all of it if it has another form.

    >>> brand("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0")
    'Firefox 153.0'
    """
    for name, form in (("Firefox", r"Firefox/([\d.]+)"), ("Safari", r"Version/([\d.]+).* Safari")):
        match = re.search(form, user_agent)
        if match:
            return f"{name} {match[1]}"
    return user_agent
