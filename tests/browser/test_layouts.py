"""The row of buttons and the grid of pictures: all within the screen, and none over another."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import OpenRoom
from .pictures import encode, sample
from .room import Room
from .test_photos_grid import file, give, until_analysed

SIZES = {
    "a small phone": (320, 568),
    "a phone": (360, 740),
    "a larger phone": (390, 844),
    "a narrow window": (600, 800),
    "a tablet": (768, 1024),
    "a tablet on its side": (1024, 768),
    "a small phone on its side": (568, 320),
    "a phone on its side": (740, 360),
    "a desktop": (1440, 900),
}
FAULTS = """([targets, within]) => {
  const shown = [...document.querySelectorAll(targets)].filter((each) => each.checkVisibility(
    { visibilityProperty: true }) && each.getClientRects().length);
  const boxes = shown.map((each) => [each.id || each.textContent.trim(),
    each.getBoundingClientRect()]);
  const found = [];
  for (const [name, box] of boxes) {
    const inside = box.left >= -0.5 && box.top >= -0.5 && box.right <= innerWidth + 0.5
      && box.bottom <= innerHeight + 0.5;
    if (!inside) found.push(`${name} is off the screen`);
    if (within && (box.width < 43.5 || box.height < 43.5)) found.push(`${name} is small`);
  }
  boxes.forEach(([name, a], index) => {
    for (const [other, b] of boxes.slice(index + 1)) {
      const over = Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
      if (over) found.push(`${name} lies over ${other}`);
    }
  });
  return shown.length ? found : ["nothing is shown"];
}"""
MAIN = "#controls > *, .bar > *, .bar-end > *, .on-picture > *, #meter-line, #picture-strip button"
MAIN = MAIN.replace(".bar > *", ".brand, .promise")


def faults(room: Room, targets: str, *, touched: bool = True) -> dict[str, Any]:
    """Return what is wrong with elements, by the size of the screen."""
    found = {}
    for name, (width, height) in SIZES.items():
        room.page.set_viewport_size({"width": width, "height": height})
        room.ticks(2)
        wrong = room.page.evaluate(FAULTS, [targets, touched])
        if wrong:
            found[name] = wrong
    return found


@pytest.fixture(scope="module", params=["touch", "mouse"])
def visit(shared_room: OpenRoom, request: pytest.FixtureRequest) -> Room:
    """A visit with pictures and two cameras: all buttons there are."""
    options = {"has_touch": True, "is_mobile": True} if request.param == "touch" else {}
    room = shared_room("two cameras", **options).open()
    room.until_state("ready")
    return room


def test_all_buttons_are_on_the_screen_on_the_start_page(visit: Room) -> None:
    assert faults(visit, MAIN) == {}


def test_all_is_on_the_screen_in_the_grid_and_beside_a_picture_of_it(visit: Room) -> None:
    give(visit, *(file(f"p{n}.png", encode(sample().resize((90, 90 + n)))) for n in range(3)))
    until_analysed(visit, 3)
    assert faults(visit, ".photos-head :is(.button, button)") == {}
    foot = ".photos-foot :is(button, select), .photos-choose :is(select, input)"
    assert faults(visit, foot) == {}
    assert faults(visit, "#photos-grid .photo-name", touched=False) == {}

    visit.page.keyboard.press("Escape")
    visit.page.wait_for_selector("#photos-dialog", state="hidden")

    assert faults(visit, MAIN) == {}


def test_all_buttons_are_on_the_screen_while_the_camera_runs(visit: Room) -> None:
    visit.start()
    visit.page.wait_for_selector("#flip", state="visible")

    assert faults(visit, MAIN) == {}

    visit.stop()
    visit.page.wait_for_selector("#photos", state="visible")
    assert faults(visit, MAIN) == {}, "on the start page with the pictures"


def test_the_mark_stands_beside_the_name(visit: Room) -> None:
    visit.page.set_viewport_size({"width": 1440, "height": 900})

    edges = visit.page.evaluate(
        """() => [document.querySelector(".brand .mark"), document.querySelector(".brand span")]
          .map((each) => each.getBoundingClientRect()).map(({ left, right }) => [left, right])"""
    )

    assert edges[0][1] <= edges[1][0]
