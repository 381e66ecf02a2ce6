"""Counts over time: kept across visits, shown as a chart and a table, saved as a file, deleted."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from .access import AXE, DESKTOP, PHONE, PHONE_ON_ITS_SIDE
from .conftest import OpenRoom
from .pictures import ROOT
from .room import NO_GAPS, PATIENCE, Room, without_room

KOLKATA = {"timezone_id": "Asia/Kolkata"}  # half an hour beside the hours of most others
NOON = 1_772_604_000  # 2026-03-04, 11:30 in Kolkata
RECORDS = """([change, source]) => new Promise((resolve, reject) => {
  const opened = indexedDB.open("obscura-counts");
  opened.onupgradeneeded = () => opened.result.createObjectStore("records");
  opened.onerror = () => reject(opened.error);
  opened.onsuccess = () => {
    const store = opened.result.transaction("records", "readwrite").objectStore("records");
    for (const [[kind, ...rest], value] of change) store.put(value, [kind, source, ...rest]);
    const [keys, values] = [store.getAllKeys(), store.getAll()];
    store.transaction.oncomplete = () => {
      opened.result.close();
      resolve(keys.result.map((key, index) => [key, values.result[index]]));
    };
  };
})"""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
FETCHED = "() => performance.getEntriesByType('resource').map((each) => each.name)"


def records(room: Room, change: list[Any] | None = None, source: str = "") -> list[Any]:
    """Return all that is stored of counts, after storing some more for a camera."""
    found: list[Any] = room.page.evaluate(RECORDS, [change or [], source])
    return found


def row(period: str, start_s: int, entries: int, exits: int, inside_s: float) -> list[Any]:
    """Return a stored period of the zone, of which 50 s were observed."""
    zone = [entries, exits, inside_s, 3]
    stored = {
        "period": period, "start_s": start_s, "wall_s": start_s + 2, "media_s": 5, "observed_s": 50,
        "lines": [["door", "", entries, 1], ["door", "person", entries, 1]],
        "zones": [["Zone 1", "", *zone], ["Zone 1", "person", *zone]],
    }  # fmt: skip
    return [["rows", period, start_s], json.dumps(stored)]


def an_hour() -> list[Any]:
    """Return an hour of minutes that an earlier visit stored, and what they add up to."""
    minutes = [row("minute", NOON + 60 * n, n % 7, n % 5, 20 + n) for n in range(60)]
    return [*minutes, row("hour", NOON - 1800, 90, 60, 40), row("day", NOON - 41400, 174, 120, 90)]


def begin(new_room: OpenRoom, query: str = "", **options: Any) -> Room:
    """Return a page that counts at the camera, with a zone over the whole picture."""
    options = {"cold": True, "accept_downloads": True, **KOLKATA, **DESKTOP, **options}
    options["init"] = NO_GAPS + options.get("init", "")
    room = new_room(**options).open(query)
    room.until_state("ready")
    room.start()
    turn_on(room)
    zone = {"name": "Zone 1", "corners": [[0, 0], [1, 0], [1, 1], [0, 1]], "anchor": "centre"}
    shapes = {"format": 1, "lines": [], "zones": [zone]}
    data = json.dumps(shapes).encode()
    room.at("count-file").set_input_files(
        files=[{"name": "shapes.json", "mimeType": "application/json", "buffer": data}]
    )
    return room


def turn_on(room: Room) -> None:
    room.page.evaluate("() => document.getElementById('count').click()")
    room.page.wait_for_selector("#count-tools:not([hidden])", state="attached")


def entered(room: Room, least: int = 1) -> int:
    """Wait until so many have entered the zone; return how many have."""
    number = "(now.counts?.zones?.['Zone 1']?.entered?.person ?? 0)"
    now = room.until(f"{number} >= {least}")
    return int(now["counts"]["zones"]["Zone 1"]["entered"]["person"])


def totals_after(room: Room, time_s: float) -> tuple[str, float]:
    """Wait until counts are stored, after a time; return the camera that they are stored for, and
    when they were. What a page writes when it is left arrives from a process of its own."""
    for _ in range(PATIENCE // 250):
        for key, value in records(room):
            if key[0] == "totals" and float(json.loads(value)["stored_s"]) >= time_s:
                return str(key[1]), float(json.loads(value)["stored_s"])
        room.page.wait_for_timeout(250)
    raise AssertionError(f"nothing was stored in {PATIENCE} ms")


def stored(room: Room) -> str:
    """Wait until what was counted so far is stored; return the camera that it is stored for."""
    return totals_after(room, time.time())[0]


def open_dialog(room: Room) -> None:
    room.page.evaluate("() => document.getElementById('count-counts').click()")
    room.page.wait_for_selector("#counts-dialog[open]")


def with_an_hour(new_room: OpenRoom, **options: Any) -> Room:
    """Return a page with an hour of counts of an earlier visit, which counts no more, and the
    dialog open."""
    room = begin(new_room, **options)
    entered(room)
    source = stored(room)
    room.leave()
    records(room, an_hour(), source)
    room.open()
    room.until_state("ready")
    room.start()
    entered(room)
    open_dialog(room)
    room.page.wait_for_selector("#counts-chart canvas")
    return room


ANSWERS_LATE = """
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...given) {
  const late = new EventTarget();
  setTimeout(() => {
    const real = open.apply(this, given);
    for (const name of ["result", "error", "transaction"])
      Object.defineProperty(late, name, { get: () => real[name] });
    for (const kind of ["onupgradeneeded", "onsuccess", "onerror"])
      real[kind] = (event) => late[kind]?.(event);
  }, 3_000);
  return late;
};
"""


@pytest.fixture(scope="module")
def shared(shared_room: OpenRoom) -> Room:
    return with_an_hour(shared_room)


@pytest.fixture
def dialog(shared: Room) -> Room:
    """The dialog, with the hour of the earlier visit in view."""
    shared.page.evaluate("() => document.getElementById('counts-dialog').close()")
    open_dialog(shared)
    if shared.at("counts-as").inner_text() == "Show as chart":
        shared.at("counts-as").click()
    shared.at("counts-per").select_option("minute")
    shared.at("counts-of").select_option("Zone 1")
    shared.at("counts-earlier").click()
    return shared


def test_a_database_that_answers_late_is_read_all_the_same(new_room: OpenRoom) -> None:
    room = with_an_hour(new_room)
    room.page.add_init_script(ANSWERS_LATE)

    room.reload()
    room.until_state("ready")
    room.start()
    entered(room)
    open_dialog(room)

    room.page.wait_for_selector("#counts-earlier:enabled")
    assert not room.at("no-storage").is_visible()


def test_counts_go_on_after_a_reload(new_room: OpenRoom) -> None:
    room = begin(new_room)
    assert entered(room) == 1
    stored(room)

    room.reload()
    room.until_state("ready")
    room.start()

    assert entered(room, 2) == 2, "the one of the earlier visit, and the one who is there now"
    room.until_text("count-list", "1 inside · 2 entered")


def test_what_was_counted_last_is_stored_when_the_page_is_left(new_room: OpenRoom) -> None:
    # In the machine's own time zone: a page that is left loses an emulated one before it ends, and
    # counts its last frames to the day of another zone.
    room = begin(new_room, timezone_id=None)
    stored(room)
    entered(room)
    room.page.wait_for_timeout(1500)  # within the four seconds after a write
    before_s = time.time()

    room.leave()

    left_s = time.time()
    assert before_s <= totals_after(room, before_s)[1] <= left_s + 1.5
    (minute,) = [
        json.loads(value) for key, value in records(room) if key[:1] == ["rows"] and key[2] == "day"
    ]
    assert minute["observed_s"] > 1.0


def test_nothing_of_the_chart_is_fetched_before_it_is_opened(new_room: OpenRoom) -> None:
    room = begin(new_room)
    entered(room)
    assert not [each for each in room.page.evaluate(FETCHED) if "uplot" in each]

    open_dialog(room)

    room.page.wait_for_selector("#counts-chart canvas")
    fetched = [each for each in room.page.evaluate(FETCHED) if "uplot" in each]
    assert sorted(each.rpartition(".")[2] for each in fetched) == ["css", "js"]
    room.until_text("counts-summary", r"^Zone 1: 1 entered, 0 left, and at most 1 ")


def test_the_chart_waits_for_its_style(new_room: OpenRoom) -> None:
    room = begin(new_room)
    entered(room)
    style = room.hold("**/uplot.*.css")

    with room.page.expect_request("**/uplot.*.css"):
        open_dialog(room)
    room.page.wait_for_function(f"() => ({FETCHED})().some((each) => /uplot.*js$/.test(each))")
    room.page.evaluate(TWO_FRAMES)
    assert not room.page.query_selector("#counts-chart canvas"), "it would lie in the wrong place"

    style.release()
    room.page.wait_for_selector("#counts-chart canvas")


def test_the_dialog_is_read_by_keys_alone(dialog: Room) -> None:
    page = dialog.page
    dialog.until_text("counts-summary", r"^Zone 1: 174 entered, 120 left, and at most 3 were ")
    dialog.until_text("counts-summary", r"from 4 Mar, 11:30 to 12:29\. .* was 12:04\.$")
    dialog.at("counts-per").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "counts-chart"

    page.keyboard.press("ArrowLeft")

    last = "4 Mar, 12:29: entered 3, left 4, inside on average 1.6, most inside 3"
    dialog.until_text("counts-at", f"^{re.escape(last)}$")
    page.keyboard.press("ArrowLeft")
    dialog.until_text("counts-at", "^4 Mar, 12:28: ")
    page.keyboard.press("Home")
    dialog.until_text("counts-at", "^4 Mar, 11:30: ")
    page.keyboard.press("ArrowRight")
    dialog.until_text("counts-at", "^4 Mar, 11:31: entered 1, left 1")
    page.keyboard.press("End")
    dialog.until_text("counts-at", "^4 Mar, 12:29: ")
    page.keyboard.press("Escape")
    page.wait_for_selector("#counts-dialog:not([open])", state="attached")


def test_the_pointer_shows_the_numbers_of_a_period(dialog: Room) -> None:
    box = dialog.at("counts-chart").bounding_box()
    assert box is not None

    dialog.page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] / 2)

    dialog.until_text("counts-at", "^4 Mar, 12:29: ")


def test_the_table_has_the_same_numbers_newest_first(dialog: Room) -> None:
    dialog.at("counts-as").click()

    rows = dialog.at("counts-table").locator("tr")
    rows.nth(60).wait_for()
    assert rows.count() == 61
    heads = rows.nth(0).locator("th").all_inner_texts()
    assert heads == ["When", "Entered", "Left", "Inside on average", "Most inside"]
    assert rows.nth(1).locator("th, td").all_inner_texts() == ["4 Mar, 12:29", "3", "4", "1.6", "3"]
    assert not dialog.at("counts-chart").is_visible()


def test_hours_days_and_lines_that_are_gone_can_be_chosen(dialog: Room) -> None:
    dialog.at("counts-of").select_option("door")
    dialog.at("counts-per").select_option("hour")
    dialog.at("counts-earlier").wait_for(state="visible")
    dialog.until_text("counts-summary", r"^door: 90 in and 1 out, in the hour of 4 Mar, 11:00\.$")

    dialog.at("counts-per").select_option("day")

    dialog.until_text("counts-summary", r"^door: 174 in and 1 out, in the day of Wed 4 Mar\.$")


def test_later_leads_back_to_what_is_counted_now(dialog: Room) -> None:
    assert dialog.at("counts-earlier").is_disabled()

    dialog.at("counts-later").click()

    dialog.until_text("counts-summary", r"^Zone 1: \d entered, 0 left, and at most 1 ")
    assert dialog.at("counts-later").is_disabled()


def test_the_file_has_the_times_of_the_clock_and_of_the_source(dialog: Room) -> None:
    with dialog.page.expect_download() as download:
        dialog.at("counts-csv").click()

    name = download.value.suggested_filename
    assert re.fullmatch(r"obscura-counts-per-minute-[\d-]+\.csv", name)
    assert name in dialog.at("counts-note").inner_text()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    rows = [each for each in csv.DictReader(io.StringIO(text)) if each["kind"] == "zone"]
    first = rows[2]
    assert first["wall_time"] == "2026-03-04T11:31:00+05:30"
    assert (first["media_time_s"], first["observed_s"]) == ("5.0", "50.0")
    assert (first["name"], first["class"]) == ("Zone 1", "all classes")
    assert (first["in"], first["out"], first["inside_mean"]) == ("1", "1", "0.42")
    assert len(rows) >= 2 * 61


def test_reset_deletes_what_is_stored_and_undo_brings_it_back(new_room: OpenRoom) -> None:
    room = begin(new_room)
    entered(room)
    stored(room)

    room.at("count-clear").click()
    room.until("!now.counts.zones['Zone 1'].entered.person")
    open_dialog(room)
    room.until_text("counts-summary", r"^Zone 1: 0 entered")
    room.page.keyboard.press("Escape")
    room.at("count-undo").click()

    assert entered(room) == 1
    open_dialog(room)
    room.until_text("counts-summary", r"^Zone 1: 1 entered")


def test_damaged_counts_are_left_out_and_said_once(new_room: OpenRoom) -> None:
    room = begin(new_room)
    entered(room)
    source = stored(room)
    room.leave()
    bad = [[["rows", "minute", NOON - 600], "{"], [["rows", "hour", 7], 5]]
    records(room, [*an_hour(), *bad], source)
    room.open()
    room.until_state("ready")
    room.start()

    room.until_text("count-note", "^2 of the stored counts were damaged and have been left out")
    entered(room)

    open_dialog(room)
    room.at("counts-earlier").click()
    room.until_text("counts-summary", "^Zone 1: 174 entered")


def test_the_privacy_dialog_names_and_deletes_them(new_room: OpenRoom) -> None:
    room = begin(new_room)
    entered(room)
    stored(room)

    room.at("promise").click()
    room.until_text("fact-kept", "^your settings, lines and zones, counts$")
    room.until_text("kept-list", "Lines and zones1 camera or videoCounts over time1 camera")
    room.at("forget").click()
    room.at("forget-keep").wait_for(state="visible")
    assert "your lines and zones and the counts over time" in room.at("forget-what").inner_text()
    with room.page.expect_navigation():
        room.at("forget-now").click()

    room.until_state("ready")
    assert records(room) == []


def test_where_nothing_can_be_stored_counting_goes_on_and_it_is_said(new_room: OpenRoom) -> None:
    room = begin(new_room, init=without_room("obscura-counts"))

    room.until_text("count-note", "^This browser isn't storing the counts")

    assert entered(room) == 1
    open_dialog(room)
    room.until_text("counts-summary", "^Zone 1: 1 entered")


@pytest.mark.provokes("Failed to load resource.*ERR_FAILED")
@pytest.mark.parametrize("part", ["js", "css"])
def test_where_the_chart_cannot_be_fetched_there_is_the_table(
    new_room: OpenRoom, part: str
) -> None:
    room = begin(new_room)
    entered(room)
    room.page.route(re.compile(rf"/uplot\.\w+\.{part}"), lambda route: route.abort())

    open_dialog(room)

    room.until_text("counts-note", "^The chart could not be loaded")
    assert room.at("counts-table").locator("td").first.inner_text() == "1"


def test_without_lines_and_zones_it_says_what_to_do(new_room: OpenRoom) -> None:
    room = new_room(cold=True).open()
    room.until_state("ready")
    turn_on(room)

    open_dialog(room)

    room.until_text("counts-empty", "^Nothing counted yet. Start a camera or video, and draw")
    assert not room.at("counts-figure").is_visible()


def cut_buttons(room: Room) -> list[str]:
    """Return the buttons of the dialog whose words go beyond them."""
    return list(
        room.at("counts-dialog").evaluate(
            """(dialog) => [...dialog.querySelectorAll("button")]
              .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.id)"""
        )
    )


@pytest.mark.parametrize(
    ("width", "height"), [(320, 640), (640, 400)], ids=["narrow", "zoomed-to-200-percent"]
)
def test_it_fits_a_narrow_screen_and_a_zoomed_page(dialog: Room, width: int, height: int) -> None:
    before = dialog.page.viewport_size
    dialog.page.set_viewport_size({"width": width, "height": height})
    dialog.page.evaluate(TWO_FRAMES)  # the chart follows with the next
    try:
        wide, visible = dialog.at("counts-dialog").evaluate(
            "(each) => [each.scrollWidth, each.clientWidth]"
        )
        assert wide <= visible
        assert cut_buttons(dialog) == []
    finally:
        dialog.page.set_viewport_size(before or DESKTOP["viewport"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "screen", [DESKTOP, PHONE, PHONE_ON_ITS_SIDE], ids=["desktop", "phone", "phone-on-its-side"]
)
def test_it_fits_every_screen(
    new_room: OpenRoom, artefacts: Path, screen: dict[str, Any], scheme: str
) -> None:
    room = with_an_hour(new_room, color_scheme=scheme, **screen)
    room.at("counts-earlier").click()
    room.page.evaluate("() => document.getElementById('counts-chart').focus()")
    for key in ("ArrowLeft", *["ArrowLeft"] * 20):
        room.page.keyboard.press(key)
    size = f"{screen['viewport']['width']}-{scheme}"
    room.page.screenshot(path=artefacts / f"counts-chart-{size}.png")
    widths = "(each) => [each.scrollWidth, each.clientWidth]"

    wide, visible = room.at("counts-dialog").evaluate(widths)

    assert wide <= visible
    assert cut_buttons(room) == []
    room.page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    assert room.page.evaluate(AXE) == []
    room.at("counts-as").click()
    room.page.screenshot(path=artefacts / f"counts-table-{size}.png")
    assert room.page.evaluate(AXE) == []
