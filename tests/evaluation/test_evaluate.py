"""Evaluation: on drawn pictures whose average precision can be worked out by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import record_accuracy
from numpy.typing import NDArray
from PIL import Image

from obscura import Detections, cli
from obscura.cards import catalogue
from obscura.cli import exits
from obscura.evaluation import AnnotationsError, read_truth
from obscura.evaluation.score import Matches, draw_samples

Box = tuple[int, int, int, int]
CATEGORIES = [{"id": 1, "name": "red"}, {"id": 5, "name": "blue"}, {"id": 9, "name": "violet"}]
RED, BLUE, VIOLET = 1, 5, 9

pytestmark = pytest.mark.usefixtures("colour_models")


class Set:
    """A folder of pictures and the file with what is on them, as a test draws and annotates."""

    def __init__(self, folder: Path) -> None:
        self.images = folder / "images"
        self.images.mkdir()
        self.annotations = folder / "instances.json"
        self.table: dict[str, Any] = {"images": [], "annotations": [], "categories": CATEGORIES}

    def add(self, picture: NDArray[np.uint8], *objects: tuple[int, Box]) -> Path:
        """A picture with annotated objects: a category and x1, y1, x2, y2 each."""
        number = 100 - len(self.table["images"])  # ids say nothing of the order
        path = self.images / f"{number}.png"
        Image.fromarray(picture).save(path)
        self.table["images"].append({"id": number, "file_name": path.name})
        self.table["annotations"] += [
            {"image_id": number, "category_id": category, "bbox": [x1, y1, x2 - x1, y2 - y1]}
            for category, (x1, y1, x2, y2) in objects
        ]
        return path

    def arguments(self, *more: str) -> list[str]:
        """The command line; the file is written now."""
        self.annotations.write_text(json.dumps(self.table))
        where = ["--images", str(self.images), "--annotations", str(self.annotations)]
        return ["evaluate", *where, *more]


@pytest.fixture
def coco(tmp_path: Path) -> Set:
    return Set(tmp_path)


@pytest.fixture
def drawn(coco: Set, scene: Callable[..., NDArray[np.uint8]]) -> Set:
    """Red is found once where it is and once is not annotated as wide as it is; blue is missed.

    By IoU 128 / 160 = 0.8 the second red is right up to 0.80, wrong at 0.85, 0.90 and 0.95.
    """
    box = (0, 0, 128, 128)
    coco.add(scene(256, 256, red=box), (RED, box))
    coco.add(scene(256, 256, red=box), (RED, (0, 0, 160, 128)))
    coco.add(scene(256, 256), (BLUE, (0, 0, 20, 20)), (VIOLET, (100, 100, 200, 200)))
    return coco


def evaluate(drawn: Set, *more: str) -> dict[str, Any]:
    """Run the command and return what it wrote for the one model."""
    file = drawn.images.parent / "out.json"
    assert cli.main(drawn.arguments("--json", str(file), *more)) == 0
    document: dict[str, Any] = json.loads(file.read_text())
    return document


def test_average_precision_is_what_comes_out_by_hand(drawn: Set) -> None:
    document = evaluate(drawn)

    (result,) = document["results"]
    # Both reds score alike. Up to IoU 0.80 (seven of ten) precision is 1 at every recall. Above,
    # one of two is right: half of the 101 recalls are reached, with a precision of 1 or 1/2 as the
    # right one comes first or second; the pictures' ids rise, so the second picture comes first.
    strict = 100 * 51 / 101 * 0.5
    red = (7 * 100 + 3 * strict) / 10
    assert (document["pictures"], document["objects"]) == (3, 4)
    assert result["model"] == "colours"
    assert result["backend"] == "native"
    assert result["ap50"] == result["ap75"] == 50.0  # the mean of red, 100, and blue, 0
    assert result["ap"] == pytest.approx(red / 2, abs=0.01)
    assert (result["small"], result["medium"]) == (0.0, None)
    assert result["large"] == pytest.approx(red, abs=0.01)
    by_label = {row["label"]: row for row in result["classes"]}
    assert by_label["red"]["objects"] == 2
    assert by_label["red"]["ap"] == pytest.approx(red, abs=0.01)
    assert by_label["blue"] == {"label": "blue", "objects": 1, "ap": 0, "ap50": 0, "ap75": 0}
    assert set(by_label) == {"red", "blue"}  # green is not annotated, violet not known


def test_the_table_is_markdown_and_says_what_was_left_out(
    drawn: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(drawn.arguments("--per-class", "--threads", "1", "--bootstrap", "9")) == 0

    out, err = capsys.readouterr()
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in out.splitlines()]
    assert lines[0] == ["model", "backend", "AP", "AP50", "AP75", "small", "medium", "large"]
    assert lines[2][:2] == ["colours", "native, 1 thread"]
    assert " ± " in lines[2][2]
    assert lines[2][3:7] == ["50.0", "50.0", "0.0", "-"]
    assert "colours does not have 1 of the 3 annotated classes, which is not counted." in out
    assert ["red", "2"] in [line[:2] for line in lines]
    assert err == ""  # no progress bar where nobody watches


def test_a_crowd_is_neither_missed_nor_wrong_to_find(
    coco: Set, scene: Callable[..., NDArray[np.uint8]]
) -> None:
    box = (0, 0, 128, 128)
    coco.add(scene(256, 256, red=box), (RED, box))
    coco.add(scene(256, 256, red=box), (RED, box))
    coco.table["annotations"][1]["iscrowd"] = 1

    document = evaluate(coco)

    assert document["objects"] == 1
    assert document["results"][0]["ap"] == 100.0


def test_a_damaged_picture_is_named_and_its_objects_count_as_missed(
    drawn: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = drawn.add(np.zeros((8, 8, 3), np.uint8), (RED, (0, 0, 8, 8)))
    broken.write_bytes(broken.read_bytes()[:40])
    file = drawn.images.parent / "out.json"

    assert cli.main(drawn.arguments("--json", str(file))) == 1

    out, err = capsys.readouterr()
    (result,) = json.loads(file.read_text())["results"]
    assert str(broken) in err
    assert "1 of the 4 pictures could not be read; the objects in it count as missed." in out
    assert result["damaged"] == [str(broken)]
    assert [row["objects"] for row in result["classes"] if row["label"] == "red"] == [3]
    assert result["ap50"] < 50


def test_pictures_that_are_not_there_are_left_out_and_counted(
    drawn: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    file = drawn.images.parent / "out.json"
    missing = drawn.add(np.zeros((8, 8, 3), np.uint8), (RED, (0, 0, 8, 8)))
    assert cli.main(drawn.arguments("--json", str(file))) == 0
    whole = json.loads(file.read_text())
    missing.unlink()

    assert cli.main(drawn.arguments("--json", str(file))) == 0

    part = json.loads(file.read_text())
    assert "1 of the 4 annotated pictures is not in the folder" in capsys.readouterr().out
    assert (whole["pictures"], whole["absent"]) == (4, 0)
    assert (part["pictures"], part["absent"]) == (3, 1)
    assert part["objects"] == whole["objects"] - 1
    assert part["results"][0]["ap50"] > whole["results"][0]["ap50"]  # its object is not missed


def test_a_limit_takes_the_first_pictures_that_are_there(
    drawn: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = (row["file_name"] for row in drawn.table["images"])
    (drawn.images / first).unlink()
    drawn.arguments()  # writes the file

    truth = read_truth(drawn.annotations, drawn.images, limit=1)
    assert [path.name for path in truth.pictures.values()] == [second]
    assert (truth.listed, truth.absent) == (3, 1)
    assert {row["image_id"] for row in truth.objects} <= truth.pictures.keys()
    whole = read_truth(drawn.annotations, drawn.images, limit=9)
    assert [path.name for path in whole.pictures.values()] == [second, third]

    assert cli.main(drawn.arguments("--limit", "1")) == 0
    assert "1 of 3 pictures, with" in capsys.readouterr().out


def without(key: str) -> Callable[[Set], object]:
    return lambda coco: coco.table.pop(key)


WRONG: dict[str, tuple[Callable[[Set], object], str]] = {
    "no categories": (without("categories"), "'categories' is missing"),
    "no pictures": (lambda coco: coco.table["images"].clear(), "lists no pictures"),
    "a box of three numbers": (
        lambda coco: coco.table["annotations"][0].update(bbox=[1, 2, 3]),
        "not in COCO's format",
    ),
    "a picture nobody lists": (
        lambda coco: coco.table["annotations"][1].update(image_id=4711),
        "annotation 2 is of a picture",
    ),
    "no picture is there": (
        lambda coco: [path.unlink() for path in coco.images.iterdir()],
        "None of the 3 annotated pictures is in the folder",
    ),
    "no common class": (
        lambda coco: coco.table.update(categories=[{"id": 1, "name": "pink"}], annotations=[]),
        "the model has red, green, blue; the annotations have pink",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_evaluated_is_told_in_one_line(
    drawn: Set, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, message = WRONG[name]
    spoil(drawn)

    assert cli.main(drawn.arguments()) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.startswith("obscura: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "text", ["", "[1, 2]", '{"images": 5}', "\x00", "[" * 100_000, '{"images": [{"id": Infinity}]}']
)
def test_a_file_that_is_no_instances_file_is_refused(drawn: Set, text: str) -> None:
    drawn.annotations.write_text(text)

    with pytest.raises(AnnotationsError, match=r"not JSON|not in COCO's format"):
        read_truth(drawn.annotations, drawn.images)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "C:x.png", "a\\..\\b", "a\0b"])
def test_names_of_pictures_that_lead_out_of_the_folder_are_refused(drawn: Set, name: str) -> None:
    drawn.table["images"][0]["file_name"] = name
    drawn.arguments()  # writes the file

    with pytest.raises(AnnotationsError, match="leads out of the folder"):
        read_truth(drawn.annotations, drawn.images)


@pytest.mark.parametrize("package", ["pycocotools.coco", "tqdm"])
def test_a_missing_tool_is_told_with_the_remedy(
    drawn: Set,
    package: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    assert cli.main(drawn.arguments()) == 3

    assert "pip install pycocotools tqdm" in capsys.readouterr().err


def test_a_missing_playwright_is_told_with_the_remedy(
    drawn: Set, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    (drawn.images / "index.html").touch()

    assert cli.main(drawn.arguments("--backend", "browser", "--site", str(drawn.images))) == 3

    assert "pip install playwright" in capsys.readouterr().err


def test_a_site_that_was_not_built_is_told(drawn: Set, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(drawn.arguments("--backend", "browser", "--site", str(drawn.images))) == 3

    assert "build.py build" in capsys.readouterr().err


def test_samples_of_all_pictures_have_the_ap_of_all_pictures(drawn: Set) -> None:
    drawn.arguments()
    truth = read_truth(drawn.annotations, drawn.images)
    red = Detections(
        np.array([[0, 0, 128, 128]], np.float32), np.array([0.9], np.float32), np.zeros(1, np.int32)
    )
    matches = Matches(truth, ("red", "blue"), {100: red, 99: red})

    # Ids rise in the order 98, 99, 100: blue's, the wide red's, the exact red's.
    found = matches.resampled(np.array([[0, 1, 2], [2, 2, 2], [0, 0, 0], [1, 1, 1]]))

    assert found[0] == pytest.approx(matches.scores().ap)
    assert found[1:] == pytest.approx([100, 0, 70])


def test_samples_are_drawn_with_replacement_and_the_same_each_time() -> None:
    samples = draw_samples(50, 3)

    assert samples.shape == (3, 50)
    assert 0 <= samples.min() <= samples.max() < 50
    assert all(len(set(sample)) < 50 for sample in samples.tolist())
    assert (samples == draw_samples(50, 3)).all()


def test_a_report_that_cannot_be_written_has_its_own_exit_code(drawn: Set, capsys: Any) -> None:
    file = drawn.annotations / "out.json"

    assert cli.main(drawn.arguments("--json", str(file))) == exits.NO_OUTPUT

    assert "Name another file with --json." in capsys.readouterr().err


def test_figures_go_onto_the_card_and_change_nothing_else(drawn: Set, colour_models: Path) -> None:
    before = catalogue.read_card(colour_models / "colours")
    file = drawn.images.parent / "out.json"
    result = evaluate(drawn)["results"][0]

    assert record_accuracy.main([str(file), "--dataset", "three pictures"]) == 0

    card = catalogue.read_card(colour_models / "colours")
    assert card.accuracy == {
        "dataset": "three pictures",
        "ap": round(result["ap"], 1),
        "ap50": 50.0,
        "command": "python3 -m obscura evaluate --images "
        f"{drawn.images.parent.name}/images --annotations {drawn.images.parent.name}/instances.json"
        " --model colours",
    }
    assert (card.file, card.labels, card.threshold) == (
        before.file,
        before.labels,
        before.threshold,
    )


def test_every_detection_is_judged_at_half_an_overlap(drawn: Set) -> None:
    drawn.arguments()
    drawn.table["annotations"][1]["iscrowd"] = 1
    drawn.arguments()
    truth = read_truth(drawn.annotations, drawn.images)
    boxes = np.array([[0, 0, 128, 128], [0, 0, 60, 60]], np.float32)
    red = Detections(boxes, np.array([0.9, 0.8], np.float32), np.zeros(2, np.int32))

    judged = Matches(truth, ("red", "blue"), {100: red, 99: red}).decisions()

    # What lies in the crowd of picture 99, in the middle, is neither right nor wrong.
    assert judged.picture.tolist() == [2, 2]
    assert judged.category.tolist() == [0, 0]
    assert judged.score.tolist() == pytest.approx([0.9, 0.8])
    assert judged.right.tolist() == [True, False]
    assert judged.objects.tolist() == [[0, 1], [0, 0], [1, 0]]


def test_where_nothing_is_found_and_nothing_there_nothing_is_judged(drawn: Set) -> None:
    drawn.table["annotations"].clear()
    drawn.arguments()
    truth = read_truth(drawn.annotations, drawn.images)

    matches = Matches(truth, ("red",), {})

    assert len(matches.decisions().score) == 0
    assert matches.scores() == (None,) * 6


def test_looking_twice_goes_on_record(drawn: Set) -> None:
    (result,) = evaluate(drawn, "--flip")["results"]

    assert result["flip"] is True
    assert result["ap50"] == 50.0
    assert result["command"].endswith(" --flip")


def test_the_page_cannot_be_asked_to_look_twice(
    drawn: Set, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(drawn.arguments("--backend", "browser", "--flip")) == 3

    assert "--backend native" in capsys.readouterr().err
