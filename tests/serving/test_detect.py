"""Detection over HTTP: the record of the command line, and a refusal for whatever is no picture."""

from __future__ import annotations

import io
import json
import re

import httpx
import numpy as np
import pytest
from PIL import Image

from obscura import pictures
from obscura.cli import main

from .conftest import SAMPLE, error


def encoded(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "#808080").save(file, kind)
    return file.getvalue()


def test_the_answer_is_the_record_of_the_command_line(
    client: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["detect", str(SAMPLE), "--format", "jsonl", "--threads", "1"]) == 0
    wanted = {**json.loads(capsys.readouterr().out), "source": ""}

    answer = client.post("/v1/detect", content=SAMPLE.read_bytes())

    assert answer.status_code == 200
    assert answer.json() == wanted
    assert wanted["detections"]


@pytest.mark.parametrize("kind", ["application/x-rgba", "Application/X-RGBA; a=b"])
def test_raw_pixels_are_answered_as_the_picture_they_are_of(
    client: httpx.Client, kind: str
) -> None:
    pixels = pictures.to_rgba(pictures.open_picture(SAMPLE))
    height, width = pixels.shape[:2]

    answer = client.post(
        "/v1/detect",
        params={"width": width, "height": height},
        content=pixels.tobytes(),
        headers={"Content-Type": kind},
    )

    # More than a megabyte: it came in many parts.
    assert answer.json() == client.post("/v1/detect", content=SAMPLE.read_bytes()).json()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "GIF", "BMP", "AVIF"])
def test_these_kinds_are_read_whatever_their_content_type(client: httpx.Client, kind: str) -> None:
    answer = client.post(
        "/v1/detect", content=encoded(kind), headers={"Content-Type": "text/plain"}
    )

    assert (answer.status_code, answer.json()["width"], answer.json()["height"]) == (200, 40, 30)


def test_limits_hold_for_one_picture_alone(client: httpx.Client) -> None:
    picture = SAMPLE.read_bytes()
    usual = client.post("/v1/detect", content=picture).json()["detections"]

    low = client.post("/v1/detect?threshold=0.05", content=picture).json()["detections"]
    ties = client.post("/v1/detect?threshold=0.05&classes=Tie,dog", content=picture).json()
    apart = client.post("/v1/detect?threshold=0.05&iou=0", content=picture).json()["detections"]

    assert len(low) > len(apart) > len(usual)
    assert {row["label"] for row in ties["detections"]} <= {"tie", "dog"}
    assert client.post("/v1/detect", content=picture).json()["detections"] == usual


def test_an_answer_says_how_long_it_took_and_is_not_to_be_kept(client: httpx.Client) -> None:
    answer = client.post("/v1/detect", content=encoded("PNG"))

    times = dict(part.split(";dur=") for part in answer.headers["server-timing"].split(", "))
    assert float(times["wait"]) >= 0
    assert float(times["run"]) > 0
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_models_are_listed_with_what_a_client_has_to_know(client: httpx.Client) -> None:
    listing = client.get("/v1/models").json()

    (model,) = listing["models"]
    assert listing["ready"]
    assert listing["default"] == model["name"] == "cocossd"
    assert (model["width"], model["height"]) == (300, 300)
    assert len(model["labels"]) == 80
    assert (listing["most_bytes"], listing["most_pixels"]) == (2 << 20, 1_000_000)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"", (415, "picture-kind")),
        (b"hello", (415, "picture-kind")),
        (b"%PDF-1.7", (415, "picture-kind")),
        (b"II*\x00" + bytes(100), (415, "picture-kind")),  # TIFF, which is read from files only
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", (415, "picture-kind")),
        (encoded("JPEG")[:200], (422, "picture")),
        (encoded("PNG")[:60], (422, "picture")),
        (encoded("WebP")[:40], (422, "picture")),
        (encoded("AVIF")[:-20], (422, "picture")),
        (encoded("GIF")[:-30], (422, "picture")),
        (b"BM" + bytes(200), (422, "picture")),
        (encoded("PNG", (1001, 1000)), (422, "picture-pixels")),
        (encoded("PNG", (20_000, 20_000)), (422, "picture-pixels")),  # a bomb: 1.2 GB of pixels
        (bytes((2 << 20) + 1), (413, "too-large")),
    ],
    ids=lambda value: f"{value[:4]!r}-{len(value)}" if isinstance(value, bytes) else None,
)
def test_what_is_no_picture_is_refused(
    client: httpx.Client, body: bytes, wanted: tuple[int, str]
) -> None:
    assert error(client.post("/v1/detect", content=body)) == wanted


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("threshold=2", (422, "parameters")),
        ("threshold=nan", (422, "parameters")),
        ("iou=-1", (422, "parameters")),
        ("classes=unicorn", (422, "label-unknown")),
        ("model=yolo", (404, "model-missing")),
    ],
)
def test_parameters_that_make_no_sense_are_refused(
    client: httpx.Client, query: str, wanted: tuple[int, str]
) -> None:
    assert error(client.post(f"/v1/detect?{query}", content=encoded("PNG"))) == wanted


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "parameters"),
        ("width=10", "parameters"),
        ("width=10&height=11", "parameters"),
        ("width=0&height=10", "parameters"),
        ("width=20000&height=20000", "picture-pixels"),
    ],
)
def test_raw_pixels_of_another_size_are_refused(
    client: httpx.Client, query: str, code: str
) -> None:
    headers = {"Content-Type": "application/x-rgba"}
    answer = client.post(f"/v1/detect?{query}", content=bytes(400), headers=headers)

    assert error(answer) == (422, code)


