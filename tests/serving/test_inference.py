"""Open Inference Protocol, version 2: tensors in JSON and in binary, by the extension for it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import numpy as np
import pytest

from obscura import pictures
from obscura.serving.inference import parse
from obscura.serving.refusal import Refusal

from .conftest import SAMPLE, error

INFER = "/v2/models/cocossd/infer"
PIXELS = pictures.to_rgba(pictures.open_picture(SAMPLE))[::4, ::4]
DTYPES = {"FP32": np.float32, "INT64": np.int64}


def image(**changes: Any) -> dict[str, Any]:
    shape = list(PIXELS.shape)
    tensor = {"name": "image", "datatype": "UINT8", "shape": shape, "data": PIXELS.tolist()}
    return {**tensor, **changes}


def binary(table: dict[str, Any], data: bytes) -> tuple[bytes, dict[str, str]]:
    text = json.dumps(table).encode()
    return text + data, {"Inference-Header-Content-Length": str(len(text))}


def tensors(answer: httpx.Response) -> dict[str, np.ndarray[Any, Any]]:
    """Return the outputs of an answer, in JSON or binary."""
    length = int(answer.headers.get("inference-header-content-length", len(answer.content)))
    rest = answer.content[length:]
    found = {}
    for output in json.loads(answer.content[:length])["outputs"]:
        dtype = DTYPES[output["datatype"]]
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            array = np.array(output["data"], dtype)
        else:
            array, rest = np.frombuffer(rest[:size], dtype), rest[size:]
        found[output["name"]] = array.reshape(output["shape"])
    assert not rest
    return found


def test_the_server_and_its_model_describe_themselves(client: httpx.Client) -> None:
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/models/cocossd/ready").json() == {"name": "cocossd", "ready": True}
    model = client.get("/v2/models/cocossd").json()
    assert [each["name"] for each in model["outputs"]] == ["boxes", "scores", "class_ids"]
    assert error(client.get("/v2/models/none")) == (404, "model-missing")
    assert error(client.get("/v2/models/none/ready")) == (404, "model-missing")


def test_tensors_say_what_the_record_says(client: httpx.Client) -> None:
    height, width = PIXELS.shape[:2]
    record = client.post(
        f"/v1/detect?width={width}&height={height}&threshold=0.1",
        content=PIXELS.tobytes(),
        headers={"Content-Type": "application/x-rgba"},
    ).json()["detections"]

    answer = client.post(
        INFER, json={"id": "7", "inputs": [image()], "parameters": {"threshold": 0.1}}
    )

    found = tensors(answer)
    assert answer.json()["id"] == "7"
    assert found["class_ids"].tolist() == [row["class_id"] for row in record]
    np.testing.assert_allclose(found["scores"], [row["score"] for row in record], atol=1e-4)
    boxes = [[row[edge] for edge in ("x1", "y1", "x2", "y2")] for row in record]
    np.testing.assert_allclose(found["boxes"], boxes, atol=1e-3)
    assert record


@pytest.mark.parametrize("lead", [[], [1]])
def test_binary_tensors_are_answered_as_those_in_json(
    client: httpx.Client, lead: list[int]
) -> None:
    in_json = tensors(client.post(INFER, json={"inputs": [image()]}))
    tensor = image(shape=lead + list(PIXELS.shape), parameters={"binary_data_size": PIXELS.size})
    del tensor["data"]
    table = {"inputs": [tensor], "parameters": {"binary_data_output": True}}
    content, headers = binary(table, PIXELS.tobytes())

    answer = client.post(INFER, content=content, headers=headers)

    assert answer.headers["content-type"] == "application/octet-stream"
    found = tensors(answer)
    assert set(found) == set(in_json)
    for name, array in found.items():
        np.testing.assert_array_equal(array, in_json[name])


def test_only_the_outputs_that_are_asked_for_come_each_in_its_form(client: httpx.Client) -> None:
    outputs = [{"name": "scores", "parameters": {"binary_data": True}}, {"name": "class_ids"}]

    answer = client.post(INFER, json={"inputs": [image()], "outputs": outputs})

    assert list(tensors(answer)) == ["scores", "class_ids"]
    assert len(answer.content) > int(answer.headers["inference-header-content-length"])


def wrong(**changes: Any) -> bytes:
    return json.dumps({"inputs": [image(**changes)]}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"inputs": []}',
        b'{"inputs": [1]}',
        b'{"inputs": [{}, {}]}',
        wrong(name="x"),
        wrong(datatype="FP32"),
        wrong(shape=None),
        wrong(shape=[]),
        wrong(shape=[-1, -1, 3]),
        wrong(shape=[True, True, 3]),
        wrong(shape=[2, 2, 3]),
        wrong(shape=[1 << 40, 1, 3]),
        wrong(shape=[1, 1, 3], data=[1.5, 2, 3]),
        wrong(shape=[1, 1, 3], data=[1, 2, 256]),
        wrong(shape=[1, 1, 3], data=[-1, 2, 3]),
        wrong(shape=[1, 1, 3], data=[1, [2], 3]),
        wrong(shape=[1, 1, 3], data=[10**30, 2, 3]),
        wrong(shape=[1, 1, 3], data="abc"),
        wrong(shape=[1, 1, 3], data={}),
        wrong(shape=[1, 1, 3], data=None, parameters={"binary_data_size": 3}),
        wrong(shape=[1, 1, 3], data=None, parameters=3),
        json.dumps({"inputs": [image()], "id": 7}).encode(),
        json.dumps({"inputs": [image()], "parameters": {"threshold": 2}}).encode(),
        json.dumps({"inputs": [image()], "parameters": {"threshold": "a"}}).encode(),
        json.dumps({"inputs": [image()], "parameters": {"iou": float("nan")}}).encode(),
        json.dumps({"inputs": [image()], "parameters": {"classes": ["person"]}}).encode(),
        json.dumps({"inputs": [image()], "outputs": 3}).encode(),
        json.dumps({"inputs": [image()], "outputs": [{"name": "x"}]}).encode(),
        json.dumps({"inputs": [image()], "outputs": [3]}).encode(),
    ],
)
def test_what_is_no_request_for_inference_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        parse(body, None, 1_000_000)

    assert (refused.value.status, refused.value.code) == (400, "request-invalid")


@pytest.mark.parametrize("length", ["-1", "1.5", "x", "", "99", "9" * 5000, "0" * 5000])
def test_a_length_that_is_not_that_of_json_in_the_body_is_refused(length: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(b"{}", length, 1_000_000)

    assert refused.value.status == 400


def test_more_pixels_than_are_detected_are_refused_before_they_are_read() -> None:
    with pytest.raises(Refusal) as refused:
        parse(wrong(shape=[2000, 2000, 3], data=[]), None, 1_000_000)

    assert (refused.value.status, refused.value.code) == (422, "picture-pixels")


def test_refusals_reach_the_client(client: httpx.Client) -> None:
    assert error(client.post(INFER, content=b"{}")) == (400, "request-invalid")
    asked = {"inputs": [image()], "parameters": {"classes": "unicorn"}}
    assert error(client.post(INFER, json=asked)) == (422, "label-unknown")
    assert error(client.post("/v2/models/x/infer", content=b"{}")) == (404, "model-missing")
