"""Heads that fail on a server: said in the answer, counted, and tried again at the next picture."""

from __future__ import annotations

import json
from typing import Any

import httpx
import numpy as np
import pytest

from obscura.detector import rgba
from obscura.errors import BackendError
from obscura.heads.native import PipelineDetector
from obscura.heads.spec import HeadSpec, PipelineSpec
from obscura.serving.asgi import create_app
from obscura.serving.settings import Settings

from ..page.fakes import run
from .conftest import SAMPLE


def test_a_head_that_fails_is_named_counted_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = PipelineSpec("cocossd", (HeadSpec("emotion", "emotion"),))
    detector = PipelineDetector(spec, threads=1)
    app = create_app(Settings(lambda: {"cocossd": detector}))

    def fail(*_: object) -> None:
        raise BackendError("onnxruntime failed")

    async def ask() -> None:
        app.state.server.pool.start()
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            while (await client.get("/v2/health/ready")).status_code != 200:
                pass
            with monkeypatch.context() as broken:
                broken.setattr(detector._detector.session, "run_crops", fail)
                record = await detected(client)
                tensors = await inferred(client)
            # Without faces nobody is asked for an emotion.
            assert set(record["failures"]) == {"faces"}
            assert "onnxruntime failed" in record["failures"]["faces"]
            assert [row["label"] for row in record["detections"]] == ["person"]
            assert json.loads(tensors["parameters"]["failures"]) == record["failures"]

            record = await detected(client)
            assert "failures" not in record
            assert {row["label"] for row in record["detections"]} == {"person", "face"}
            assert "parameters" not in await inferred(client)
            counters = (await client.get("/metrics")).text
            assert 'obscura_head_failures_total{head="faces"} 2.0' in counters
            assert 'head="emotion"' not in counters
        app.state.server.pool.close()

    run(ask())


async def detected(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post("/v1/detect", content=SAMPLE.read_bytes())
    assert answer.status_code == 200
    record: dict[str, Any] = answer.json()
    return record


async def inferred(client: httpx.AsyncClient) -> dict[str, Any]:
    pixels = np.ascontiguousarray(rgba(SAMPLE))
    image = {
        "name": "image",
        "datatype": "UINT8",
        "shape": list(pixels.shape),
        "parameters": {"binary_data_size": pixels.size},
    }
    head = json.dumps({"inputs": [image]}).encode()
    answer = await client.post(
        "/v2/models/cocossd/infer",
        content=head + pixels.tobytes(),
        headers={"Inference-Header-Content-Length": str(len(head))},
    )
    assert answer.status_code == 200
    table: dict[str, Any] = answer.json()
    return table