def test_addresses_and_methods_that_are_not_there_are_refused(client: httpx.Client) -> None:
    assert error(client.get("/v1/nothing")) == (404, "not-found")
    assert error(client.get("/v1/detect")) == (405, "method")
    assert error(client.get("/")) == (404, "not-found")


def test_counters_tell_of_answers_and_not_of_pictures(client: httpx.Client) -> None:
    picture = encoded("PNG")
    before = client.get("/metrics").text
    client.post("/v1/detect", content=picture)
    text = client.get("/metrics").text

    assert 'obscura_answers_total{route="/v1/detect",status="200"}' in text
    assert "obscura_run_seconds_count" in text
    assert received(text) - received(before) == len(picture)
    assert "person" not in text


def received(metrics: str) -> float:
    """Return how many bytes a server has counted."""
    return float(re.findall(r"^obscura_received_bytes_total (\S+)$", metrics, re.MULTILINE)[0])


def test_another_model_can_be_asked_for(start: object) -> None:
    served = start("--also", "centernet-320")  # type: ignore[operator]
    with served.client() as client:
        names = [model["name"] for model in client.get("/v1/models").json()["models"]]
        found = client.post("/v1/detect?model=centernet-320", content=SAMPLE.read_bytes()).json()

    assert names == ["cocossd", "centernet-320"]
    assert found["model"] == "centernet-320"
    assert "person" in {row["label"] for row in found["detections"]}


def test_heads_look_closer_and_fix_the_limits(
    start: object, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["detect", str(SAMPLE), "--head", "emotion", "--format", "jsonl", "--threads", "1"]
    assert main(options) == 0
    wanted = json.loads(capsys.readouterr().out)["detections"]

    served = start("--head", "emotion")  # type: ignore[operator]
    with served.client() as client:
        found = client.post("/v1/detect", content=SAMPLE.read_bytes()).json()["detections"]
        refused = client.post("/v1/detect?threshold=0.1", content=SAMPLE.read_bytes())

        assert found == wanted
        assert any("attributes" in row for row in found)
        assert not client.get("/v1/models").json()["models"][0]["adjustable"]
        assert error(refused) == (422, "parameters")


def test_transparent_pixels_are_black_as_on_the_page(client: httpx.Client) -> None:
    pixels = pictures.to_rgba(pictures.open_picture(SAMPLE)).copy()
    pixels[..., 3] = 0
    black = np.zeros_like(pixels)
    query = {"width": pixels.shape[1], "height": pixels.shape[0], "threshold": 0.01}
    headers = {"Content-Type": "application/x-rgba"}

    def found(content: bytes) -> object:
        return client.post("/v1/detect", params=query, content=content, headers=headers).json()

    assert found(pixels.tobytes()) == found(black.tobytes())
