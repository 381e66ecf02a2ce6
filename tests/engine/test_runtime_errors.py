"""Classification of the runtime's messages."""

from __future__ import annotations

import pytest

from obscura.engine.runtime_errors import error_of
from obscura.errors import (
    BackendError,
    ModelUnreadable,
    ModelUnsupported,
    ObscuraError,
    OutOfMemory,
)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("RangeError: WebAssembly.Memory(): could not allocate memory", OutOfMemory),
        ("std::bad_alloc", OutOfMemory),
        ("Aborted(OOM). Build with -sASSERTIONS for more info.", OutOfMemory),
        ("Could not find an implementation for NonMaxSuppression(11)", ModelUnsupported),
        ("Fatal error: com.acme:Box(-1) is not a registered function/op", ModelUnsupported),
        ("Can't create a session. Failed to load model because protobuf parsing failed.",
         ModelUnreadable),
        ("This is an invalid model. Graph has a cycle", ModelUnreadable),
        ("unreachable", BackendError),
        ("the room is empty", BackendError),  # "oom" counts as a whole word only
        ("12345678", BackendError),  # emscripten throws bare pointers
    ],
)  # fmt: skip
def test_messages_stand_for_errors(message: str, kind: type[ObscuraError]) -> None:
    error = error_of(message, "wasm")

    assert type(error) is kind
    assert message in str(error)


@pytest.mark.parametrize(
    ("message", "operator"),
    [
        ("Could not find an implementation for NonZero(13) node with name ''", "NonZero"),
        ("Fatal error: com.acme:Box(-1) is not a registered function/op", "com.acme:Box"),
        ("No Op registered for Foo with domain_version of 18", "Foo"),
    ],
)
def test_an_operator_that_is_missing_is_named_in_the_cause(message: str, operator: str) -> None:
    assert error_of(message, "wasm").cause.endswith(f"needs: {operator}")


def test_an_unknown_message_names_the_backend() -> None:
    assert "The webgpu backend failed" in str(error_of("device lost", "webgpu"))
