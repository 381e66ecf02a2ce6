"""A model on a server: what is sent, how its answers are read, and what its refusals mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from obscura.cards.card import InputSpec, ModelCard
from obscura.engine.remote import (
    BY_STATUS,
    DROPPED,
    LONGEST_WAIT_S,
    TRIES,
    Picture,
    Refusal,
    RemoteSession,
    Reply,
    ServerError,
    answer_of,
    check_model,
    rows,
)
from obscura.families.decode import decode, read

from ..page.fakes import run

ROWS = [(10.0, 20.0, 110.0, 220.0, 0.9, 0), (300.5, 40.25, 500.0, 400.0, 0.6, 2)]


@pytest.fixture
def card(card_table: dict[str, Any]) -> ModelCard:
    """Of a sealed model with a square input of 64 pixels."""
    return ModelCard.from_dict(card_table)


def record(width: int = 640, height: int = 480, **changed: Any) -> dict[str, Any]:
    """Return what a server answers."""
    keys = ("x1", "y1", "x2", "y2", "score", "class_id")
    found = [dict(zip(keys, row, strict=True)) for row in ROWS]
    return {"width": width, "height": height, "detections": found} | changed


class Frame:
    """A picture of the platform."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height


class Server:
    """Answers in turn; the last answer stays."""

    def __init__(self, *replies: Reply | ServerError) -> None:
        self._replies = list(replies)
        self.asked: list[str] = []

    def draw(self, frame: Frame, size: Callable[[Any], Any]) -> Picture:
        return Picture(frame, *size(frame.size))

    async def get(self, path: str) -> Reply:
        raise AssertionError(path)

    async def post(self, path: str, picture: Picture) -> Reply:
        self.asked.append(path)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, ServerError):
            raise reply
        return reply


def good(width: int = 64, height: int = 64) -> Reply:
    """Return the answer for a picture of a size."""
    return Reply(200, json.dumps(record(width, height)))


