"""Description of the device that the benchmark runs on. Pure Python."""

from __future__ import annotations

from dataclasses import dataclass

from obscura.engine.plans import Facts


@dataclass(frozen=True)
class Device:
    """A browser and its device."""

    facts: Facts
    gpu_name: str
    """As WebGPU names it; "" for none."""
    browser: str
    """Brand, version and system."""

    def described(self) -> dict[str, str]:
        """Return names and values for people."""
        facts = self.facts
        gpu = f"{self.gpu_name}{' (in software)' if facts.fallback_gpu else ''}"
        rows = {
            "Browser": self.browser,
            "Processor": f"{facts.cores} cores",
            "GPU": gpu if facts.gpu else "WebGPU is not available",
            "Threads": "yes" if facts.isolated else "no: the host does not isolate the page",
        }
        if facts.memory_gb:
            rows["Memory"] = f"{facts.memory_gb:g} GB or more"
        return rows
