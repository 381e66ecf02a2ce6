"""Tracing: each operation of families, as a node, computes what numpy does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import helper

from modelkit.builder import Builder
from modelkit.errors import ConversionError
from modelkit.trace import Traced, TracedOps
from obscura.families.common.ops import NUMPY, Ops

Array = NDArray[Any]
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(0, 2, (3, 4)).astype(np.float32)
MAP = RANDOM.normal(0, 2, (1, 2, 5, 6)).astype(np.float32)
COUNTS = np.array([0, 7, 12, 23], np.int64)
LINE = np.array([0.1, 0.9, 0.9, -3.0, 0.5], np.float32)  # with a tie


def run_traced(
    code: Callable[[Ops, Any], Any], example: Array, given: Array, *, varying: bool = False
) -> list[Array]:
    """Trace `code` with one array, run the graph on another."""
    builder = Builder()
    ops = TracedOps(builder, varying=varying)
    made = code(ops, Traced(ops, "x", example))
    made = made if isinstance(made, tuple) else (made,)
    kind = helper.np_dtype_to_tensor_dtype(example.dtype)
    outputs = []
    for number, traced in enumerate(made):
        builder.node("Identity", [traced.name], f"out{number}")
        code_of = helper.np_dtype_to_tensor_dtype(traced.dtype)
        outputs.append(helper.make_tensor_value_info(f"out{number}", code_of, [None] * traced.ndim))
    sizes = [f"size{axis}" for axis in range(example.ndim)] if varying else example.shape
    model = builder.model("traced", [helper.make_tensor_value_info("x", kind, sizes)], outputs)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, {"x": given}))


CASES: dict[str, tuple[Callable[[Ops, Any], Any], Array]] = {
    "constant": (lambda ops, x: ops.constant([[1, 2, 3, 4]]) + x, X),
    "constant of integers": (lambda ops, x: ops.constant([3], np.int64) + x, COUNTS),
    "cast to integers": (lambda ops, x: ops.cast(x, np.int64), X),
    "cast to floats": (lambda ops, x: ops.cast(x, np.float32), COUNTS),
    "concat": (lambda ops, x: ops.concat([x, x * 2], 1), X),
    "concat along the last axis": (lambda ops, x: ops.concat([x, x * 2], -1), X),
    "reshape": (lambda ops, x: ops.reshape(x, [2, -1]), X),
    "transpose": (lambda ops, x: ops.transpose(x, [0, 2, 3, 1]), MAP),
    "transpose from the end": (lambda ops, x: ops.transpose(x, [-1, 0]), X),
    "exp": (lambda ops, x: ops.exp(x), X),
    "sigmoid": (lambda ops, x: ops.sigmoid(x), X),
    "softmax": (lambda ops, x: ops.softmax(x, 1), X),
    "softmax along the last axis": (lambda ops, x: ops.softmax(x, -1), MAP),
    "sqrt": (lambda ops, x: ops.sqrt(x * x), X),
    "power": (lambda ops, x: ops.power(x * x, 0.4), X),
    "minimum": (lambda ops, x: ops.minimum(x, x[0:1]), X),
    "minimum of a number": (lambda ops, x: ops.minimum(x, 0.5), X),
    "maximum": (lambda ops, x: ops.maximum(np.float32(0.1), x), X),
    "maximum of integers": (lambda ops, x: ops.maximum(x, 9), COUNTS),
    "max": (lambda ops, x: ops.max(x, 1), X),
    "max along the last axis": (lambda ops, x: ops.max(x, -1), MAP),
    "sum": (lambda ops, x: ops.sum(x, 0), X),
    "argmax": (lambda ops, x: ops.argmax(x, 1), X),
    "argmax along the last axis": (lambda ops, x: ops.argmax(x, -1), X),
    "top": (lambda ops, x: ops.top(x, 3), LINE),
    "top of fewer": (lambda ops, x: ops.top(x, 9), LINE),
    "take": (lambda ops, x: ops.take(x, ops.argmax(x, 0)), X),
    "take of known rows": (lambda ops, x: ops.take(x, np.array([2, 0])), X),
    "take along another axis": (lambda ops, x: ops.take(x, ops.constant([1], np.int64), 1), X),
    "divide": (lambda ops, x: ops.divide(x, 5), COUNTS),
    "keep the first": (lambda ops, x: ops.keep_first(x, np.array([2], np.int64)), LINE),
    "keep as many as the network says": (
        lambda ops, x: ops.keep_first(x, ops.cast(x[4:5] * 6, np.int64)),
        LINE,
    ),
    "peaks": (lambda ops, x: ops.peaks(x), MAP),
    "plus": (lambda _, x: x + 1, X),
    "plus on the right": (lambda _, x: np.ones(4, np.float32) + x, X),
    "minus": (lambda _, x: x - x[0:1], X),
    "minus on the right": (lambda _, x: 1 - x, X),
    "times": (lambda _, x: x * np.arange(4), X),
    "times on the right": (lambda _, x: 3 * x, COUNTS),
    "over": (lambda _, x: x / 2, X),
    "over on the right": (lambda _, x: np.float32(2) / x, X),
    "integers over integers": (lambda _, x: x / 2, COUNTS),
    "integers times floats": (lambda ops, x: ops.argmax(x, 1) * ops.max(x, 1), X),
    "a row": (lambda _, x: x[1], X),
    "the last row": (lambda _, x: x[-1], X),
    "a column": (lambda _, x: x[:, 2], X),
    "a range": (lambda _, x: x[0:2, 1:3], X),
    "from the end": (lambda _, x: x[:, -2:], X),
    "up to the end": (lambda _, x: x[:, :-1], X),
    "after an ellipsis": (lambda _, x: x[..., 1:4], MAP),
    "before an ellipsis": (lambda _, x: x[0, ..., -1], MAP),
    "everything": (lambda _, x: x[:], X),
}


def test_every_operation_of_families_can_be_traced() -> None:
    assert {name for name in vars(Ops) if name[0] != "_"} <= set(dir(TracedOps))


@pytest.mark.parametrize("varying", [False, True], ids=["fixed", "varying"])
@pytest.mark.parametrize("case", CASES)
def test_nodes_compute_what_numpy_does(case: str, varying: bool) -> None:
    code, example = CASES[case]
    wanted = code(NUMPY, example)

    found = run_traced(code, example, example, varying=varying)

    for made, value in zip(found, wanted if isinstance(wanted, tuple) else (wanted,), strict=True):
        np.testing.assert_allclose(made, value, rtol=1e-6, atol=1e-6)
        assert made.shape == value.shape


@pytest.mark.parametrize("rows", [0, 2, 9])
def test_where_the_count_of_rows_varies_none_is_made_of_the_example(rows: int) -> None:
    given = RANDOM.normal(size=rows).astype(np.float32)

    def code(ops: Ops, x: Any) -> Any:
        return *ops.top(x, 4), ops.keep_first(x, np.array([3], np.int64))

    found = run_traced(code, LINE, given, varying=True)

    for made, value in zip(found, code(NUMPY, given), strict=True):
        np.testing.assert_array_equal(made, value)


def test_a_stand_in_tells_its_shape_and_type_as_arrays_do() -> None:
    traced = TracedOps(Builder()).constant(MAP)

    assert traced.shape == (1, 2, 5, 6)
    assert (traced.ndim, traced.size, len(traced)) == (4, 60, 1)
    assert traced.dtype == np.float32


def test_steps_are_refused() -> None:
    with pytest.raises(ConversionError, match="step of 2"):
        TracedOps(Builder()).constant(X)[::2]
