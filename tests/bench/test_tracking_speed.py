"""The measurement of the tracker's speed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tracking import rate, speed


def test_the_videos_have_as_many_objects_as_they_say(tmp_path: Path) -> None:
    speed.write(tmp_path / "videos.json")

    videos = json.loads((tmp_path / "videos.json").read_text("utf-8"))

    for objects, video in zip(speed.OBJECTS, videos, strict=True):
        detected = sum(len(scores) for *_, scores in video) / len(video)
        assert 0.8 * objects <= detected <= 1.05 * objects


def test_more_objects_take_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "ROUNDS", 1)
    speed.write(tmp_path / "videos.json")

    few, many = rate.rates(tmp_path / "videos.json")

    assert few > many > 0
