"""Plot of the time per frame: stacked bars of stages, by stack and setting."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from builder import npm
from builder.errors import BuildError
from speed.goals import Measured
from speed.report import STACKS

# Different in lightness too, and readable on white and on black.
COLOURS = {
    "capture": "#4c78d8",
    "inference": "#e0a221",
    "detect": "#9a6a3a",
    "decode": "#3c9d6b",
    "draw": "#d0568c",
    "other": "#8a8f98",
}

# Vega writes colours as attributes, which a style sheet in the picture overrides.
DARK = """<style>
svg { background: #ffffff; }
text { fill: #1b1d21; }
@media (prefers-color-scheme: dark) {
  svg { background: #16181d; }
  text { fill: #eceae5; }
  .mark-rule line { stroke: #3a3f49; }
}
</style>"""

DRAW = """
const { readFileSync } = require("node:fs");
const [home] = process.argv.slice(1);
const vega = require(`${home}/vega`);
const lite = require(`${home}/vega-lite`);
const { spec } = lite.compile(JSON.parse(readFileSync(0, "utf8")));
const view = new vega.View(vega.parse(spec), { renderer: "none" });
view.toSVG().then((svg) => process.stdout.write(svg));
"""


def bars(run: Measured) -> list[dict[str, Any]]:
    """Return a row per setting, stack and stage; time outside all stages is "other"."""
    made = []
    for name, stacks in run["frames"].items():
        for key, told in stacks.items():
            stages = dict(told["stages"])
            rest = told["median"] - sum(stages.values())
            if rest > 0.05:
                stages["other"] = rest
            made += [
                {
                    "setting": run["settings"][name]["title"],
                    "stack": STACKS[key],
                    "stage": stage,
                    "order": list(COLOURS).index(stage) if stage in COLOURS else len(COLOURS),
                    "ms": round(ms, 3),
                }
                for stage, ms in stages.items()
            ]
    return made


def spec(run: Measured) -> dict[str, Any]:
    """Return the plot in Vega-Lite's grammar."""
    rows = bars(run)
    known = [stage for stage in COLOURS if any(row["stage"] == stage for row in rows)]
    others = sorted({row["stage"] for row in rows} - set(COLOURS))
    colours = [COLOURS[stage] for stage in known] + [COLOURS["other"]] * len(others)
    quiet = {"title": None, "labelFontSize": 13}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": "Milliseconds of a frame by stage, for each stack and setting.",
        "data": {"values": rows},
        "facet": {
            "row": {"field": "setting", "sort": None, "header": {
                "title": None, "labelAngle": 0, "labelAlign": "left", "labelAnchor": "start",
                "labelOrient": "top", "labelFontSize": 14, "labelFontWeight": "bold",
            }},
        },
        "spec": {
            "width": 560,
            "height": {"step": 26},
            "mark": {"type": "bar", "tooltip": None},
            "encoding": {
                "y": {"field": "stack", "type": "nominal", "sort": None, "axis": quiet},
                "x": {
                    "field": "ms", "type": "quantitative", "stack": "zero",
                    "axis": {"title": "milliseconds, capture to drawn boxes", "grid": False},
                },
                "order": {"field": "order", "type": "quantitative"},
                "color": {
                    "field": "stage", "type": "nominal",
                    "legend": {"title": None, "orient": "bottom", "labelFontSize": 12},
                    "scale": {"domain": known + others, "range": colours},
                },
            },
        },
        "resolve": {"scale": {"y": "independent"}},
        "background": None,
        "config": {"view": {"stroke": None}, "axis": {"labelFontSize": 12, "titleFontSize": 12}},
    }  # fmt: skip


def draw(run: Measured, path: Path, home: Path) -> None:
    """Write the plot as SVG.

    Args:
        home: bench/rivals, whose packages draw it.

    Raises:
        BuildError: there is nothing to draw, or it cannot be drawn or written.
    """
    if not bars(run):
        raise BuildError("no frames were measured, so there is nothing to plot: leave out --plot.")
    draw_spec(spec(run), path, home)


def draw_spec(drawing: dict[str, Any], path: Path, home: Path) -> None:
    """Write a plot in Vega-Lite's grammar as SVG; `home` as for `draw`.

    Raises:
        BuildError: it cannot be drawn.
    """
    modules = npm.install(home)
    done = subprocess.run(
        [npm.find_tool("node"), "-e", DRAW, str(modules)],
        input=json.dumps(drawing),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise BuildError(f"the plot could not be drawn ({done.stderr.strip()[-200:]}).")
    start = done.stdout.index(">") + 1
    path.write_text(done.stdout[:start] + DARK + done.stdout[start:] + "\n", encoding="utf-8")
