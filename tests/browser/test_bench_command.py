"""`build.py bench` from end to end, shortly: a real browser, driven without Playwright."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from browsers.chromium import Tab, launched
from browsers.clip import CLIP
from builder import commands
from builder.browser import find_chromium
from speed import command, others, prepare, visits
from speed.arguments import add_commands
from speed.host import hosting

from .conftest import SHORT_VISIT
from .pictures import ROOT

ONLY = ("threads", "python", "blocked", "bytes", "memory", "growth")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is served, with the rival that needs nothing from npm; compressed little, in no time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "BEST", 1)
        return prepare.prepare(ROOT, tmp_path_factory.mktemp("bench") / "served", ("js",))


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The raw figures of a short run."""
    out = tmp_path_factory.mktemp("bench") / "run.json"
    short = ["--frames", "3", "--rounds", "2", "--memory-frames", "20"]
    short += ["--warm-up", "2", "--backend", "wasm", "--threads", "2"]
    short += [f"--flag={SHORT_VISIT}"]
    arguments = ["bench", "--prepared", str(folder), *short, "--only", *ONLY, "--json", str(out)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "BITS_PER_S", 1e9)
        assert commands.main(arguments, add_commands) == 0
    told: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return told


def test_the_stacks_took_turns_and_found_the_person(run: dict[str, Any]) -> None:
    stacks = run["frames"]["threads"]
    assert set(stacks) == {"obscura", "js"}
    for told in stacks.values():
        assert told["count"] >= 6
        assert told["median"] > 0
        assert told["boxes"] == 1, "the same boxes, or the work was not the same"
        assert told["task_ms_per_frame"] > 0
    assert len(stacks["js"]["ms"]) == 6
    assert stacks["js"]["stages"].keys() == {"capture", "inference", "decode", "draw"}


def test_a_first_visit_is_counted_to_the_byte(run: dict[str, Any], folder: Path) -> None:
    (visit, again) = run["cold"]["obscura"]
    assert visit["ms"] > 0
    model = next((folder / "site" / "models" / "cocossd").iterdir()).stat().st_size
    assert visit["bytes"] > model
    whole = sum(path.stat().st_size for path in (folder / "site").rglob("*.br"))
    assert max(visit["bytes"], again["bytes"]) < whole / 2, "no visit takes every runtime and model"


def test_memory_is_seen_where_it_is(run: dict[str, Any]) -> None:
    first, last = run["memory"]["threads"]
    assert (first["frames"] >= 10, last["frames"] >= 20) == (True, True)
    for seen in (first, last):
        assert seen["wasm heap, page"] > 10e6, "Python's"
        assert seen["wasm heap, worker"] > 10e6, "the engine's"
        assert seen["JS heap, page"] > 1e6
        assert seen["proxies"] > 10


def test_more_work_is_measured(run: dict[str, Any]) -> None:
    models = [row["name"] for row in run["growth"]["models"]]
    assert models[0] == "cocossd"
    assert [row["count"] for row in run["growth"]["boxes"]][-1] == 300
    assert [row["count"] for row in run["growth"]["classes"]][-1] == 1000


def test_requests_to_other_hosts_are_seen_and_go_nowhere(folder: Path) -> None:
    """Of the page, and of its workers."""
    script = """(async () => {
      const worker = URL.createObjectURL(
        new Blob(["fetch('https://worker.example/').finally(() => postMessage(0))"]),
      );
      await new Promise((done) => { new Worker(worker).onmessage = done; });
      return fetch("https://page.example/").then(() => "answered", () => "nothing");
    })()"""
    with (
        hosting(folder, isolated=False) as host,
        launched(find_chromium(Path(sys.executable)), None, [others.BLOCKED]) as browser,
    ):
        tab = browser.tab()
        tab.watch_requests()
        tab.open(f"{host.url}bench.json")
        assert tab.evaluate(script) == "nothing"
        assert others.other_hosts(tab) == {"page.example", "worker.example"}


def test_a_worker_that_ends_while_memory_is_taken_is_left_out(folder: Path) -> None:
    class Ending(Tab):
        """A tab whose workers end once they are known: one before it is asked, one while it is."""

        def realms(self) -> list[str]:
            sessions = super().realms()
            self.evaluate("new Promise((done) => { first.terminate(); setTimeout(done, 300); })")
            self.evaluate("setTimeout(() => busy.terminate(), 1000)")
            return sessions

    start = """const code = "postMessage(1); onmessage = () => { for (;;); };";
    const url = URL.createObjectURL(new Blob([code]));
    const begun = () => new Promise((done) => {
      const worker = new Worker(url);
      worker.onmessage = () => done(worker);
    });
    (async () => {
      for (const name of ["first", "busy", "idle"]) globalThis[name] = await begun();
      busy.postMessage(1); // it answers nobody any more
    })()"""
    with (
        hosting(folder, isolated=False) as host,
        launched(find_chromium(Path(sys.executable)), None) as browser,
    ):
        made = browser.tab()
        tab = Ending(browser, made.target, made.session)
        tab.begin_with(visits.TRACK, workers=True)
        tab.open(f"{host.url}bench.json")
        tab.evaluate(start)

        sizes = visits.held(tab)

    assert [name for name in sizes if "JS heap" in name] == ["JS heap, page", "JS heap, worker"]
    assert min(sizes["JS heap, page"], sizes["JS heap, worker"]) > 0


def test_our_page_takes_its_turn_among_other_packages(folder: Path) -> None:
    said: list[str] = []
    with (
        hosting(folder, isolated=True) as host,
        launched(
            find_chromium(Path(sys.executable)), folder / CLIP, [others.BLOCKED, SHORT_VISIT]
        ) as browser,
    ):
        amount = visits.Amount(warm_up=2, frames=3, rounds=2)
        told = others.measure(browser, host, ["obscura"], "wasm", amount, said.append)["obscura"]

    assert len(told["cold"]) == len(told["warm"]) == 2
    assert told["hosts"] == []
    assert told["frame"]["boxes"] == 1
    assert others.total(told["memory"]) > 50e6
    # The page takes what is fastest on this machine, which is no GPU.
    assert others.row("obscura", told)[3] in ("wasm", "litert")
    assert said


def test_the_figures_make_a_table_again(
    run: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "run.json"
    kept.write_text(json.dumps(run), encoding="utf-8")

    assert commands.main(["bench", "--read", str(kept), "--only", *ONLY], add_commands) == 0

    said = capsys.readouterr().out
    assert run["machine"]["browser"] in said
    assert "| frame, capture to drawn boxes, wasm, isolated" in said
    assert "not measured: the rival was not asked for" in said
    assert said.count("**") >= 4
