"""Detections: validated, immutable, sliceable, plain when exported."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from obscura.detections import ATTRIBUTES, Detections


def three(**changes: Any) -> Detections:
    fields = {
        "xyxy": np.arange(12, dtype=np.float32).reshape(3, 4),
        "score": np.array([0.3, 0.9, 0.6], np.float32),
        "class_id": np.array([2, 0, 1], np.int32),
    }
    return Detections(**(fields | changes))


def test_empty_has_all_shapes_and_no_rows() -> None:
    empty = Detections.empty()

    assert len(empty) == 0
    assert empty.xyxy.shape == (0, 4)
    assert empty.to_records(["dog"]) == []
    assert len(empty[:]) == len(empty.sorted()) == 0


def test_fields_get_their_types() -> None:
    given = three(
        xyxy=[[0, 1, 2, 3]] * 3,  # a list of whole numbers
        score=np.array([0.1, 0.2, 0.3]),  # float64
        class_id=[0, 1, 2],  # int64 on most machines
        track_id=np.array([7, 8, 9], np.int32),
    )

    assert [given.xyxy.dtype, given.score.dtype] == [np.float32, np.float32]
    assert given.class_id.dtype == np.int32
    assert given.track_id is not None
    assert given.track_id.dtype == np.int64


@pytest.mark.parametrize(
    ("field", "value", "wanted", "got"),
    [
        ("xyxy", np.zeros((3, 5)), "(n, 4)", "(3, 5)"),  # a column too many
        ("xyxy", np.zeros(4), "(n, 4)", "(4,)"),  # one box, not a list of boxes
        ("score", np.zeros(2), "length 3", "(2,)"),  # a row is missing
        ("score", np.zeros((3, 1)), "length 3", "(3, 1)"),  # a column, not a row
        ("class_id", np.array([0.0, 1.5, 2.0]), "int32", "float64"),  # half a class
        ("track_id", np.zeros(4, np.int64), "length 3", "(4,)"),  # a row too many
        ("data", {"pose": np.zeros((2, 17, 3))}, "data['pose']", "(2, 17, 3)"),  # rows missing
        ("data", {"mood": 3}, "data['mood']", "()"),  # not an array
    ],
)
def test_a_wrong_field_is_refused_by_name(field: str, value: Any, wanted: str, got: str) -> None:
    with pytest.raises(ValueError, match=field) as caught:
        three(**{field: value})

    assert wanted in str(caught.value)
    assert got in str(caught.value)


def test_arrays_are_read_only_copies() -> None:
    score = np.array([0.3, 0.9, 0.6], np.float32)
    detections = three(score=score)

    score[0] = 1

    assert detections.score[0] == np.float32(0.3)
    with pytest.raises(ValueError, match="read-only"):
        detections.score[0] = 1
    with pytest.raises(AttributeError):
        detections.score = score  # type: ignore[misc]


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (np.array([True, False, True]), [0, 2]),  # a mask
        (np.array([2, 0]), [2, 0]),  # indices, in their order
        ([1], [1]),  # a list of them
        (slice(1, None), [1, 2]),
        (slice(0, 0), []),
        (1, [1]),  # one row is still Detections
        (-1, [2]),  # from the end
        (np.int64(1), [1]),
    ],
)
def test_indexing_gives_the_detections_of_those_rows(index: Any, rows: list[int]) -> None:
    names = np.array(["a", "b", "c"], object)
    detections = three(track_id=np.array([7, 8, 9]), data={"name": names})

    chosen = detections[index]

    assert chosen.xyxy.tolist() == detections.xyxy[rows].tolist()
    assert chosen.score.tolist() == detections.score[rows].tolist()
    assert chosen.class_id.tolist() == detections.class_id[rows].tolist()
    assert chosen.track_id is not None
    assert chosen.track_id.tolist() == [[7, 8, 9][row] for row in rows]
    assert chosen.data["name"].tolist() == [names[row] for row in rows]


def test_an_index_beyond_the_rows_is_an_error() -> None:
    with pytest.raises(IndexError):
        three()[3]


def test_iteration_gives_one_row_at_a_time() -> None:
    assert [row.class_id.tolist() for row in three()] == [[2], [0], [1]]


def test_sorted_puts_the_best_first_and_keeps_the_order_of_equals() -> None:
    detections = three(score=np.array([0.5, 0.9, 0.5], np.float32)).sorted()

    assert detections.class_id.tolist() == [0, 2, 1]


def everything() -> Detections:
    return three(track_id=np.array([7, 8, 9]), data={"mask": np.arange(6).reshape(3, 2)})


def as_lists(detections: Detections) -> dict[str, Any]:
    arrays = {name: getattr(detections, name) for name in ("xyxy", "score", "class_id", "track_id")}
    arrays |= detections.data
    return {name: None if array is None else array.tolist() for name, array in arrays.items()}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("xyxy", np.ones((3, 4))),
        ("score", np.ones(3)),
        ("class_id", np.full(3, 5)),
        ("track_id", np.full(3, 6)),
        ("track_id", None),
    ],
)
def test_replace_exchanges_a_field_and_keeps_all_others(field: str, value: Any) -> None:
    before = everything()

    after = before.replace(**{field: value})

    expected = as_lists(before) | {field: None if value is None else value.tolist()}
    assert as_lists(after) == expected
    assert as_lists(before) == as_lists(everything())


def test_replace_exchanges_data_as_a_whole() -> None:
    after = everything().replace(data={"name": np.array(["a", "b", "c"])})

    assert {name: array.tolist() for name, array in after.data.items()} == {"name": ["a", "b", "c"]}


def test_replace_validates_and_knows_its_fields() -> None:
    with pytest.raises(ValueError, match="score"):
        everything().replace(score=np.ones(2))
    with pytest.raises(TypeError, match="scores"):
        everything().replace(scores=np.ones(3))


def test_concatenate_puts_the_rows_of_all_parts_in_order() -> None:
    whole = everything()

    again = Detections.concatenate(part for part in (whole[:1], whole[1:]))

    assert as_lists(again) == as_lists(whole)
    assert again.xyxy.dtype == np.float32
    assert again.track_id is not None
    assert again.track_id.dtype == np.int64


def test_concatenate_keeps_track_ids_only_if_all_parts_have_them() -> None:
    whole = everything()

    assert Detections.concatenate([whole, whole.replace(track_id=None)]).track_id is None


@pytest.mark.parametrize("changed", [{}, {"mask": np.zeros((3, 5))}])
def test_concatenate_refuses_data_that_does_not_go_together(changed: dict[str, Any]) -> None:
    whole = everything()

    for parts in ([whole, whole.replace(data=changed)], [whole.replace(data=changed), whole]):
        with pytest.raises(ValueError, match="mask"):
            Detections.concatenate(parts)


def test_concatenate_ignores_parts_without_rows() -> None:
    whole, empty = everything(), Detections.empty()

    assert as_lists(Detections.concatenate([empty, whole, empty])) == as_lists(whole)


@pytest.mark.parametrize("parts", [[], [Detections.empty()], [Detections.empty()] * 3])
def test_concatenate_of_nothing_is_empty(parts: list[Detections]) -> None:
    assert as_lists(Detections.concatenate(parts)) == as_lists(Detections.empty())


def test_concatenate_of_tracked_parts_without_rows_is_still_tracked() -> None:
    assert Detections.concatenate([everything()[:0]] * 2).track_id is not None


@pytest.mark.parametrize(
    ("where", "points"), [("centre", [[30, 40], [1, 2]]), ("foot", [[30, 60], [1, 3]])]
)
def test_anchors_are_points_of_the_boxes_in_pixels(where: Any, points: list[list[int]]) -> None:
    found = Detections(
        np.array([[10, 20, 50, 60], [0, 1, 2, 3]], np.float32), np.ones(2), np.zeros(2, np.int32)
    )

    anchors = found.anchors(where)

    assert anchors.tolist() == points
    assert anchors.dtype == np.float32
    assert Detections.empty().anchors(where).shape == (0, 2)


def test_an_unknown_anchor_is_refused() -> None:
    with pytest.raises(ValueError, match="head"):
        three().anchors("head")  # type: ignore[arg-type]


def test_records_are_plain_json() -> None:
    detections = three(track_id=np.array([7, 8, 9]))[:1]

    records = detections.to_records(["dog", "cat", "cow"])

    assert records == [{"label": "cow", "score": 0.3, "box": [0.0, 1.0, 2.0, 3.0], "track_id": 7}]
    assert json.loads(json.dumps(records)) == records


def test_records_keep_as_many_digits_as_asked() -> None:
    detections = three(xyxy=np.full((3, 4), 1.23456, np.float32))[0]

    (record,) = detections.to_records(["dog", "cat", "cow"], digits=2)

    assert record["box"] == [1.23] * 4
    assert record["track_id"] is None


def test_records_have_what_heads_found_out_and_nothing_where_they_did_not() -> None:
    points = np.zeros((3, 1, 3), np.float32)
    points[2] = [1.23456, 2, 1]
    known = [{"emotion": {"label": "happy", "score": 0.9}}, {}, {}]
    found = three(data={ATTRIBUTES: np.array(known, object), "keypoints": points})

    first, second, third = found.to_records(["dog", "cat", "cow"], digits=2)

    assert first["attributes"] == known[0]
    assert "keypoints" not in first
    assert {"attributes", "keypoints"}.isdisjoint(second)
    assert third["keypoints"] == [[1.23, 2.0, 1.0]]
    assert [each.get("attributes") for each in found[::-1].to_records(["dog", "cat", "cow"])] == [
        None,
        None,
        known[0],
    ]


def test_a_row_without_a_track_has_no_number() -> None:
    two = Detections([[0, 0, 9, 9], [0, 0, 9, 9]], [0.9, 0.8], [0, 0], [7, -1])

    assert two.track_numbers() == [7, None]
    assert [each["track_id"] for each in two.to_records(["cat"])] == [7, None]
    assert two.replace(track_id=None).track_numbers() == [None, None]


def test_arrays_that_are_given_away_are_neither_copied_nor_writable_from_then_on() -> None:
    xyxy, score = np.zeros((2, 4), np.float32), np.float32([0.9, 0.8])
    more = {"seen_s": np.zeros(2)}

    made = Detections.owning(xyxy, score, np.int32([1, 2]), np.int64([7, 8]), more)

    assert made.xyxy is xyxy
    assert as_lists(made) == as_lists(
        Detections([[0] * 4] * 2, [0.9, 0.8], [1, 2], [7, 8], {"seen_s": [0.0, 0.0]})
    )
    for array in (xyxy, score, more["seen_s"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("index", [[[0, 1]], np.array([[0, 1]])])
def test_rows_are_chosen_by_a_flat_list(index: Any) -> None:
    found = Detections(np.zeros((2, 4), np.float32), np.ones(2, np.float32), np.zeros(2, np.int32))
    with pytest.raises(ValueError, match=r"wanted shape \(n, 4\)"):
        found[index]
