"""Colours that can be told apart, ink that can be read, labels that do not cover one another."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from obscura import drawing
from obscura.drawing import PALETTE, colour, ink, luminance, place_labels

# Machado, Oliveira and Fernandes 2009: how full colour blindness maps linear RGB.
SIGHTS = {
    "normal": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def cielab(palette: tuple[str, ...], sight: str) -> np.ndarray:
    """Return ``(n, 3)`` L*, a*, b* of ``#rrggbb`` colours as someone of that sight sees them."""
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in palette]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(SIGHTS[sight]), 0, 1) @ TO_XYZ.T / TO_XYZ.sum(axis=1)
    f = np.where(seen > (6 / 29) ** 3, np.cbrt(seen), seen / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


@pytest.mark.parametrize("sight", SIGHTS)
def test_any_two_colours_can_be_told_apart(sight: str) -> None:
    lab = cielab(PALETTE, sight)

    nearest = min(math.dist(a, b) for a, b in itertools.combinations(lab, 2))

    assert nearest > 20  # about twenty times the least difference that can be seen side by side


def test_colours_stand_out_from_their_dark_casing() -> None:
    assert cielab(PALETTE, "normal")[:, 0].min() > 45


def test_a_class_keeps_its_colour_and_classes_beyond_the_palette_have_one_too() -> None:
    assert colour(0) == PALETTE[0]
    assert colour(len(PALETTE) + 3) == PALETTE[3]


def test_the_classes_that_most_often_meet_differ() -> None:
    # person, car, dog, chair, cup, laptop, phone among COCO's eighty
    assert len({colour(class_id) for class_id in (0, 2, 16, 56, 41, 63, 67)}) >= 6


@pytest.mark.parametrize(
    ("background", "expected"),
    [("#ffffff", "#000"), ("#000000", "#fff"), ("#ffff00", "#000"), ("#0000aa", "#fff")],
)
def test_ink(background: str, expected: str) -> None:
    assert ink(background) == expected


@pytest.mark.parametrize(
    "background", [*PALETTE, *(f"#{g:02x}{g:02x}{g:02x}" for g in range(0, 256, 5))]
)
def test_ink_always_has_enough_contrast(background: str) -> None:
    lighter, darker = sorted(
        (luminance(background), 0.0 if ink(background) == "#000" else 1.0), reverse=True
    )

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def place(*rows: tuple[float, float, float, float], width: float = 40) -> list[list[float]]:
    """Place labels of one width and 10 high on a surface of 200 by 100."""
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    widths = np.full(len(boxes), width, np.float32)
    placed = place_labels(boxes, widths, 10, 200, 100)
    assert placed.dtype == np.float32
    return placed.tolist()


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((50, 30, 150, 80), [50, 20]),  # above, flush left
        ((50, 4, 150, 80), [50, 4]),  # no room above: inside, at the top
        ((180, 30, 200, 80), [160, 20]),  # no room to the right: flush with the edge
        ((-5, 30, 60, 80), [0, 20]),  # none to the left either
        ((50, -20, 150, 80), [50, 80]),  # top edge unseen: below the box
        ((0, 0, 200, 100), [0, 0]),  # the box is all there is
    ],
)
def test_a_single_label_stays_with_its_box(
    box: tuple[float, float, float, float], expected: list[float]
) -> None:
    assert place(box) == [expected]


def test_a_label_moves_aside_for_a_better_one() -> None:
    first, second = place((50, 30, 150, 80), (52, 28, 150, 80))

    assert first == [50, 20]  # the better one keeps the best place
    assert second == [110, 18]  # flush right: above and inside on the left are covered


def test_labels_of_a_crowd_do_not_cover_one_another() -> None:
    boxes = [(50 + i, 40 + i, 150 + i, 80 + i) for i in range(5)]

    corners = np.array(place(*boxes))

    for a, b in itertools.combinations(corners, 2):
        assert abs(a - b)[0] >= 40 or abs(a - b)[1] >= 10


def test_a_hundred_labels_in_one_place_stay_on_the_surface() -> None:
    corners = np.array(place(*[(190, 90, 199, 99)] * 100))

    assert (corners >= 0).all()
    assert (corners <= [160, 90]).all()


def test_a_label_wider_than_the_surface_starts_at_its_left_edge() -> None:
    assert place((50, 30, 150, 80), width=300) == [[0, 20]]


def test_a_label_does_not_hide_the_small_object_that_it_names() -> None:
    """No room above: not inside, where it would hide all of the box, but below it."""
    assert place((50, 4, 70, 14)) == [[50, 14]]


def test_a_label_does_not_hide_a_small_neighbour() -> None:
    first, _ = place((50, 30, 150, 80), (60, 22, 70, 30))

    assert first != [50, 20]  # its usual place, where the neighbour is
    assert first == [50, 30]


def test_labels_have_heights_of_their_own() -> None:
    boxes = np.array([[50, 40, 150, 80], [50, 90, 60, 95]], np.float32)

    placed = place_labels(
        boxes, np.full(2, 40, np.float32), np.array([20, 6], np.float32), 200, 100
    )

    assert placed.tolist() == [[50, 20], [50, 84]]


def test_no_boxes_no_labels() -> None:
    assert place() == []


def test_many_labels_are_placed_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    corners = random.uniform(0, 1, (150, 2)) * (900, 500)
    boxes = np.concatenate([corners, corners + random.uniform(5, 100, (150, 2))], axis=1)
    given = boxes.astype(np.float32), random.uniform(30, 90, 150).astype(np.float32), 16, 1000, 600

    many = place_labels(*given)
    monkeypatch.setattr(drawing, "MANY", 1000)

    assert many.tolist() == place_labels(*given).tolist()
