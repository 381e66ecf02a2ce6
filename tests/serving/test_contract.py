"""The server's own description: whatever is asked, the answer is one that it describes.

`bench/serving/contract.py` does the same with schemathesis, which is too large for the suite.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from obscura.serving.answers import Error, Listing, Record
from obscura.serving.asgi import create_app
from obscura.serving.settings import Settings

from .conftest import SAMPLE, error

DESCRIPTION = create_app(Settings(dict)).openapi()
CALLS = [(method, path) for path, calls in DESCRIPTION["paths"].items() for method in calls]
FORMS: dict[str, type[BaseModel]] = {each.__name__: each for each in (Error, Listing, Record)}
PICTURE = SAMPLE.read_bytes()

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="."), min_size=1)
NUMBERS = st.floats(width=32).map(str) | st.integers(-2, 70_000).map(str)
QUERY = {"number": NUMBERS | TEXT, "integer": NUMBERS | TEXT, "string": TEXT}
PLAIN = st.none() | st.booleans() | st.integers(-9, 300) | st.floats() | st.text(max_size=9)
JSON = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
TENSOR = st.fixed_dictionaries(
    {"name": st.just("image"), "datatype": st.just("UINT8")},
    optional={
        "shape": st.just([2, 2, 3]) | st.lists(st.integers(-1, 9), max_size=4) | JSON,
        "data": st.just([7] * 12) | JSON,
        "parameters": st.fixed_dictionaries({"binary_data_size": PLAIN}) | JSON,
    },
)
INFERENCE = st.fixed_dictionaries(
    {"inputs": st.lists(TENSOR, min_size=1, max_size=1) | JSON},
    optional={"id": PLAIN, "parameters": JSON, "outputs": JSON},
)
DAMAGED = st.builds(
    lambda length, place, damage: PICTURE[:place] + damage + PICTURE[place:length],
    st.integers(0, len(PICTURE)),
    st.integers(0, len(PICTURE)),
    st.binary(max_size=40),
)
BODIES = {
    "/v1/detect": st.just(PICTURE) | DAMAGED | st.just(bytes(48)) | st.binary(max_size=500),
    "/v2/models/{model}/infer": (INFERENCE | JSON).map(lambda table: json.dumps(table).encode()),
}


def form(operation: dict[str, Any], status: int) -> type[BaseModel] | None:
    """Return the form of an answer's body; None where the description names none of ours."""
    content = operation["responses"][str(status)].get("content", {})
    named = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    return FORMS.get(named.rpartition("/")[2])


@pytest.mark.parametrize(("method", "path"), CALLS)
@settings(max_examples=40)
@given(data=st.data())
def test_every_answer_is_one_that_is_described(
    client: httpx.Client, method: str, path: str, data: st.DataObject
) -> None:
    operation = DESCRIPTION["paths"][path][method]
    model = data.draw(st.just("cocossd") | TEXT, "model")
    query = {
        each["name"]: data.draw(QUERY[each["schema"]["anyOf"][0]["type"]], each["name"])
        for each in operation.get("parameters", ())
        if each["in"] == "query" and data.draw(st.booleans(), f"with {each['name']}?")
    }
    headers = {"Content-Type": data.draw(st.sampled_from(["image/jpeg", "application/x-rgba"]))}
    if path.endswith("infer") and data.draw(st.booleans(), "binary?"):
        headers["Inference-Header-Content-Length"] = data.draw(st.integers(-1, 200).map(str))

    answer = client.request(
        method,
        path.replace("{model}", quote(model, safe="")),
        params=query,
        headers=headers,
        content=data.draw(BODIES[path], "body") if path in BODIES else None,
    )

    assert str(answer.status_code) in operation["responses"]
    if not answer.is_success:
        error(answer)
    if answer.headers["content-type"] == "application/json":
        answer.json()
        if found := form(operation, answer.status_code):
            found.model_validate_json(answer.content, strict=True)


def test_after_that_it_still_detects(client: httpx.Client) -> None:
    assert client.post("/v1/detect", content=PICTURE).json()["detections"][0]["label"] == "person"


def test_the_forms_of_all_answers_that_matter_are_known() -> None:
    detect = DESCRIPTION["paths"]["/v1/detect"]["post"]
    assert form(detect, 200) is Record
    assert {form(detect, status) for status in (401, 413, 415, 422, 429, 503)} == {Error}
    assert form(DESCRIPTION["paths"]["/v1/models"]["get"], 200) is Listing
