"""Detections: validated, immutable, sliceable, plain when exported."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from obscura.detections import Detections


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


def test_an_index_that_chooses_no_rows_by_number_is_refused() -> None:
    with pytest.raises(IndexError, match="wanted a mask"):
        _ = three()[np.ones((3, 4), np.bool_)]


def test_the_rows_of_an_index_are_read_only_too() -> None:
    for rows in (three()[:2], three()[[0, 1]], three().replace(score=[1.0, 0.5, 0.25])):
        with pytest.raises(ValueError, match="read-only"):
            rows.score[0] = 1


def test_iteration_gives_one_row_at_a_time() -> None:
    assert [row.class_id.tolist() for row in three()] == [[2], [0], [1]]


def test_sorted_puts_the_best_first_and_keeps_the_order_of_equals() -> None:
    detections = three(score=np.array([0.5, 0.9, 0.5], np.float32)).sorted()

    assert detections.class_id.tolist() == [0, 2, 1]


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


def test_replace_exchanges_the_fields_named_and_keeps_the_others() -> None:
    before = three(track_id=[7, 8, 9], data={"name": np.array(["a", "b", "c"])})

    after = before.replace(score=[0.1, 0.2, 0.3], class_id=np.array([5, 5, 5]))

    assert np.allclose(after.score, [0.1, 0.2, 0.3])
    assert after.class_id.tolist() == [5, 5, 5]
    assert (after.score.dtype, after.class_id.dtype) == (np.float32, np.int32)
    assert after.xyxy.tolist() == before.xyxy.tolist()
    assert after.track_id is not None
    assert after.track_id.tolist() == [7, 8, 9]
    assert after.data["name"].tolist() == ["a", "b", "c"]
    assert before.class_id.tolist() == [2, 0, 1]


def test_replace_removes_tracks_and_data_when_told() -> None:
    before = three(track_id=[7, 8, 9], data={"name": np.array(["a", "b", "c"])})

    after = before.replace(track_id=None, data={})

    assert after.track_id is None
    assert after.data == {}


def test_a_replaced_copy_shares_no_table_of_data() -> None:
    before = three(data={"name": np.array(["a", "b", "c"])})

    before.replace(score=[1, 1, 1]).data["more"] = np.zeros(3)

    assert list(before.data) == ["name"]


@pytest.mark.parametrize(
    ("fields", "error", "complaint"),
    [
        ({"score": np.zeros(2)}, ValueError, "score: wanted length 3"),  # the number of rows stays
        ({"xyxy": np.zeros((2, 4))}, ValueError, "xyxy: wanted length 3"),
        ({"xyxy": np.zeros((3, 5))}, ValueError, r"xyxy: wanted shape \(n, 4\)"),
        ({"class_id": [0.5, 1.5, 2.5]}, ValueError, "class_id: wanted int32"),
        ({"data": {"pose": np.zeros(1)}}, ValueError, r"data\['pose'\]"),
        ({"scores": np.zeros(3)}, TypeError, "no field scores"),
    ],
)
def test_replace_refuses_what_construction_would(
    fields: dict[str, Any], error: type[Exception], complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        three().replace(**fields)


def test_concatenate_joins_rows_in_the_order_of_the_parts() -> None:
    first = three(track_id=[1, 2, 3], data={"pose": np.zeros((3, 17, 2))})
    second = three(track_id=[4, 5, 6], data={"pose": np.ones((3, 17, 2))})

    both = Detections.concatenate([first, second[:1]])

    assert both.xyxy.tolist() == [*first.xyxy.tolist(), *second.xyxy.tolist()[:1]]
    assert both.score.tolist() == [*first.score.tolist(), *second.score.tolist()[:1]]
    assert both.class_id.tolist() == [2, 0, 1, 2]
    assert both.track_id is not None
    assert both.track_id.tolist() == [1, 2, 3, 4]
    assert both.data["pose"].shape == (4, 17, 2)
    assert both.data["pose"][3].all()
    assert not both.score.flags.writeable


def test_concatenated_rows_have_tracks_only_if_all_parts_do() -> None:
    assert Detections.concatenate([three(track_id=[1, 2, 3]), three()]).track_id is None


@pytest.mark.parametrize("order", [1, -1])
def test_data_that_a_part_lacks_cannot_be_concatenated(order: int) -> None:
    parts = [three(data={"pose": np.zeros(3)}), three()][::order]

    with pytest.raises(ValueError, match=r"data\['pose'\]: missing"):
        Detections.concatenate(parts)


def test_parts_without_rows_have_no_say_in_what_is_concatenated() -> None:
    tracked = three(track_id=[1, 2, 3], data={"pose": np.zeros(3)})

    for parts in ([Detections.empty(), tracked], [tracked, Detections.empty()]):
        joined = Detections.concatenate(parts)

        assert joined.track_id is not None
        assert list(joined.data) == ["pose"]


def test_nothing_concatenated_is_empty() -> None:
    rowless = three(track_id=[1, 2, 3])[:0]

    assert len(Detections.concatenate([])) == 0
    assert Detections.concatenate([rowless, Detections.empty()]).track_id is not None


@pytest.mark.parametrize(
    ("where", "points"), [("centre", [[3, 4], [12, 25]]), ("foot", [[3, 6], [12, 30]])]
)
def test_anchors_are_points_of_the_boxes(where: Any, points: list[list[float]]) -> None:
    found = Detections([[1, 2, 5, 6], [10, 20, 14, 30]], [0.9, 0.8], [0, 1])  # type: ignore[arg-type]

    anchors = found.anchors(where)

    assert anchors.tolist() == points
    assert anchors.dtype == np.float32


def test_no_rows_have_no_anchors() -> None:
    assert Detections.empty().anchors("foot").shape == (0, 2)


def test_an_anchor_of_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted centre or foot, got head"):
        three().anchors("head")  # type: ignore[arg-type]
