"""The benchmark's arithmetic: statistics, goals and verdicts, the table, the plot's data."""

from __future__ import annotations

import copy
import statistics
from typing import Any

import pytest

from speed import arguments as command_line
from speed import goals, plot, report
from speed.figures import medians, p95, summary
from speed.goals import MET, MISSED, OPEN, Row
from speed.stacks import ours_told

EVERY = frozenset(goals.ROWS)


def frame(median: float, tail: float | None, **more: Any) -> dict[str, Any]:
    """What a stack tells of its frames."""
    told = {
        "count": 60,
        "median": median,
        "p95": tail,
        "stages": {"capture": 1.0, "inference": median - 2.0},
        "boxes": 1,
        "task_ms_per_frame": 3.0,
        "script_ms_per_frame": 2.0,
        "fps": 20.0,
    }
    return told | more


@pytest.fixture
def run() -> dict[str, Any]:
    """A run in which every goal is just met."""

    def ours() -> dict[str, Any]:
        return frame(36.0, 40.0, blocked=2.0, blocked_p95=6.0)

    return {
        "date": "2026-01-01",
        "machine": {
            "cpu": "A CPU", "cores": 2, "memory": "8 GiB", "system": "Linux", "browser": "Chrome/1",
            "webgpu": "a GPU", "software": False, "webgl": None,
        },
        "versions": {"@tensorflow/tfjs": "4.22.0"},
        "quality": 9,
        "line": "a slow line",
        "rounds": 3,
        "round_frames": 20,
        "warm_up": 20,
        "settings": {name: {"title": goals.TITLES[name]} for name in goals.FRAME_GOALS},
        "frames": {
            "threads": {"obscura": ours(), "tfjs-wasm": frame(53.0, 70.0, threads=2),
                        "js": frame(35.0, 38.0)},
            "one": {"obscura": ours(), "tfjs-wasm": frame(41.0, 50.0, threads=1),
                    "js": frame(35.0, 38.0)},
            "gpu": {"obscura": ours(), "tfjs-webgl": frame(120.0, 130.0),
                    "tfjs-webgpu": frame(200.0, 210.0), "js": frame(35.0, 38.0)},
        },
        "warm": {"obscura": [900.0, 700.0, 800.0], "tfjs": [600.0, 500.0, 700.0]},
        "cold": {"obscura": [{"ms": 9000.0, "bytes": 9_500_000}],
                 "tfjs": [{"ms": 9000.0, "bytes": 17_200_000}]},
        "memory": {"threads": [
            {"frames": 100, "JS heap, page": 100e6, "wasm heap, page": 50e6, "proxies": 40},
            {"frames": 10000, "JS heap, page": 101e6, "wasm heap, page": 50e6, "proxies": 40},
        ]},
        "growth": {
            "models": [{"title": "A model", "input": "300 × 300", "inference": 30.0,  # noqa: RUF001
                        "decode": 0.5, "backend": "WebAssembly, 2 threads"}],
            "boxes": [{"count": 300, "decode": 3.0, "draw": 4.0}],
            "classes": [{"count": 1000, "decode": 1.0, "draw": 2.0}],
        },
        "failures": {},
    }  # fmt: skip


def row(run: dict[str, Any], name: str) -> Row:
    """The only row of a kind."""
    (only,) = goals.rows(run, frozenset({name}))
    return only


# ---- statistics ----------------------------------------------------------------------------------


def test_stages_are_summed_up_each_by_its_median() -> None:
    stages = [{"capture": 1.0, "draw": 5.0}, {"capture": 3.0, "draw": 1.0}]
    assert medians(stages) == {"capture": 2.0, "draw": 3.0}
    told = summary([10.0, 30.0], stages)
    assert (told["count"], told["median"], told["stages"]) == (2, 20.0, medians(stages))
    assert told["p95"] == p95([10.0, 30.0]) == 29.0
    assert told["ms"] == [10.0, 30.0]
    assert told["median"] == statistics.median(told["ms"])


def test_the_pages_own_account_of_whole_frames_comes_first() -> None:
    now = {"timings": {"capture": 1.0, "inference": 30.0}, "frames": 70, "detections": []}
    account = {"median": 33.0, "p95": 40.0, "blocked_p95": 4.0, "count": 60}
    assert ours_told(now | {"frame": account}).items() >= account.items()
    sums = ours_told(now)
    assert (sums["median"], sums["p95"], sums["blocked_p95"]) == (31.0, None, None)


# ---- goals ---------------------------------------------------------------------------------------


