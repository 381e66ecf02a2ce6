"""A family's reading, traced into a graph, gives the very rows that it gives in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import helper

from modelkit.builder import Builder
from modelkit.trace import Traced, TracedOps
from obscura import families
from obscura.families.common.ops import NUMPY

from .references import RECORDINGS, card_of, recorded


@pytest.mark.parametrize("varying", [False, True], ids=["fixed", "varying"])
@pytest.mark.parametrize(
    ("name", "family", "classes", "options"), RECORDINGS, ids=[row[0] for row in RECORDINGS]
)
def test_rows_are_the_same(
    name: str, family: str, classes: int, options: dict[str, Any], varying: bool
) -> None:
    reference = recorded(name)
    spec = families.spec(card_of(family, reference.size, classes, top=50, **options))
    read = families.module(family).read
    expected = read(NUMPY, reference.outputs, spec)
    builder = Builder()
    ops = TracedOps(builder, varying=varying)

    traced = read(
        ops, {key: Traced(ops, key, array) for key, array in reference.outputs.items()}, spec
    )

    inputs = [
        helper.make_tensor_value_info(
            key, helper.np_dtype_to_tensor_dtype(array.dtype), [None] * array.ndim
        )
        for key, array in reference.outputs.items()
    ]
    outputs = []
    assert (traced.keypoints is None) == (expected.keypoints is None)
    parts = {key: rows for key, rows in traced._asdict().items() if rows is not None}
    for key, rows in parts.items():
        builder.node("Identity", [rows.name], f"obscura.{key}")
        kind = helper.np_dtype_to_tensor_dtype(rows.dtype)
        outputs.append(helper.make_tensor_value_info(f"obscura.{key}", kind, [None] * rows.ndim))
    model = builder.model("traced", inputs, outputs).SerializeToString()
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    boxes, scores, found, *points = session.run(None, dict(reference.outputs))
    np.testing.assert_allclose(boxes, expected.boxes, atol=1e-4)
    np.testing.assert_allclose(scores, expected.scores, atol=1e-5)
    assert found.tolist() == expected.classes.tolist()
    if points:
        np.testing.assert_allclose(points[0], expected.keypoints, atol=1e-4)
