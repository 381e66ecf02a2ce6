"""Class names: read from the files that people have, refused by line, and guessed by count."""

from __future__ import annotations

import json

import pytest

from obscura.cards.card import wrong_label
from obscura.cards.labels import COCO, MOST_BYTES, VOC, embedded, known, parse
from obscura.cards.table import UNSHOWABLE
from obscura.errors import LabelsError

TWO = ("person", "traffic light")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "person\ntraffic light\n"),
        ("a.TXT", "person\r\ntraffic light\r\n\r\n \n"),
        ("coco.names", "person\n  traffic light"),
        ("a.txt", "0 person\n1 traffic light\n"),
        ("a.txt", "1: person\n2: traffic light\n"),
        ("a.json", '["person", "traffic light"]'),
        ("a.json", '{"0": "person", "1": "traffic light"}'),
        ("a.json", '{"1": "person", "2": "traffic light"}'),
        ("a.json", '{"traffic light": 1, "person": 0}'),
        ("a.json", '{"model_type": "detr", "id2label": {"0": "person", "1": "traffic light"}}'),
        ("a.json", '{"images": [], "categories": [{"id": 9, "name": "traffic light"}, '
         '{"id": 1, "name": "person", "supercategory": "person"}]}'),
        ("a.toml", 'labels = ["person", "traffic light"]'),
        ("a.toml", '[names]\n0 = "person"\n1 = "traffic light"'),
        ("data.yaml", "path: x\nnames:\n  0: person\n  1: traffic light  # red\n\nnc: 2\n"),
        ("data.yaml", "names:\n- person\n- 'traffic light'\nnc: 2\n"),
        ("data.yml", "nc: 2\nnames: ['person', \"traffic light\"]\nroboflow:\n  x: [1]\n"),
        ("data.yml", "names: [person,\n  traffic light,]\n"),
        ("data.yml", "names: {0: person, 1: traffic light}"),
        ("map.pbtxt", 'item { name: "/m/01" id: 1 display_name: "person" }\n'
         "item {\n  id: 2\n  name: 'traffic light'\n}\n"),
    ],
)  # fmt: skip
def test_names_are_read_from_what_people_have(name: str, text: str) -> None:
    assert parse(name, text.encode()) == TWO


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_of_windows_editors_are_read(encoding: str) -> None:
    assert parse("a.txt", "Fußgänger\r\n信号\r\n".encode(encoding)) == ("Fußgänger", "信号")


def test_numbers_that_do_not_count_the_lines_are_part_of_the_name() -> None:
    assert parse("a.txt", b"7 up\n8 ball") == ("7 up", "8 ball")


def test_numbers_that_a_table_leaves_out_are_named() -> None:
    assert parse("a.json", b'{"0": "a", "3": "b"}') == ("a", "unused 1", "unused 2", "b")