def session(
    card: ModelCard, server: Server, failed: list[Refusal] | None = None
) -> tuple[RemoteSession, list[float]]:
    """Return a session, and the seconds that it will have waited."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    report = [] if failed is None else failed
    made = RemoteSession(server, card, "h", lambda error: report.append(error.refusal), sleep)
    return made, waits


def test_a_picture_is_sent_no_larger_than_the_input_and_every_row_is_asked_for(
    card: ModelCard,
) -> None:
    server = Server(good())
    made, _ = session(card, server)

    found = run(made.run(Frame(640, 480)))

    assert server.asked == ["/v1/detect?model=colours&threshold=0.01&iou=1&width=64&height=64"]
    assert [found[name].shape for name in ("boxes", "scores", "classes")] == [
        (1, 2, 4),
        (1, 2),
        (1, 2),
    ]


def test_a_smaller_picture_is_not_enlarged(card: ModelCard) -> None:
    server = Server(good(32, 20))
    made, _ = session(card, server)

    run(made.run(Frame(32, 20)))

    assert server.asked[0].endswith("&width=32&height=20")


@pytest.mark.parametrize("resize", ["stretch", "letterbox", "letterbox-corner"])
@pytest.mark.parametrize("sent", [(640, 480), (480, 640), (300, 300)])
def test_rows_are_decoded_to_where_the_server_found_them(
    card: ModelCard, resize: str, sent: tuple[int, int]
) -> None:
    card = replace(card, input=InputSpec(320, 320, resize))
    corners = np.array([row[:4] for row in ROWS]) * [*sent, *sent] / np.array([640, 480] * 2)
    answer = record(*sent)
    for each, box in zip(answer["detections"], corners.tolist(), strict=True):
        each |= dict(zip(("x1", "y1", "x2", "y2"), box, strict=True))

    found = decode(read(rows(answer, card, sent), card), card, sent)

    wanted = np.minimum(corners, [*sent, *sent])
    np.testing.assert_allclose(found.xyxy, wanted, atol=0.01)
    np.testing.assert_allclose(found.score, [0.9, 0.6], atol=1e-6)
    assert found.class_id.tolist() == [0, 2]


def test_nothing_found_is_no_rows(card: ModelCard) -> None:
    found = rows(record(64, 64, detections=[]), card, (64, 64))

    assert len(decode(read(found, card), card, (640, 480))) == 0


@pytest.mark.parametrize(
    "answer",
    [
        {},
        record(detections=None),
        record(detections=[{"x1": 1}]),
        record(detections=[{**record()["detections"][0], "x1": "left"}]),
        record(width=None),
        record(width=32),
    ],
    ids=["empty", "null", "incomplete", "words", "no size", "another size"],
)
def test_an_answer_that_is_no_record_of_the_picture_is_refused(
    card: ModelCard, answer: dict[str, Any]
) -> None:
    with pytest.raises(ServerError) as raised:
        rows(answer, card, (640, 480))

    assert raised.value.refusal is Refusal.FAILED


@pytest.mark.parametrize("status", [*BY_STATUS, 400, 408, 500, 502, 204])
def test_every_other_status_is_a_refusal(status: int) -> None:
    with pytest.raises(ServerError) as raised:
        answer_of(Reply(status, "{}"))

    assert raised.value.refusal is BY_STATUS.get(status, Refusal.FAILED)


@pytest.mark.parametrize("body", ["", "<html>", "[]", "3"])
def test_what_is_not_an_object_is_refused(body: str) -> None:
    with pytest.raises(ServerError):
        answer_of(Reply(200, body))


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(card: ModelCard, status: int) -> None:
    server = Server(Reply(status, "{}", 2.0), good())
    made, waits = session(card, server)

    assert run(made.run(Frame(640, 480)))
    assert (len(server.asked), waits) == (2, [2.0])


@pytest.mark.parametrize("status", DROPPED)
@pytest.mark.parametrize("body", ["", "Internal Server Error", "<html>", "[]"])
def test_a_picture_that_a_server_dropped_is_sent_again_at_once(
    card: ModelCard, status: int, body: str
) -> None:
    server = Server(Reply(status, body), good())
    made, waits = session(card, server)

    assert run(made.run(Frame(640, 480)))
    assert (len(server.asked), waits) == (2, [0.0])


@pytest.mark.parametrize(
    ("reply", "asked"),
    [
        (Reply(500, ""), TRIES),
        (Reply(429, "{}", 1.0), TRIES),
        (Reply(429, "{}", LONGEST_WAIT_S + 1), 1),
        (Reply(429, "{}"), 1),
        (Reply(500, "{}", 1.0), 1),
        (ServerError(Refusal.GONE), 1),
    ],
    ids=["drops all", "stays busy", "wants long", "does not say", "fails", "is gone"],
)
def test_a_server_that_goes_on_refusing_is_given_up_for_good(
    card: ModelCard, reply: Reply | ServerError, asked: int
) -> None:
    failed: list[Refusal] = []
    server = Server(reply)
    made, _ = session(card, server, failed)

    for _ in range(2):
        with pytest.raises(ServerError):
            run(made.run(Frame(640, 480)))

    assert len(server.asked) == asked
    assert made.lost
    assert len(failed) == 1


def test_a_closed_session_sends_nothing(card: ModelCard) -> None:
    failed: list[Refusal] = []
    server = Server(good())
    made, _ = session(card, server, failed)
    made.close()

    with pytest.raises(ServerError):
        run(made.run(Frame(640, 480)))

    assert server.asked == []
    assert failed == []


# ---- the very model ------------------------------------------------------------------------------


def listing(**changed: Any) -> dict[str, Any]:
    """Return what a server lists."""
    model = {"name": "colours", "sha256": "0" * 64, "adjustable": True} | changed
    return {"ready": True, "models": [{"name": "other"}, model]}


def test_the_same_file_is_the_same_model(card: ModelCard) -> None:
    check_model(listing(), card)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"ready": True, "models": "colours"},
        listing(name="shapes"),
        listing(sha256="1" * 64),
        listing(adjustable=False),
    ],
)
def test_any_other_is_not(card: ModelCard, answer: dict[str, Any]) -> None:
    with pytest.raises(ServerError) as raised:
        check_model(answer, card)

    assert raised.value.refusal is Refusal.MODEL


def test_a_server_that_loads_its_models_is_not_ready(card: ModelCard) -> None:
    with pytest.raises(ServerError) as raised:
        check_model(listing() | {"ready": False}, card)

    assert raised.value.refusal is Refusal.LOADING