def test_every_goal_of_a_run_that_meets_them_is_met(run: dict[str, Any]) -> None:
    made = goals.rows(run, EVERY)
    assert len(made) == 3 + 3 + 3 + 3 + 1
    assert {each.verdict for each in made} == {MET}
    assert all(each.measured and each.goal and each.what for each in made)


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("threads", ("frames", "threads", "obscura", "median"), 36.1),
        ("one", ("frames", "one", "obscura", "median"), 36.1),
        ("gpu", ("frames", "gpu", "obscura", "median"), 36.1),
        ("gpu", ("frames", "gpu", "tfjs-webgpu", "median"), 119.0),  # the best of the rivals counts
        ("warm", ("warm", "tfjs"), [500.0]),  # 800 ms are 1.6 of it
        ("warm", ("warm", "obscura"), [1001.0]),
        ("cold", ("cold", "obscura"), [{"ms": 9001.0, "bytes": 1}]),
        ("bytes", ("cold", "obscura"), [{"ms": 1.0, "bytes": 9_500_001}]),
        ("memory", ("memory", "threads", 1, "JS heap, page"), 101.1e6),
        ("memory", ("memory", "threads", 1, "proxies"), 41),
        ("memory", ("memory", "threads", 1, "GPU buffers, worker"), 1),  # where there were none
    ],
)
def test_a_goal_missed_by_a_little_is_missed(
    run: dict[str, Any], name: str, place: tuple[Any, ...], value: Any
) -> None:
    target: Any = run
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    assert row(run, name).verdict == MISSED


@pytest.mark.parametrize(
    ("ours", "plain", "met"),
    [
        (36.0, 35.0, True),
        (39.0, 35.0, False),  # 1.11 of it
        (102.6, 100.0, False),  # 2.6 ms more
        (3.3, 3.0, True),
        (3.4, 3.0, False),
    ],
)
def test_pythons_share_is_held_to_a_ratio_and_to_milliseconds(
    run: dict[str, Any], ours: float, plain: float, met: bool
) -> None:
    run["frames"]["one"]["obscura"] = frame(ours, None, blocked_p95=1.0)
    run["frames"]["one"]["js"] = frame(plain, None)
    by_setting = dict(zip(goals.FRAME_GOALS, goals.rows(run, frozenset({"python"})), strict=True))
    assert by_setting["one"].verdict == (MET if met else MISSED)


def test_litert_is_held_to_goals_of_its_own(run: dict[str, Any]) -> None:
    run["settings"]["one"]["title"] = "litert, one thread, no isolation"
    run["frames"]["one"]["tfjs-wasm"] = frame(60.0, 70.0, threads=1)
    run["frames"]["one"]["obscura"]["median"] = 39.0
    assert (row(run, "one").goal, row(run, "one").verdict) == ("≤ 0.65 of it", MET)
    run["frames"]["one"]["obscura"]["median"] = 39.1
    assert row(run, "one").verdict == MISSED


def test_the_main_thread_is_judged_by_the_pages_account_alone(run: dict[str, Any]) -> None:
    run["frames"]["one"]["obscura"]["blocked_p95"] = 6.1
    run["frames"]["gpu"]["obscura"]["blocked_p95"] = None
    verdicts = [each.verdict for each in goals.rows(run, frozenset({"blocked"}))]
    assert verdicts[:2] == [MET, MISSED]
    assert verdicts[2].startswith(OPEN)


@pytest.mark.parametrize("name", ["threads", "one", "gpu", "warm", "cold", "bytes", "memory"])
def test_a_row_without_figures_says_why(run: dict[str, Any], name: str) -> None:
    part = f"frames {name}" if name in goals.FRAME_GOALS else "cold" if name == "bytes" else name
    bare = copy.deepcopy(run) | {"frames": {}, "warm": None, "cold": None, "memory": {}}
    bare["failures"] = {part: "the cat sat on it"}
    assert row(bare, name).verdict == f"{OPEN}: the cat sat on it"
    assert row(bare | {"failures": {}}, name).verdict.startswith(f"{OPEN}: ")


def test_the_command_line_knows_every_row() -> None:
    assert command_line.ROWS == goals.ROWS


# ---- table and plot ------------------------------------------------------------------------------


def test_the_report_names_the_machine_and_holds_every_row(run: dict[str, Any]) -> None:
    text = report.markdown(run, EVERY)
    for words in ("A CPU, 2 cores", "a GPU", "@tensorflow/tfjs 4.22.0", "2026-01-01"):
        assert words in text
    for made in goals.rows(run, EVERY):
        assert " | ".join(made) in text
    for title in ("As the input grows", "As the boxes grow", "As the classes grow"):
        assert title in text


def test_a_table_has_as_many_cells_in_each_line() -> None:
    lines = report.table(("a", "b"), [("1", "2"), ("3", "4")]).splitlines()
    assert lines == ["| a | b |", "| --- | --- |", "| 1 | 2 |", "| 3 | 4 |"]


def test_a_bar_is_as_long_as_its_frame(run: dict[str, Any]) -> None:
    rows = plot.bars(run)
    for name, stacks in run["frames"].items():
        for key, told in stacks.items():
            where = (run["settings"][name]["title"], report.STACKS[key])
            mine = [each["ms"] for each in rows if (each["setting"], each["stack"]) == where]
            assert sum(mine) == pytest.approx(told["median"])


def test_the_plot_has_a_colour_for_every_stage(run: dict[str, Any]) -> None:
    run["frames"]["one"]["js"]["stages"]["unheard of"] = 1.0
    colour = plot.spec(run)["spec"]["encoding"]["color"]["scale"]
    assert set(colour["domain"]) == {each["stage"] for each in plot.bars(run)}
    assert len(colour["range"]) == len(colour["domain"])
