"""`obscura count` in folders of frames: their order, their rate, and what is followed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from PIL import Image

from obscura.detector import Detector

from .conftest import FRAMES, Count


def test_a_folder_of_frames_is_counted_in_by_the_order_of_their_numbers(
    count: Count, frames: Path, capsys: Any
) -> None:
    assert count(frames, "--fps", "10", "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert document == {
        "source": str(frames),
        "model": "colours",
        "frames": FRAMES,
        "seconds": 2.0,
        "complete": True,
        "lines": [{"name": "door", "in": {"red": 1}, "out": {}}],
        "zones": [
            {
                "name": "right",
                "entries": {"red": 1},
                "exits": {},
                "mean_dwell_s": {},
                "inside": {"red": 1},
            }
        ],
    }


def test_the_rate_of_a_sequence_is_in_its_seqinfo(
    count: Count, frames: Path, table: Path, capsys: Any
) -> None:
    frames.rename(table / "img1")

    assert count(table, "--json") == 0
    assert json.loads(capsys.readouterr().out)["lines"][0]["in"] == {"red": 1}
    assert count(table / "img1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["seconds"] == 2.0


@pytest.mark.parametrize(
    ("birth", "arguments", "counted"),
    [
        (0.7, [], {"red": 1}),
        (0.9, [], {}),
        (0.9, ["--threshold", "0.4"], {"red": 1}),  # the card's threshold is 0.5
        (0.7, ["--threshold", "0.9"], {}),
    ],
)
def test_what_is_followed_is_decided_by_card_and_threshold(
    count: Count,
    frames: Path,
    colour_models: Path,
    card_table: dict[str, Any],
    capsys: Any,
    birth: float,
    arguments: list[str],
    counted: dict[str, int],
) -> None:
    for path in frames.glob("*.png"):  # a red whose score is 0.8
        paler = np.asarray(Image.open(path)) * 0.8
        Image.fromarray(paler.astype(np.uint8)).save(path)
    card_table["tracking"] = {"birth": birth, "live": 0.3}
    card = colour_models / "colours" / "model.toml"
    card.write_text(tomli_w.dumps(card_table), encoding="utf-8")

    assert count(frames, "--fps", "10", "--json", *arguments) == 0

    assert json.loads(capsys.readouterr().out)["lines"][0]["in"] == counted


def test_only_the_classes_asked_for_are_counted(count: Count, frames: Path, capsys: Any) -> None:
    assert count(frames, "--fps", "10", "--classes", "blue,green", "--json") == 0

    assert json.loads(capsys.readouterr().out)["lines"][0]["in"] == {}


def test_a_damaged_frame_is_named_and_left_out(count: Count, frames: Path, capsys: Any) -> None:
    (frames / "frame3.png").write_bytes(b"no picture")

    assert count(frames, "--fps", "10") == 1
    captured = capsys.readouterr()
    assert "frame3.png" in captured.err
    assert "20 frames analysed" in captured.out
    assert "door  red     1    0" in captured.out


def test_ctrl_c_prints_what_was_counted_so_far(
    count: Count, frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    detect, seen = Detector.detect, []

    def interrupted(self: Detector, picture: Any) -> Any:
        seen.append(picture)
        if len(seen) == 18:
            raise KeyboardInterrupt
        return detect(self, picture)

    monkeypatch.setattr(Detector, "detect", interrupted)
    lines = tmp_path / "events.jsonl"

    assert count(frames, "--fps", "10", "--events", lines) == 130
    captured = capsys.readouterr()
    assert "17 frames analysed, 1.6 s, not to its end" in captured.out
    assert "door  red     1    0" in captured.out
    assert captured.err == "obscura: stopped.\n"
    kinds = [json.loads(line)["event"] for line in lines.read_text().splitlines()]
    assert kinds == ["appeared", "zone_entered", "crossing"]
