"""Sessions: what is written is read again, at any threshold; files of strangers are refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from obscura.counting import Line, Shapes
from obscura.detections import Detections
from obscura.errors import ObscuraError
from obscura.export import About, SessionWriter, read_session, to_record, write_session
from obscura.export.errors import OutputError
from obscura.export.session import (
    ABOUT,
    EVENTS,
    MOST_LINE,
    MOST_MEMBERS,
    SHAPES,
    UPDATES,
    Session,
    SessionError,
    is_session,
)
from obscura.export.session_files import file_facts, is_of
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

LABELS = ["person", "car"]
SOURCE = {"name": "street.mp4", "kind": "video", "width": 640, "height": 480}
SETTINGS = {"threshold": 0.5}
DOOR = Shapes((Line("door", (0.5, 1.0), (0.5, 0.0)),))
EVENT = {"event": "appeared", "time_s": 0.1, "track_id": 1, "label": "person"}


def record(index: int) -> dict[str, Any]:
    """A person who walks and is certain, and a car that is not."""
    found = Detections(
        xyxy=[[10 + 5 * index, 20, 60 + 5 * index, 120], [300, 200, 400, 280]],
        score=[0.9, 0.25],
        class_id=[0, 1],
    )
    update = Update(FrameInfo(index, index / 10, 640, 480), found)
    return to_record(update, LABELS, source="street.mp4", model="m")


def about(**fields: Any) -> About:
    given = {"settings": SETTINGS, "least": 0.05, "complete": True, **fields}
    return About(SOURCE, {"name": "m", "labels": LABELS}, **given)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "street.zip"
    write_session(path, about(), map(record, range(6)), shapes=DOOR, events=[EVENT])
    return path


def remade(saved: Path, **members: bytes | None) -> io.BytesIO:
    """The archive with some members exchanged; None leaves one out."""
    out = io.BytesIO()
    names = {"about": ABOUT, "shapes": SHAPES, "updates": UPDATES, "events": EVENTS}
    with zipfile.ZipFile(saved) as before, zipfile.ZipFile(out, "w") as after:
        for key, name in names.items():
            data = members.get(key, before.read(name))
            if data is not None:
                after.writestr(name, data)
    return out


def facts(saved: Path, **changed: Any) -> bytes:
    with zipfile.ZipFile(saved) as archive:
        return json.dumps({**json.loads(archive.read(ABOUT)), **changed}).encode()


def test_what_was_written_is_read_again(saved: Path) -> None:
    with read_session(saved) as session:
        assert session.about == about(frames=6)
        assert session.shapes == DOOR
        assert [*session.records()] == [record(index) for index in range(6)]
        assert [*session.records()], "a second time, too"
        assert [*session.events()] == [EVENT]


def test_another_threshold_needs_no_inference(saved: Path) -> None:
    with read_session(saved) as session:
        counts = {each: [len(u.detections) for u in session.at(each)] for each in (0.2, 0.5, 0.95)}
        people = [update.detections.class_id.tolist() for update in session.at(0.2, classes=[0])]

        with pytest.raises(ValueError, match=r"wanted 0\.05 to 1, got 0\.01"):
            next(session.at(0.01))

    assert counts == {0.2: [2] * 6, 0.5: [1] * 6, 0.95: [0] * 6}
    assert people == [[0]] * 6


def test_objects_are_followed_again_at_another_threshold(saved: Path) -> None:
    tracker = Tracker()
    tracker.set_threshold(0.5)
    with read_session(saved) as session:
        tracks = [update.detections.track_numbers() for update in session.at(0.5, tracker=tracker)]

    assert tracks == [[1]] * 6


def test_the_same_session_is_the_same_file(saved: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    write_session(again, about(), map(record, range(6)), shapes=DOOR, events=[EVENT])

    assert again.read_bytes() == saved.read_bytes()


def test_a_stream_that_cannot_seek_takes_a_session() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    writer = SessionWriter(pipe)  # type: ignore[arg-type]
    writer.add(record(0))
    writer.close(about(), Shapes())

    assert is_session(pipe.data)
    assert [*Session(io.BytesIO(pipe.data)).records()] == [record(0)]


def test_a_session_knows_its_video(saved: Path, tmp_path: Path) -> None:
    video, other = tmp_path / "street.mp4", tmp_path / "other.mp4"
    video.write_bytes(b"frames")
    other.write_bytes(b"framed")
    source = {**SOURCE, **file_facts(video)}
    write_session(saved, About(source, {"name": "m", "labels": LABELS}), [record(0)])

    with read_session(saved) as session:
        assert is_of(session, video)
        assert not is_of(session, other)


def test_other_archives_are_no_sessions(saved: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("labels/a.txt", "")

    assert not is_session(out.getvalue())
    assert is_session(saved.read_bytes())
    with pytest.raises(SessionError, match="not a session"):
        Session(out)


def test_what_a_stranger_adds_to_a_record_is_left_out(saved: Path) -> None:
    given = json.dumps({**record(0), "__proto__": {"a": 1}, "source": "x" * 10_000}).encode()

    assert [*Session(remade(saved, updates=given)).records()] == [record(0)]


LATER_FIRST = b"".join(json.dumps(record(index)).encode() + b"\n" for index in (1, 0))
NO_NAME = json.dumps(record(0)).replace('"class_id": 1', '"class_id": 2').encode()

DAMAGED: dict[str, tuple[Callable[[Path], io.BytesIO], str]] = {
    "no facts": (lambda saved: remade(saved, about=None), "not a session"),
    "no frames": (lambda saved: remade(saved, updates=None), "not a session"),
    "facts that are no JSON": (lambda saved: remade(saved, about=b"{"), "no JSON"),
    "facts nested too deep": (lambda saved: remade(saved, about=b"[" * 100_000), "no JSON"),
    "facts that are a list": (lambda saved: remade(saved, about=b"[]"), "version"),
    "another version": (lambda saved: remade(saved, about=facts(saved, format=2)), "version"),
    "no source": (lambda saved: remade(saved, about=b'{"format": 1, "model": {}}'), "lacks"),
    "labels of another kind": (
        lambda saved: remade(saved, about=facts(saved, model={"name": "m", "labels": [1]})),
        "not a list of text",
    ),
    "a score that is not a number": (
        lambda saved: remade(saved, about=facts(saved, least=float("nan"))),
        "least",
    ),
    "lines and zones of another kind": (lambda saved: remade(saved, shapes=b"[]"), "lines"),
    "a record that is none": (lambda saved: remade(saved, updates=b"[]\n"), "Line 1 is no record"),
    "a record that lacks a field": (lambda saved: remade(saved, updates=b"{}\n"), "lacks"),
    "frames out of order": (lambda saved: remade(saved, updates=LATER_FIRST), "not in order"),
    "more frames than it says": (
        lambda saved: remade(saved, about=facts(saved, frames=5)),
        "not in order",
    ),
    "a class without a name": (lambda saved: remade(saved, updates=NO_NAME), "has no name"),
    "bytes that are not UTF-8": (lambda saved: remade(saved, updates=b"\xff\n"), "UTF-8"),
    "a line that does not end": (
        lambda saved: remade(saved, updates=b" " * (MOST_LINE + 1)),
        "too long",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_session_is_refused_in_words(saved: Path, case: str) -> None:
    make, words = DAMAGED[case]

    with pytest.raises(ObscuraError, match=words):
        [*Session(make(saved)).records()]


@pytest.mark.parametrize("at", [0, 10, 200, -200, -30, -1])
def test_a_session_that_was_cut_off_is_refused(saved: Path, at: int) -> None:
    with pytest.raises(ObscuraError):
        [*Session(io.BytesIO(saved.read_bytes()[:at])).records()]


def test_a_changed_byte_is_noticed(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[data.index(UPDATES.encode()) + 60] ^= 0xFF

    with pytest.raises(SessionError, match="damaged"):
        [*Session(io.BytesIO(data)).records()]


def test_an_archive_of_countless_members_is_refused(saved: Path) -> None:
    out = remade(saved)
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(MOST_MEMBERS):
            archive.writestr(str(number), b"")

    with pytest.raises(SessionError, match="not a session"):
        Session(out)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="No such file"):
        read_session(tmp_path / "none.zip")


def test_a_session_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    def records() -> Any:
        yield record(0)
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        write_session(tmp_path / "a.zip", about(), records())

    assert not [*tmp_path.iterdir()]
