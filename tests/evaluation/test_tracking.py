"""Tests of obscura.evaluation.mot, .tracking and .track_command, on drawn sequences."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from numpy.testing import assert_array_equal

from obscura import cli
from obscura.evaluation.errors import SequencesError
from obscura.evaluation.mot import read_sequences
from obscura.evaluation.tracking import SHAPES, count_error, score, with_true_ids
from obscura.update import Update

INFO = "[Sequence]\nseqLength={frames}\nframeRate=10\nimWidth=400\nimHeight=200\n"
FRAMES = 40


def walk(frame: int) -> str:
    """Return left, top, width, height of someone who walks from left to right."""
    return f"{10 + 8 * frame},60,20,60"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one sequence: someone walks, someone stands, both are always detected."""
    sequence = tmp_path / "walk"
    for name in ("det", "gt"):
        (sequence / name).mkdir(parents=True)
    (sequence / "seqinfo.ini").write_text(INFO.format(frames=FRAMES))
    truth, found = [], []
    for frame in range(1, FRAMES + 1):
        for number, box in enumerate((walk(frame), "350,20,20,60"), 1):
            truth.append(f"{frame},{number},{box},1,-1,-1,-1")
            found.append(f"{frame},-1,{box},0.9,-1,-1,-1")
        truth.append(f"{frame},3,100,100,20,20,0,-1,-1,-1")  # not evaluated
    (sequence / "gt" / "gt.txt").write_text("\n".join(truth))
    (sequence / "det" / "det.txt").write_text("\n".join(found))
    return tmp_path


def truths(folder: Path) -> list[Update]:
    """Return the ground truth of the folder's sequence."""
    return list(read_sequences(folder)[0].truths())


def with_ids(update: Update, ids: dict[int, int]) -> Update:
    """Return an update with other track_ids."""
    found = update.detections
    assert found.track_id is not None
    track_id = found.track_id.copy()
    for old, new in ids.items():
        track_id[found.track_id == old] = new
    return Update(update.frame, found.replace(track_id=track_id))


def test_the_ground_truth_itself_scores_100(folder: Path) -> None:
    truth = truths(folder)

    scores = score(truth, truth)

    assert scores == pytest.approx((100, 100, 100, 0))


def test_an_id_that_changes_halfway_is_a_switch_and_halves_its_identity(folder: Path) -> None:
    truth = truths(folder)
    changed = [with_ids(each, {1: 9} if each.frame.index >= FRAMES // 2 else {}) for each in truth]

    scores = score(truth, changed)

    assert scores.switches == 1
    assert scores.mota == pytest.approx(100 * (1 - 1 / (2 * FRAMES)))
    assert scores.idf1 == pytest.approx(75)  # one of two objects counts by half


def test_rows_without_a_track_are_no_answer(folder: Path) -> None:
    truth = truths(folder)
    untracked = [with_ids(each, {1: -1}) for each in truth]

    scores = score(truth, untracked)

    assert scores.mota == pytest.approx(50)
    assert scores.switches == 0


def test_every_nth_frame_keeps_the_times_of_the_frames(folder: Path) -> None:
    frames = [each.frame for each in read_sequences(folder)[0].updates(3)]

    assert [frame.index for frame in frames] == list(range(0, FRAMES, 3))
    assert [frame.time_s for frame in frames] == pytest.approx([i / 10 for i in range(0, 40, 3)])


def test_rows_that_are_not_evaluated_are_left_out(folder: Path) -> None:
    assert {len(each.detections) for each in truths(folder)} == {2}


def test_there_are_five_lines_and_three_zones() -> None:
    assert (len(SHAPES.lines), len(SHAPES.zones)) == (5, 3)


def test_counts_of_the_ground_truth_have_no_error_and_those_of_nobody_the_whole(
    folder: Path,
) -> None:
    truth = truths(folder)
    nobody = [with_ids(each, {1: -1, 2: -1}) for each in truth]

    assert count_error(truth, truth).wrong == 0
    assert count_error(truth, truth).true >= 3  # the three upright lines at the least
    assert count_error(truth, nobody).percent == 100


def test_detections_get_the_ids_of_the_objects_that_they_overlap_most(folder: Path) -> None:
    truth = truths(folder)
    shifted = []
    for each in truth:
        found = each.detections.replace(xyxy=each.detections.xyxy + 2, track_id=None)
        shifted.append(replace(each, detections=found))

    known = list(with_true_ids(truth, shifted))

    for each, other in zip(truth, known, strict=True):
        assert_array_equal(each.detections.track_id, other.detections.track_id)


def test_detections_far_from_all_objects_get_no_id(folder: Path) -> None:
    truth = truths(folder)
    away = [
        replace(each, detections=each.detections.replace(xyxy=each.detections.xyxy + 5000))
        for each in truth
    ]

    ids = [each.detections.track_id for each in with_true_ids(truth, away)]

    assert {number for each in ids if each is not None for number in each.tolist()} == {-1}


def test_nothing_to_count_has_no_percentage() -> None:
    assert count_error([], []).percent is None


def test_the_command_prints_each_sequence_and_the_mean(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["track-eval", "--mot", str(folder), "--count", "--every", "2"]) == 0

    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["sequence", "walk", "mean;", "count"]
    assert rows[1].split()[1:5] == ["100.0", "100.0", "100.0", "0"]
    assert "0.0 % (0 of " in rows[1]
    assert "with true ids: 0.0 % (0 of " in rows[3]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("seqinfo.ini", "[Sequence]\nseqLength=many", "no valid values"),
        ("seqinfo.ini", INFO.format(frames=0), "not above 0"),
        ("det/det.txt", "1,-1,2,3", "4 columns"),
        ("det/det.txt", "1,-1,a,3,4,5,6", "not a table of numbers"),
        ("det/det.txt", "1,-1,nan,3,4,5,6", "not finite"),
        ("det/det.txt", "99,-1,1,3,4,5,1", "not in 1..40"),
        ("det/det.txt", "1,-1,1,3,-4,5,1", "negative size"),
        ("gt/gt.txt", "", "no objects"),
        ("gt/gt.txt", "1,1,1,3,4,5,1\n1,1,9,3,4,5,1", "twice in a frame"),
    ],
)
def test_damaged_files_are_refused(folder: Path, name: str, text: str, reason: str) -> None:
    (folder / "walk" / name).write_text(text)

    with pytest.raises(SequencesError, match=reason):
        read_sequences(folder)


@pytest.mark.parametrize("name", ["det/det.txt", "gt/gt.txt"])
def test_missing_files_are_refused(folder: Path, name: str) -> None:
    (folder / "walk" / name).unlink()

    with pytest.raises(SequencesError, match="cannot be read"):
        read_sequences(folder)


def test_a_folder_without_sequences_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["track-eval", "--mot", str(tmp_path)]) == 1

    assert "no sequences" in capsys.readouterr().err


def test_a_file_without_detections_is_valid(folder: Path) -> None:
    (folder / "walk" / "det" / "det.txt").write_text("")

    updates = list(read_sequences(folder)[0].updates())

    assert {len(each.detections) for each in updates} == {0}


def test_missing_trackeval_is_reported_with_the_remedy(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "trackeval", None)

    assert cli.main(["track-eval", "--mot", str(folder)]) == 3

    assert "pip install trackeval" in capsys.readouterr().err
