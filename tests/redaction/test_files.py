"""Which files are redacted to where; copies are whole or not there at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from obscura.export.errors import OutputError
from obscura.redaction.errors import RedactionError
from obscura.redaction.files import plan, written


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.HEIC", "b.png", "sub/c.avi", "sub/notes.txt", "sub/deep/._d.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"x")
    return tmp_path / "in"


def test_a_folder_is_walked_and_every_file_in_it_is_listed(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = {
        item.source.relative_to(tree).as_posix(): (
            item.target.relative_to(out).as_posix(),
            item.kind,
        )
        for item in plan(tree, out)
    }

    assert found == {
        "a.jpg": ("a.jpg", "picture"),
        "b.HEIC": ("b.png", "picture"),
        "b.png": ("b-2.png", "picture"),
        "sub/c.avi": ("sub/c.mkv", "video"),
        "sub/notes.txt": ("sub/notes.txt", None),
        "sub/deep/._d.jpg": ("sub/deep/._d.jpg", None),
    }


def test_a_link_to_a_folder_is_listed_and_not_followed(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.jpg").write_bytes(b"x")
    (tree / "sub" / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tree / "sub" / "round").symlink_to(tree, target_is_directory=True)

    listed = {
        item.source.relative_to(tree).as_posix(): item.kind for item in plan(tree, tmp_path / "out")
    }

    assert len(listed) == 8
    assert (listed["sub/linked"], listed["sub/round"]) == (None, None)


def test_a_file_goes_to_a_file_or_into_a_folder_that_exists(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    assert plan(tree / "a.jpg", tmp_path / "b.png")[0].target == tmp_path / "b.png"
    assert plan(tree / "a.jpg", tmp_path / "out")[0].target == tmp_path / "out" / "a.jpg"
    assert plan(tree / "sub" / "c.avi", tmp_path / "out")[0].target.name == "c.mkv"


@pytest.mark.parametrize(
    ("source", "out", "reason"),
    [
        ("gone.jpg", "out.jpg", "no such file"),
        ("in/a.jpg", "in/a.jpg", "overwrite the original"),
        ("in/a.jpg", "in/../in/a.jpg", "overwrite the original"),
        ("in/a.jpg", "in", "overwrite the original"),
        ("in/a.jpg", "link.jpg", "overwrite the original"),
        ("in/a.jpg", "out.heic", "cannot be written as .heic"),
        ("in/a.jpg", "out", "without an ending"),
        ("in/sub/c.avi", "out.jpg", "cannot be written as .jpg"),
        ("in/sub/notes.txt", "out.txt", "not a picture or video"),
        ("in", "in", "among the originals"),
        ("in", "in/sub/out", "among the originals"),
        ("in", "in/../in/new", "among the originals"),
        ("in/sub", "in", "not empty"),
        ("in", "in/a.jpg/x", "among the originals"),
        ("empty", "out", "folder is empty"),
    ],
)
def test_what_would_lose_or_mix_up_files_is_refused(
    tree: Path, tmp_path: Path, source: str, out: str, reason: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link.jpg").symlink_to(tree / "a.jpg")

    with pytest.raises(RedactionError, match=reason):
        plan(tmp_path / source, tmp_path / out)


def test_a_copy_is_moved_to_its_place_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "copy.txt"
    with written(target) as path:
        path.write_text("half")
        assert not target.exists()
        assert path.suffix == ".txt"

    assert [each.name for each in target.parent.iterdir()] == ["copy.txt"]
    assert target.stat().st_mode & 0o444 != 0o400


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_nothing_half_done_is_left(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "copy.txt"
    target.write_text("earlier")

    def fail() -> None:
        with written(target) as path:
            path.write_text("half")
            raise error

    with pytest.raises(error):
        fail()

    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [
        ("copy.txt", "earlier")
    ]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(OutputError, match="cannot be saved"),
        written(tmp_path / "file" / "x.png"),
    ):
        pass


def test_a_copy_that_cannot_take_its_place_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "copy.png"
    (target / "in its place").mkdir(parents=True)

    with pytest.raises(OutputError, match="cannot be saved"), written(target) as path:
        path.write_text("whole")

    assert list(tmp_path.iterdir()) == [target]


def test_an_error_names_the_copy_and_not_what_it_is_called_until_it_is_whole(
    tmp_path: Path,
) -> None:
    target = tmp_path / "out.mp4"

    with pytest.raises(OutputError) as raised, written(target) as path:
        raise OutputError("The disk is full", path)

    assert raised.value.value == target
    assert list(tmp_path.iterdir()) == []
