"""Which files the words of a command name."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from obscura.errors import ObscuraError
from obscura.extras import ToolMissing
from obscura.sources.listing import Choice, expand


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Pictures, videos and others in folders."""
    for name in ("b.jpg", "a.PNG", "notes.txt", "._a.png", "v.mp4", "deep/c.jpg", "deep/er/d.webp"):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "tree" / "folder.jpg").mkdir()
    (tmp_path / "tree" / ".hidden").mkdir()
    (tmp_path / "tree" / ".hidden" / "e.jpg").write_bytes(b"")
    return tmp_path / "tree"


def names(tree: Path, *words: str | Path, choice: Choice | None = None) -> list[str]:
    """Return what the words name, relative to the tree; nothing may be wrong with them."""

    def complain(error: ObscuraError) -> None:
        raise error

    found = expand([str(word) for word in words], choice or Choice(), complain)
    return [Path(path).relative_to(tree).as_posix() for path in found]


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (Choice(), ["a.PNG", "b.jpg", "v.mp4"]),
        (Choice(recursive=True), ["a.PNG", "b.jpg", "v.mp4", "deep/c.jpg", "deep/er/d.webp"]),
        (Choice(recursive=True, include=["*.jpg"]), ["b.jpg", "deep/c.jpg"]),
        (Choice(recursive=True, include=["deep/*"]), ["deep/c.jpg", "deep/er/d.webp"]),
        (Choice(recursive=True, exclude=["*.jpg", "deep/er/*"]), ["a.PNG", "v.mp4"]),
        (Choice(kinds={".mp4"}), ["v.mp4"]),
    ],
)
def test_a_folder_gives_its_files_in_order(tree: Path, choice: Choice, wanted: list[str]) -> None:
    assert names(tree, tree, choice=choice) == wanted


def test_words_are_taken_in_their_order_and_files_as_they_are(tree: Path) -> None:
    assert names(tree, tree / "notes.txt", tree / "deep", tree / "b.jpg") == [
        "notes.txt",
        "deep/c.jpg",
        "b.jpg",
    ]


def test_a_pattern_gives_what_it_matches(tree: Path) -> None:
    assert names(tree, tree / "[ab].*") == ["a.PNG", "b.jpg"]
    assert names(tree, tree / "d*" / "*.jpg") == ["deep/c.jpg"], "also in the names of folders"
    assert names(tree, tree / "d[e]ep" / "e?" / "d.webp") == ["deep/er/d.webp"]
    assert names(tree, tree / "**" / "[cd].*") == ["deep/c.jpg", "deep/er/d.webp"]
    assert names(tree, tree / "x*.jpg") == ["x*.jpg"], "said to be missing when it is opened"


def test_a_list_has_a_word_a_line(tree: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"\ufeff{tree / 'b.jpg'}\r\n\n{tree / 'deep'}\n", encoding="utf-8")

    assert names(tree, f"@{listed}") == ["b.jpg", "deep/c.jpg"]


def test_cameras_streams_and_standard_input_are_left_as_they_are() -> None:
    words = ["camera:0", "rtsp://host/stream", "-", "https://host/v.mp4"]

    assert list(expand(words, Choice(), lambda _error: None)) == words


def test_what_cannot_be_listed_is_told_and_the_rest_goes_on(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    told: list[ObscuraError] = []
    words = [f"@{tmp_path / 'nowhere.txt'}", str(tmp_path / "empty"), str(tree / "b.jpg")]

    found = list(expand(words, Choice(), told.append))

    assert found == [str(tree / "b.jpg")]
    assert [error.code for error in told] == ["source", "picture"]


def test_a_link_to_a_folder_is_not_followed(tree: Path) -> None:
    (tree / "deep" / "loop").symlink_to(tree)

    found = names(tree, tree, choice=Choice(recursive=True))

    assert "deep/loop/b.jpg" not in found


def test_names_come_before_the_whole_folder_is_walked(tree: Path) -> None:
    first = next(expand([str(tree)], Choice(recursive=True), lambda _error: None))

    assert Path(first).name == "a.PNG"


def test_without_fsspec_an_address_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)

    with pytest.raises(
        ToolMissing, match=re.escape("source code: python3 -m pip install '.[batch]'")
    ):
        list(expand(["s3://bucket/photos"], Choice(), lambda _: None))


def test_where_a_folder_is_one_source_it_is_not_looked_into(tree: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{tree / 'deep'}\n")

    for word in (tree / "deep", tree / "d*p", f"@{listed}"):
        assert names(tree, word, choice=Choice(whole=True)) == ["deep"]


def test_a_name_that_the_system_refuses_is_left_to_who_opens_it(tree: Path) -> None:
    long = "n" * 300 + ".jpg"

    assert names(tree, tree / long, tree / "b.jpg") == [long, "b.jpg"]
