"""Texts: every error that can reach the page has its own card, and figures read as words."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import obscura.counting
import obscura.export.session  # noqa: F401  (errors of both have cards, whichever tests ran before)
from builder.trim import NATIVE
from obscura.errors import ObscuraError
from obscura.page.features.privacy import words as privacy
from obscura.page.words import notices, text

ROOT = Path(__file__).resolve().parents[2]

# Cannot reach the page, where classes are chosen from the model's own.
# The last ones are said beside the counts, and in the panel of closer looks.
NOT_ON_THE_PAGE = {"label-unknown", "series", "pipeline-invalid"}


def codes() -> Iterator[str]:
    """Yield the codes of all errors of the library and of the page.

    Those of the page are found in its source text, because most of it cannot be imported here.
    Commands, whose errors other tests may have imported, do not run on the page.
    """
    kinds = [ObscuraError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if not NATIVE.match(kind.__module__.replace(".", "/") + ".py"):
            yield kind.code
    for path in (ROOT / "py" / "obscura" / "page").rglob("*.py"):
        yield from re.findall(r'^    code = "([^"]+)"', path.read_text("utf-8"), re.MULTILINE)
    yield from notices.EARLY


@pytest.mark.parametrize("code", sorted(set(codes()) - NOT_ON_THE_PAGE))
def test_every_error_has_a_card_with_an_action(code: str):
    words = notices.NOTICES[code]

    assert words.title
    assert words.why.endswith(".")
    assert words.action in notices.ACTIONS


def test_every_card_is_that_of_an_error():
    assert set(notices.NOTICES) == set(codes()) - NOT_ON_THE_PAGE


def test_the_documented_codes_are_those_that_exist():
    page = (ROOT / "docs" / "automation.md").read_text("utf-8")
    listed = set(re.findall(r"`([a-z-]+)`", page.split("## Error codes")[1]))

    assert listed == set(notices.NOTICES)


@pytest.mark.parametrize("action", sorted(notices.ACTIONS))
def test_every_action_is_offered_by_some_error(action: str):
    assert any(words.action == action for words in notices.NOTICES.values())


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("model-no-detector", "The cause. The remedy. What"),
        ("model-mismatch", "The cause. The remedy. What"),
        ("model", "The cause. The remedy. More"),
        ("model-unsupported", "The cause. Export"),
        ("model-unreadable", "The cause. It may"),
        ("model-too-large", "The cause. A browser tab"),
        ("card-invalid", "The cause (value). The remedy. Then"),
        ("labels-invalid", "The cause (value). The remedy. One"),
        ("shapes", "The cause (value). The remedy. What"),
        ("shapes-address", "The cause (value). The remedy. Those"),
        ("backend-unusable", "The cause. Obscura"),
        ("camera-denied", "This site is not allowed"),
    ],
)
def test_a_card_about_a_file_says_the_true_reason_first(code: str, reason: str):
    error = ObscuraError("The cause", "value", remedy="The remedy.")

    assert notices.explanation(notices.NOTICES[code], error).startswith(reason)


def test_an_unknown_code_gets_the_card_of_unexpected_errors():
    assert notices.notice("never-heard-of") == notices.NOTICES["unexpected"]


@pytest.mark.parametrize(
    ("shown", "known", "words"), [(80, 80, "all 80"), (3, 80, "3 of 80"), (0, 80, "none")]
)
def test_class_counts_read_as_words(shown: int, known: int, words: str):
    assert text.class_count(shown, known) == words


def test_a_speed_is_the_fastest_backends_and_names_the_others():
    figure = text.speed({"wasm": 40.0, "webgpu": 8.0})

    assert figure.value == "8.0 ms"
    assert figure.note == "125 pictures per second (GPU); 40 ms on the CPU"


@pytest.mark.parametrize("figure", [text.speed({}), text.accuracy({})])
def test_what_was_not_measured_is_said_to_be_so(figure: text.Figure):
    assert figure == ("not measured", "")


def test_what_holds_the_rate_down_is_said_with_its_reasons():
    assert text.held({"battery": 15.0}) == "to 15 fps: running on battery"
    assert text.held({"low-battery": 5.0, "heat": 7.26}) == (
        "to 5 fps: low battery and slower than before (the device may be hot)"
    )


def test_a_spread_tells_the_usual_and_the_worst():
    assert text.spread(40.44, 52.0) == "40.4 ms (95 % under 52.0 ms)"
    assert text.spread(430.2, 961.9) == "430 ms (95 % under 962 ms)"


def test_an_accuracy_never_stands_without_its_data_set():
    plain = text.accuracy({"ap": 31.64, "dataset": "coco128"})
    full = text.accuracy({"ap": 31.64, "found": 29, "right": 81, "seen_in_training": True})

    assert plain == ("32 of 100", "A relative score.")
    assert full.value == "32 of 100"
    assert full.note == (
        "Finds 29 of 100 objects; 81 of 100 boxes are right. "
        "Measured on pictures it was trained on, so expect less."
    )


@pytest.mark.parametrize(
    ("size", "words"), [(4_823_435, "4.8 MB"), (99_400, "99 kB"), (900, "1 kB"), (31, "31 bytes")]
)
def test_small_files_have_a_size_too(size: int, words: str):
    assert text.megabytes(size) == words


@pytest.mark.parametrize(
    ("mean", "std", "range_"), [(0, 1, (0, 255)), (0, 255, (0, 1)), (127.5, 127.5, (-1, 1))]
)
def test_what_pixels_become_is_told_by_its_ends(
    mean: float, std: float, range_: tuple[float, float]
):
    assert text.value_range(mean, std) == range_


@pytest.mark.parametrize(
    ("cameras", "shown"),
    [
        ([], "off"),
        ([""], "on"),
        (["<b>Front</b>"], "on: <b>Front</b>"),
        (["Front", "Yard"], "on (2 cameras): Front, Yard"),
        (["", ""], "on (2 cameras)"),
    ],
)
def test_cameras_are_named_where_the_browser_tells(cameras: list[str], shown: str) -> None:
    assert privacy.camera_state(cameras) == shown


@pytest.mark.parametrize(("name", "shown"), [(None, "not shared"), ("Tab", "shared: Tab")])
def test_what_is_shared_is_named(name: str | None, shown: str) -> None:
    assert privacy.screen_state(name) == shown


@pytest.mark.parametrize(
    ("times", "size", "shown"),
    [
        (1, 2_000_000, "2.0 MB"),
        (2, 28_000, "28 kB, requested twice"),
        (3, 5_000, "5 kB, requested 3 times"),
        (1, 0, "size unknown"),
    ],
)
def test_a_request_is_told_by_size_and_number(times: int, size: int, shown: str) -> None:
    assert privacy.request(times, size) == shown


@pytest.mark.parametrize(
    ("analysed", "paused", "spared", "expected"),
    [
        (23.8, False, False, "24 fps"),
        (8.25, False, True, "8.2 fps · saving power"),
        (3.1, True, False, "Paused"),  # and no rate that falls
        (None, False, False, "Analysed in 0.12 s"),
    ],
)
def test_the_meters_line_has_nothing_technical(
    analysed: float | None, paused: bool, spared: bool, expected: str
) -> None:
    assert text.meter_line(analysed, 123.0, paused=paused, spared=spared) == expected


@pytest.mark.parametrize(
    ("own", "files", "words"),
    [
        ([], 0, "Delete your settings from this device?"),
        ([], 9, "Delete your settings and the files for offline use from this device?"),
        (["Hands"], 0, "Delete your settings and the model you added (Hands) from this device?"),
        (["Hands", "Owls"], 9, "the 2 models you added (Hands, Owls) and the files for offline"),
    ],
)
def test_the_question_before_deleting_names_what_goes(
    own: list[str], files: int, words: str
) -> None:
    question = privacy.delete_question(own, files)

    assert words in question
    assert ("can't be restored" in question) == bool(own)


def test_lines_and_zones_are_named_among_what_is_stored_and_before_they_are_deleted() -> None:
    stored = [privacy.SHAPES, privacy.COUNTS]
    assert privacy.kept(0, 0, stored) == "your settings, lines and zones, counts"
    assert privacy.SHAPES.amount(1) == "1 camera or video"
    assert privacy.COUNTS.amount(2) == "2 cameras or videos"
    assert privacy.RESULTS.amount(1) == "1 camera or video"
    assert privacy.delete_question([], 0, stored) == (
        "Delete your settings, your lines and zones and the counts over time from this device?"
    )


@pytest.mark.parametrize(
    ("count", "words"), [(0, "Number of classes unknown"), (1, "1 class"), (80, "80 classes")]
)
def test_classes_are_counted_where_their_number_is_known(count: int, words: str) -> None:
    assert text.class_total(count) == words
