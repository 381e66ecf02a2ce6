"""The pool: the same answers in the same order as one process, whatever becomes of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from obscura.batch import finders
from obscura.batch import pool as pool_module
from obscura.batch.dispatch import Member
from obscura.batch.finders import MANY, Alone, Spread, chosen
from obscura.batch.pool import Pool
from obscura.cli import exits, main
from obscura.cli.work import Item
from obscura.errors import BackendError, ModelMissing

Pictures = Callable[[int], Path]


@pytest.fixture
def arguments(colour_models: Path) -> Namespace:
    """The arguments of a command that chose nothing but the model."""
    nothing = ("reading", "threshold", "iou", "classes", "heads", "pipeline", "fps", "save")
    return Namespace(
        **dict.fromkeys(nothing),
        model=str(colour_models / "colours"),
        threads=0,
        flip=False,
        every=1,
        crops=None,
        track=False,
        jobs=None,
        engine="local",
        address=None,
    )


@pytest.fixture
def detect(colour_models: Path, capsys: Any) -> Callable[..., list[Any]]:
    def run(*words: str | Path) -> list[Any]:
        model = str(colour_models / "colours")
        assert main(["detect", "--model", model, "--json", *map(str, words)]) in (0, 1)
        found: list[Any] = json.loads(capsys.readouterr().out)
        return found

    return run


def test_the_same_as_in_one_process(
    detect: Callable[..., list[Any]], pictures: Pictures, clip: Path
) -> None:
    folder = pictures(20)
    Image.new("RGB", (3000, 2000)).save(folder / "00003.png")  # the slowest is no longer first
    (folder / "00007.png").write_bytes(b"no picture")

    alone = detect(folder, clip, folder / "00001.png", "--jobs", "1")
    pool = detect(folder, clip, folder / "00001.png", "--jobs", "3")

    assert pool == alone
    assert len(alone) == 19 + 12 + 1


def test_what_fails_is_told(colour_models: Path, pictures: Pictures, capsys: Any) -> None:
    folder = pictures(3)
    (folder / "00001.png").write_bytes(b"no picture")

    code = main(["detect", "--model", str(colour_models / "colours"), "--jobs", "2", str(folder)])

    assert code == exits.SOME_FAILED
    assert "00001.png" in capsys.readouterr().err


def test_a_model_that_cannot_be_opened(arguments: Namespace) -> None:
    arguments.model = "none"

    with pytest.raises(ModelMissing):
        Pool(arguments, 2)


def children() -> list[int]:
    return [each.pid for each in multiprocessing.active_children() if each.pid]


def test_a_picture_whose_process_ends_twice_is_told(
    arguments: Namespace, pictures: Pictures
) -> None:
    files = sorted(map(str, pictures(3).iterdir()))
    pipe = f"{files[1]}.pipe"
    os.mkfifo(pipe)  # whoever reads it waits
    pool = Pool(arguments, 1)
    try:
        answers = []
        deadly = threading.Thread(target=kill_readers, args=(pipe, 2))
        deadly.start()
        for item, answer in pool.mapped(map(Item, [files[0], pipe, files[2]])):
            assert answer is not None
            answers.append((item.where, answer.error))
        deadly.join()
    finally:
        pool.close()

    assert [where for where, _ in answers] == [files[0], pipe, files[2]]
    assert answers[0][1] is answers[2][1] is None
    assert "was ended 2 times" in str(answers[1][1])


def kill_readers(pipe: str, times: int) -> None:
    """Kill whoever reads a pipe, so many times."""
    for _ in range(times):
        with Path(pipe).open("wb"):  # opens as soon as somebody reads
            (reader,) = children()
            os.kill(reader, signal.SIGSTOP)
        # It is closed before the next one reads, which would see its end and go on.
        os.kill(reader, signal.SIGKILL)
        while reader in children():
            time.sleep(0.01)


def test_a_picture_that_ended_processes_never_got_is_looked_at(
    arguments: Namespace, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = map(str, pictures(1).iterdir())
    with Pool(arguments, 1) as pool:
        kill_all()
        again: list[object] = []

        def hear(member: Member, said: object) -> None:
            Pool.hear(pool, member, said)
            if not again:
                again.append(said)
                kill_all()  # the second one, too, before it is given anything

        monkeypatch.setattr(pool, "hear", hear)
        ((_, answer),) = pool.mapped([Item(file)])

    assert again
    assert answer is not None
    assert answer.error is None


def kill_all() -> None:
    for each in children():
        os.kill(each, signal.SIGKILL)
    while children():
        time.sleep(0.01)


def test_processes_that_end_at_their_start(
    arguments: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "serve", os._exit)

    with pytest.raises(BackendError, match="again and again"):
        Pool(arguments, 1)


@pytest.mark.parametrize(
    ("options", "number", "kind"),
    [({}, MANY, Spread), ({}, MANY - 1, Alone), ({"save": "copies"}, MANY, Spread)],
)
def test_many_pictures_use_all_cores(
    options: dict[str, Any],
    number: int,
    kind: type,
    arguments: Namespace,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(finders, "cores", lambda: 2)
    vars(arguments).update({name: str(tmp_path / value) for name, value in options.items()})

    finder, sources = chosen(arguments, iter(["a.png"] * number))

    with finder as opened:
        assert isinstance(opened, kind)
    assert list(sources) == ["a.png"] * number
