"""``build.py bench``: measure, and compare the figures with the goals."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from browsers.chromium import Chromium, ChromiumError, launched
from browsers.clip import CLIP
from builder.browser import find_chromium
from builder.errors import BuildError
from speed import goals, heads, others, plot, report, visits
from speed.host import Line, hosting
from speed.packages import BY_NAME, parse_weights
from speed.prepare import prepare, read_facts
from speed.stacks import Setting

LINE = "10 Mbit/s, 40 ms to the first byte"
BITS_PER_S, LATENCY_S = 10e6, 0.04


def run(root: Path, args: argparse.Namespace) -> int:
    """Run the command; return its exit code, which does not depend on the goals.

    Raises:
        BuildError: something is missing, or no browser starts.
    """
    if os.name == "nt":
        raise BuildError("bench speaks to the browser by pipes that Windows lacks: use WSL.")
    wanted = frozenset(args.only or goals.ROWS)
    rivals: tuple[str, ...] = ("tfjs", "js") if args.rival == "all" else (args.rival,)
    if wanted == {"heads"}:
        rivals = ()  # none has them
    if "others" in wanted and args.rival == "all":
        rivals += tuple(BY_NAME)
    weights = parse_weights(args.weights)
    if args.prepare:
        print(f"made {prepare(root, args.prepare, rivals, weights)}", flush=True)
        return 0
    if args.read:
        measured = json.loads(args.read.read_text(encoding="utf-8"))
    else:
        folder = args.prepared or prepare(root, root / "build" / "bench", rivals, weights)
        measured = measure(folder, args, wanted, rivals)
        if "heads" in wanted:
            add_heads(measured, folder, args)
        if "others" in wanted:
            add_others(measured, folder, args)
    if args.json:
        args.json.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    print(report.markdown(measured, wanted), flush=True)
    if args.plot:
        plot.draw(measured, args.plot, root / "bench" / "rivals")
    return 0


def tell(words: str) -> None:
    """Say what is being measured."""
    print(f"bench: {words} ...", file=sys.stderr, flush=True)


def add_heads(measured: dict[str, Any], folder: Path, args: argparse.Namespace) -> None:
    """Add what heads cost to what was measured, or why that is not known."""
    try:
        with hosting(folder, isolated=args.isolation) as host:
            figures = heads.measure(folder, host, args.backend, args.rounds, args.flag, tell)
            measured["heads"] = figures
    except ChromiumError as error:
        measured["failures"]["heads"] = str(error)


def add_others(measured: dict[str, Any], folder: Path, args: argparse.Namespace) -> None:
    """Add what other packages take to what was measured, or why that is not known."""
    told = measured["machine"]
    backend = "wasm" if no_gpu(args.backend, told) else "webgpu"
    stacks = ["obscura", *(n for n in measured["rivals"] if n == "tfjs" or n in BY_NAME)]
    amount = visits.Amount(args.warm_up, args.frames, args.rounds)
    flags = [others.BLOCKED, *args.flag]
    browser_path = find_chromium(Path(sys.executable))
    try:
        with (
            hosting(folder, isolated=args.isolation) as host,
            launched(browser_path, folder / CLIP, flags) as browser,
        ):
            measured["others"] = others.measure(browser, host, stacks, backend, amount, tell)
    except ChromiumError as error:
        measured["failures"]["others"] = str(error)


def measure(
    folder: Path, args: argparse.Namespace, wanted: frozenset[str], rivals: tuple[str, ...]
) -> dict[str, Any]:
    """Return everything measured, as plain values; ``failures`` says why a part is missing."""
    facts = read_facts(folder)
    rivals = tuple(name for name in rivals if name in facts["rivals"])
    failures: dict[str, str] = {}

    def attempt(part: str, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except ChromiumError as error:
            failures[part] = str(error)
            tell(f"{part} could not be measured: {error}")
            return None

    try:
        with (
            hosting(folder, isolated=True) as isolated,
            hosting(folder, isolated=False) as plain,
            launched(find_chromium(Path(sys.executable)), folder / CLIP, args.flag) as browser,
        ):
            device = visits.look_around(browser, isolated)
            settings = choose(args, device, wanted, failures)
            frames: dict[str, Any] = {}
            for setting in settings if wanted & FRAMES else ():
                part = f"frames {setting.name}"
                work = partial(
                    visits.compare_frames, browser, isolated if setting.isolated else plain,
                    setting, rivals, visits.Amount(args.warm_up, args.frames, args.rounds), tell,
                )  # fmt: skip
                stacks = attempt(part, work) or {"failures": {}}
                failures |= {f"{part}, {key}": why for key, why in stacks.pop("failures").items()}
                frames[setting.name] = stacks
            starters = [name for name in visits.FIRST if name == "obscura" or name in rivals]
            starts = {}
            if "warm" in wanted:
                warm = partial(
                    visits.warm_starts, browser, isolated, starters, args.backend, args.rounds, tell
                )
                starts["warm"] = attempt("warm", warm)
            if wanted & {"cold", "bytes"}:
                line = partial(Line, BITS_PER_S, LATENCY_S)
                few = min(args.rounds, 3)
                cold = partial(
                    visits.cold_starts, browser, isolated, line, starters, args.backend, few, tell
                )
                starts["cold"] = attempt("cold", cold)
                isolated.line = Line()
            memory: dict[str, Any] = {}
            for setting in settings if "memory" in wanted else ():
                hold = partial(
                    visits.memory, browser, isolated if setting.isolated else plain, setting,
                    min(100, args.memory_frames // 2), args.memory_frames, tell,
                )  # fmt: skip
                seen = attempt("memory", hold)
                memory |= {setting.name: seen} if seen else {}
            growth = None
            if "growth" in wanted:
                look = partial(visits.growth, browser, isolated, 3 * args.frames, tell)
                growth = attempt("growth", look)
            return {
                "date": date.today().isoformat(),
                "machine": machine(browser) | device,
                **facts,
                "line": LINE,
                "rounds": args.rounds,
                "round_frames": args.frames,
                "warm_up": args.warm_up,
                "settings": {setting.name: setting._asdict() for setting in settings},
                "frames": frames,
                **starts,
                "memory": memory,
                "growth": growth,
                "failures": failures,
            }
    except ChromiumError as error:
        raise BuildError(f"the browser failed ({error}): see to that, or set CHROMIUM.") from None


FRAMES = {"threads", "one", "gpu", "python", "blocked"}


def choose(
    args: argparse.Namespace,
    device: dict[str, Any],
    wanted: frozenset[str],
    failures: dict[str, str],
) -> list[Setting]:
    """Return the settings to compare; `failures` gets the reason for each that is left out."""
    cores = int(device["cores"])
    threads = args.threads or 0
    told = f"{threads} threads" if threads else f"all cores ({cores})"
    engine = "litert" if args.backend == "litert" else "wasm"
    one = goals.TITLES["one"].replace("wasm", engine)
    every = [
        Setting("threads", f"{engine}, isolated, {told}", engine, threads, True, ("wasm",)),
        Setting("one", one, engine, 1, False, ("wasm",)),
        Setting("gpu", goals.TITLES["gpu"], "webgpu", 1, args.isolation, ("webgl", "webgpu")),
    ]
    reasons = {
        "threads": "--no-isolation" if not args.isolation else None,
        "one": f"--threads {threads}" if threads > 1 else None,
        "gpu": no_gpu(args.backend, device),
    }
    if args.backend == "webgpu":
        reasons |= {"threads": "--backend webgpu", "one": "--backend webgpu"}
    named = wanted & set(goals.FRAME_GOALS)
    if not wanted & {"python", "blocked", "memory"}:
        reasons |= {name: "--only" for name in goals.FRAME_GOALS if name not in named}
    failures |= {f"frames {name}": why for name, why in reasons.items() if why and name in named}
    return [setting for setting in every if reasons[setting.name] is None]


def no_gpu(backend: str, device: dict[str, Any]) -> str | None:
    """Return why a GPU cannot be measured; None if it can."""
    if backend in ("wasm", "litert"):
        return f"--backend {backend}"
    if device["webgpu"] is None:
        return "this browser gives no WebGPU adapter here"
    if device["software"] and backend != "webgpu":
        return f"the only WebGPU adapter here computes in software ({device['webgpu']})"
    return None


def machine(browser: Chromium) -> dict[str, Any]:
    """Return a description of this machine, as it reports itself."""
    return {
        "cpu": processor(),
        "memory": memory_size(),
        "system": f"{platform.system()} {platform.machine()}",
        "browser": browser.version,
    }


def processor() -> str:
    """Return the processor's name."""
    told = Path("/proc/cpuinfo")
    if told.is_file():
        for line in told.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_size() -> str:
    """Return the size of its memory."""
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{size / 2**30:.0f} GiB"
