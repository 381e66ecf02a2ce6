"""Replays: what was found in a video at another time is shown, and no model runs for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.page.features.count import is_shapes_file
from obscura.page.features.export import FEATURE
from obscura.page.live import kinds
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.update import FrameInfo, Update

from .answers import make_card
from .stand_ins import File
from .test_app import CLIP
from .world import World, visit

ARCHIVE = b"PK\3\4" + b"..." + b"PK\1\2session.json" + b"PK\1\2updates.jsonl" + b"PK\5\6"
SESSION = File("walk.ZIP", "application/zip", 50, ARCHIVE)
OTHER = File("labels.zip", "application/zip", 51, b"PK\3\4PK\1\2labels/a.txt")


class Recording:
    """What was found at another time: a box that moves with time."""

    def __init__(self) -> None:
        self.card: ModelCard = make_card(7)
        self.asked: list[float] = []

    async def at(self, time_s: float, frame: FrameInfo) -> Update:
        self.asked.append(time_s)
        left = 10 + 300 * time_s
        found = Detections([[left, 1, left + 5, 9], [1, 1, 2, 2]], [0.9, 0.2], [0, 1])
        return Update(frame, found)


async def replaying(world: World) -> Recording:
    """Play a video over which a recording is replayed."""
    world.analysis.sinks.remove(world.witness)  # which knows the boxes of models alone
    await world.use(make_card(1))
    await world.arrive(await world.open_video())
    recording = Recording()
    world.app.sources.kept = recording
    await settled(world)
    return recording


async def settled(world: World) -> None:
    for run in [*world.sessions.pending]:
        run.answer()
    world.check = lambda: None  # type: ignore[method-assign]  (it knows the boxes of models alone)
    await world.do()


def left_edges(world: World) -> list[float]:
    edges: list[float] = world.analysis.detections.xyxy[:, 0].round(3).tolist()
    return edges


@visit
async def test_frames_show_what_was_found_in_them_and_no_model_runs(world: World) -> None:
    recording = await replaying(world)
    runs = len(world.sessions.runs)

    await world.play(3)

    assert len(world.sessions.runs) == runs
    assert left_edges(world) == [round(10 + 300 * recording.asked[-1], 3)]
    assert recording.asked[-1] == world.screen.frame / 30
    assert world.analysis.labels == tuple(recording.card.labels)
    assert world.screen.released, "what was captured for its time alone is freed"


@visit
async def test_another_threshold_shows_other_rows_at_once(world: World) -> None:
    recording = await replaying(world)
    await world.play()
    asked = len(recording.asked)

    await world.do(world.app.change(threshold=0.1))

    assert len(world.analysis.detections) == 2
    assert len(recording.asked) == asked
    await world.do(world.app.change(threshold=0.95))
    assert len(world.analysis.detections) == 0


@visit
async def test_the_model_runs_again_once_the_replay_has_ended(world: World) -> None:
    recording = await replaying(world)
    await world.play()
    world.app.sources.kept = None
    await world.play()

    assert world.sessions.pending
    asked = len(recording.asked)
    await settled(world)
    await world.play()
    assert len(recording.asked) == asked


@visit
async def test_a_replay_ends_with_its_video(world: World) -> None:
    await replaying(world)

    world.app.sources.close()

    assert world.app.sources.kept is None


@visit
async def test_while_parts_are_to_be_hidden_the_model_runs(world: World) -> None:
    """Second networks find what is to be hidden, and look at what the model ran on."""
    recording = await replaying(world)
    asked = len(recording.asked)
    world.app.sources.redactor = SimpleNamespace(keep=lambda *_frame: None)  # type: ignore[assignment]

    await world.play()

    assert world.sessions.pending
    assert len(recording.asked) == asked
    world.app.sources.redactor = None


# ---- archives ------------------------------------------------------------------------------------


class Desk(Part):
    """Takes sessions."""

    def __init__(self, sources: Any) -> None:
        self.opened: list[tuple[File, Kind]] = []
        self._sources = sources

    async def open_file(self, file: File) -> None:
        self.opened.append((file, self._sources.scene.kind))


def with_desk(world: World) -> Desk:
    desk = Desk(world.app.sources)
    world.modules["export"] = SimpleNamespace(start=lambda _context: desk)
    return desk


@pytest.mark.parametrize("files", [[SESSION, CLIP], [CLIP, SESSION]])
@visit(rows=(FEATURE,))
async def test_a_session_is_opened_once_the_video_given_with_it_is_in_view(
    world: World, files: list[File]
) -> None:
    desk = with_desk(world)
    await world.use(make_card(1))
    await world.do(world.app.open_files(files))
    await world.arrive(world.opener.pending[-1])

    assert desk.opened == [(SESSION, Kind.LIVE)]
    assert [opening.source for opening in world.opener.pending] == [CLIP]


def test_an_archive_with_lines_and_zones_in_it_is_a_session_all_the_same() -> None:
    stored = b'{"format": 1, "lines": [], "zones": []}' + ARCHIVE

    assert FEATURE.claims is not None
    assert FEATURE.claims(stored)
    assert not is_shapes_file(stored)


@visit(rows=(FEATURE,))
async def test_other_archives_are_opened_as_before(world: World) -> None:
    desk = with_desk(world)
    await world.do(world.app.open_files([OTHER]))

    assert desk.opened == []
    assert [opening.source for opening in world.opener.pending] == [OTHER]


@pytest.mark.parametrize(
    ("size", "part"),
    [(10, (0, 10)), (kinds.DATA_HEAD_BYTES + 5, (5, kinds.DATA_HEAD_BYTES + 5))],
)
def test_an_archive_is_told_by_its_end(size: int, part: tuple[int, int]) -> None:
    file = File("a.zip", "", 1, b"." * size)

    assert kinds.telling_part(file) == part
    assert kinds.telling_part(file._replace(name="a.json")) == (0, kinds.DATA_HEAD_BYTES)
