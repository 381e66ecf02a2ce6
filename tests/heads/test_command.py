"""Heads on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from obscura.cli import main
from obscura.cli.detector import as_text, heads_of
from obscura.errors import BackendError
from obscura.heads import HeadSpec, PipelineError

Scene = Callable[..., NDArray[np.uint8]]

RED = (160, 120, 480, 240)

pytestmark = pytest.mark.usefixtures("fake_shelf")


@pytest.fixture
def picture(tmp_path: Path, scene: Scene) -> Path:
    path = tmp_path / "a.png"
    Image.fromarray(scene(640, 480, red=RED)).save(path)
    return path


@pytest.fixture
def model(colour_models: Path) -> str:
    return str(colour_models / "colours")


def test_json_has_the_attributes_of_each_row(picture: Path, model: str, capsys: Any) -> None:
    code = main(
        ["detect", str(picture), "--model", model, "--head", "own/mask.onnx", "--on", "red",
         "--json"]
    )  # fmt: skip

    row = json.loads(capsys.readouterr().out)[0]["detections"][0]
    assert code == 0
    assert row["label"] == "red"
    assert row["attributes"]["mask"]["label"] == "red"


def test_a_table_has_them_at_the_end_of_the_line(picture: Path, model: str, capsys: Any) -> None:
    main(["detect", str(picture), "--model", model, "--head", "mask", "--on", "red"])

    line = capsys.readouterr().out.splitlines()[1]
    assert line.startswith("  red  100%  (160, 120) to (480, 240)  mask red ")


def test_a_file_says_the_same(picture: Path, model: str, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "closer.toml"
    file.write_text(
        '[[pipeline.head]]\nname = "kind"\nnetwork = "mask"\non = "frame"', encoding="utf-8"
    )

    main(["detect", str(picture), "--model", model, "--pipeline", str(file), "--json"])

    document = json.loads(capsys.readouterr().out)[0]
    assert document["attributes"]["kind"]["label"] == "red"


def counted(model: str, tmp_path: Path, scene: Scene, *words: str) -> int:
    """Count with a pipeline that finds faces in what is red, which walks across a line."""
    frames, shapes, file = tmp_path / "frames", tmp_path / "shapes.json", tmp_path / "faces.toml"
    frames.mkdir()
    for index in range(21):
        left = 40 + 24 * index
        pixels = scene(640, 480, red=(left, 200, left + 100, 320))
        Image.fromarray(pixels).save(frames / f"{index}.png")
    shapes.write_text(
        '{"format": 1, "lines": [{"name": "door", "start": [0.5, 1], "end": [0.5, 0],'
        ' "anchor": "centre"}]}'
    )
    file.write_text(
        '[[pipeline.head]]\nname = "faces"\nnetwork = "faces"\non = "red"', encoding="utf-8"
    )
    given = ["--zones", str(shapes), "--model", model, "--pipeline", str(file), "--fps", "10"]
    return main(["count", str(frames), *given, *words])


@pytest.mark.parametrize(
    ("words", "classes"),
    [((), {"red": 1, "face": 1}), (("--classes", "face"), {"face": 1})],
)
def test_what_heads_find_is_counted(
    words: tuple[str, ...],
    classes: dict[str, int],
    model: str,
    tmp_path: Path,
    scene: Scene,
    capsys: Any,
) -> None:
    assert counted(model, tmp_path, scene, "--json", *words) == 0

    (line,) = json.loads(capsys.readouterr().out)["lines"]
    assert line["in"] == classes


def test_a_head_that_fails_while_counting_is_reported(
    model: str, tmp_path: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise BackendError("out of luck")

    monkeypatch.setattr("obscura.engine.native.NativeSession.run_crops", fail)

    assert counted(model, tmp_path, scene) == 1
    captured = capsys.readouterr()
    assert 'The head "faces" failed and is off' in captured.err
    assert "door  red" in captured.out


def test_copies_have_the_labels_that_heads_add(picture: Path, model: str, tmp_path: Path) -> None:
    code = main(
        ["detect", str(picture), "--model", model, "--head", "faces", "--on", "red", "--save",
         str(tmp_path / "out")]
    )  # fmt: skip

    assert code == 0
    assert (tmp_path / "out" / "a.png").is_file()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--head", "mask.onnx"], "obscura: The head does not say what it looks at (mask.onnx). "
         "Add --on with classes, or --on frame for the whole picture."),
        (["--head", "mask", "--on", "rad"], 'obscura: The head "mask" looks at "rad", which '
         'neither the detector nor a head before it finds. Did you mean "red"?'),
        (["--head", "mask", "--pipeline", "x"], "obscura: --head and --pipeline exclude each "
         "other. Leave one out."),
        (["--pipeline", "missing.toml"], "obscura: The pipeline cannot be read: No such file or "
         "directory (missing.toml). Name another file."),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_in_words(
    picture: Path, model: str, options: list[str], sentence: str, capsys: Any
) -> None:
    assert main(["detect", str(picture), "--model", model, *options]) == 2
    assert capsys.readouterr().err.strip() == sentence


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--on", "red"], "it belongs behind a --head"),
        (["--head", "mask", "--on", " , "], "argument --on: it is empty"),
        (["--head", ""], "argument --head: it is empty"),
        (["--heda", "x"], 'there is no option --heda. Did you mean "--head"'),
    ],
)
def test_options_that_make_no_sense_are_refused(
    picture: Path, options: list[str], part: str, capsys: Any
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["detect", str(picture), *options])

    assert caught.value.code == 2
    assert part in capsys.readouterr().err


def test_a_head_is_named_after_its_file() -> None:
    heads = heads_of([("a/my mask.onnx", ("red",)), ("b/my mask.onnx", ("red",)), ("1.ONNX", "r")])

    assert [head.name for head in heads] == ["my-mask", "my-mask-2", "head-1"]
    assert heads[0] == HeadSpec("my-mask", Path("a/my mask.onnx"), ("red",))


@pytest.mark.parametrize("stem", ["score", "label", "box"])
def test_a_file_with_a_name_that_rows_use_gets_a_number(stem: str) -> None:
    (head,) = heads_of([(f"{stem}.onnx", ("red",))])

    assert head.name == f"{stem}-2"


def test_a_file_never_has_the_name_of_a_shipped_head_beside_it() -> None:
    heads = heads_of([("a/mask.onnx", ("red",)), ("mask", ())])

    assert [head.name for head in heads] == ["mask-2", "mask"]


def test_a_head_is_named_after_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my mask").mkdir()
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")

    heads = heads_of([("../my mask", ("red",)), (str(tmp_path / "my mask"), ("red",)), (".", "x")])

    assert [head.name for head in heads] == ["my-mask", "my-mask-2", "inside"]
    assert heads[0] == HeadSpec("my-mask", Path("../my mask"), ("red",))


def test_the_folder_of_a_shipped_head_is_that_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])

    assert heads_of([("models/heads/emotion", ())]) == (HeadSpec("emotion", "emotion"),)


def test_a_shipped_head_given_twice_is_refused(model: str) -> None:
    from obscura.heads import PipelineSpec

    with pytest.raises(PipelineError, match="same name"):
        PipelineSpec(model, heads_of([("mask", ("red",)), ("mask", ("green",))]))


def test_attributes_are_words_for_people() -> None:
    known = {"emotion": {"label": "happy", "score": 0.914}, "age": 31.26, "male": 0.1, "pose": [1]}

    assert as_text(known) == "emotion happy 91%, age 31, male 10%, pose 1 points"