def test_classes_that_say_they_are_none_are_told_apart() -> None:
    assert parse("labelmap.txt", b"???\na\nN/A\n") == ("unused 0", "a", "unused 2")


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("a.csv", b"a", r"a\.csv.*\.txt.*\.yaml"),
        ("labels", b"a", r"labels.*\.txt"),
        ("a.txt", b"", "no class names"),
        ("a.txt", b"\xef\xbb\xbf\n\n", "no class names"),
        ("a.txt", b"a\n\nb", r"on line 2.*1 to 200 letters"),
        ("a.txt", b"a\nb\na", r"on line 3.*'a'.*only once"),
        ("a.txt", b"a\nb\x00", r"on line 2.*control"),
        ("a.txt", b"a" * 201, "on line 1.*200"),
        ("a.txt", b"a\n\xff", r"no text \(byte 2\)"),
        ("a.txt", "\n".join(map(str, range(5, 10_006))).encode(), r"too many class names \(10001"),
        ("a.txt", b"a" * (MOST_BYTES + 1), "too large"),
        ("a.json", b"[", "no valid JSON"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b'"person"', "wrong kind .'person'"),
        ("a.json", b'["a", 7]', r"at place 2 is of the wrong kind \(7\)"),
        ("a.json", b'["a", "\\ud800"]', r"at place 2.*control"),
        ("a.json", b'{"0": 1.5}', "number 0 is of the wrong kind"),
        ("a.json", b'{"a": 1, "b": 1}', r"one number \(1\)"),
        ("a.json", b'{"person": "car"}', "'person'.*labels, names"),
        ("a.json", b'{"0": "a", "999999": "b"}', r"too large \(999999\)"),
        ("a.json", b'[{"id": "x", "name": "a"}]', "id is of the wrong kind"),
        ("a.json", b"[" + b"9" * 5000 + b"]", "no valid JSON"),
        ("a.toml", b"labels = [", "no valid TOML"),
        ("a.toml", b"labels = [0x" + b"f" * 9000 + b"]", "absurdly large number"),
        ("a.toml", b"labels = {a = 0x" + b"f" * 9000 + b"}", "where they are looked for"),
        ("a.toml", b"x = " + b"{a=" * 50_000, "nested too deeply"),
        ("a.yaml", b"nc: 2", "no class names"),
        ("a.yaml", b"names: coco.txt", "no class names"),
        ("a.pbtxt", b"item { id: 1 }", "lacks id or name"),
        ("a.pbtxt", b"item {", "no class names"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_place(name: str, data: bytes, complaint: str) -> None:
    with pytest.raises(LabelsError, match=complaint):
        parse(name, data)


@pytest.mark.parametrize(
    "text",
    [
        "{0: 'person', 1: 'traffic light'}",  # Ultralytics
        "{0: 'person', 1: 'traffic light',}",
        "['person', 'traffic light']",
        json.dumps(TWO),
        json.dumps(dict(enumerate(TWO))),
        "person,traffic light",
        " person, traffic light \n",
    ],
)
def test_names_embedded_in_a_network_are_found(text: str) -> None:
    assert embedded(text) == TWO


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("['a', 'b', 'a', 'a']", ("a", "b", "a (2)", "a (3)")),
        ("['a', 'a (2)', 'a']", ("a", "a (2)", "a (3)")),
        ("['a', '', ' ']", ("a", "class 2", "class 3")),
        (repr(["a\nb", "c\x00"]), ("a b", "c")),
        (repr(["x" * 300, "x" * 300]), ("x" * 200, "x" * 191 + " (2)")),
        ("{0: 'a', 1: None, 2: 7}", ("a", "None", "7")),
        (r'["\ud800"]', ("class 1",)),
        ("text\ntitle\nfigure\n", ("text", "title", "figure")),
        ("text\ntext", ("text", "text (2)")),
    ],
)
def test_an_odd_name_in_a_network_is_made_valid_and_the_others_stay(
    text: str, names: tuple[str, ...]
) -> None:
    assert embedded(text) == names
    assert wrong_label(names) is None


@pytest.mark.parametrize(
    "name", ["a\xa0b", "zero\u200bwidth", "\U000e0001x", "tab\\t", "é", "\x85"]
)
def test_escapes_as_pythons_repr_writes_them_are_decoded(name: str) -> None:
    (read,) = embedded(repr({0: name}))

    assert read == UNSHOWABLE.sub(" ", name).strip() or read == "class 1"
    assert "\\x" not in read


@pytest.mark.parametrize(
    "names", [["it's"], ['say "a"'], ["a,b", "c"], ["a\\b", "日本"], ["{0: 1}"]]
)
def test_quotes_and_commas_survive_pythons_and_jsons_way_of_writing(names: list[str]) -> None:
    assert embedded(repr(dict(enumerate(names)))) == tuple(names)
    assert embedded(json.dumps(names)) == tuple(names)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "{0: 'a', 0: 'b'}", "{'a', 'b'}", "[1, [2]]", "{0: 'a'", "[,]"],
)
def test_what_holds_no_names_gives_none(text: str) -> None:
    assert embedded(text) == ()


def test_eighty_classes_are_cocos_and_twenty_vocs() -> None:
    assert known(80) == (COCO, "COCO")
    assert known(20) == (VOC, "PASCAL VOC")
    assert len(set(VOC)) == 20


def test_the_ids_of_coco_have_gaps() -> None:
    by_id, less_one = known(91).labels, known(90).labels

    assert (len(by_id), len(less_one)) == (91, 90)
    assert (by_id[1], by_id[12], by_id[90]) == ("person", "unused 12", "toothbrush")
    assert less_one == by_id[1:]
    assert len(set(by_id)) == 91


def test_other_counts_are_numbered() -> None:
    assert known(3) == (("class 1", "class 2", "class 3"), "")


def test_more_classes_than_a_card_may_have_are_not_numbered() -> None:
    with pytest.raises(LabelsError, match="too many classes"):
        known(2**60)


def test_a_name_that_is_right_stays_when_another_is_made_distinct() -> None:
    assert embedded("['cup', 'cup', 'cup (2)']") == ("cup", "cup (3)", "cup (2)")


@pytest.mark.parametrize("text", ['{"nc": 3}', '{"nc": 3, "version": 1}'])
def test_numbers_that_are_no_classes_are_no_names(text: str) -> None:
    with pytest.raises(LabelsError, match="no class names where they are looked for"):
        parse("names.json", text.encode())
