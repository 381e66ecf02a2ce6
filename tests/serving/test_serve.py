"""The command ``obscura serve``: how it starts, is stopped and killed, and what it refuses."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import httpx
import pytest

from obscura.cli import exits, main

from .conftest import SAMPLE, Start


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "Others could use the server without a token"),
        (["--token-file", "none"], "The token cannot be read"),
        (["--token-file", "short"], "The token is not one word"),
        (["--token-file", "two"], "The token is not one word"),
        (["--page", "."], "There is no page in the folder"),
        (["--host", "192.0.2.1", "--no-token"], "The server cannot listen"),
    ],
)
def test_what_makes_no_sense_is_refused(
    options: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short").write_text("secret")
    (tmp_path / "two").write_text("a token of several words")

    assert main(["serve", *options]) == exits.SENSELESS
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--port", "65536"],
        ["--port", "x"],
        ["--origin", "example.org"],
        ["--origin", "https://example.org/path"],
        ["--origin", "*"],
        ["--jobs", "0"],
        ["--body-seconds", "0"],
    ],
)
def test_options_out_of_their_range_are_refused(options: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *options])

    assert ended.value.code == exits.SENSELESS


def test_a_port_in_use_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        code = main(["serve", "--port", str(other.getsockname()[1])])

    assert code == exits.SENSELESS
    assert "cannot listen" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--model", "none"], ["--also", "none"]])
def test_a_model_that_is_not_there_ends_the_server(start: Start, options: list[str]) -> None:
    served = start(*options)

    assert served.process.wait(60) == exits.NO_ENGINE
    assert "There is no such model" in served.log.read_text()


def test_the_description_of_the_api_is_written_without_a_server(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"

    assert main(["serve", "--openapi", str(file)]) == exits.OK

    api = json.loads(file.read_text(encoding="utf-8"))
    assert {"/v1/detect", "/v1/models", "/v2/models/{model}/infer"} <= set(api["paths"])
    detect = api["paths"]["/v1/detect"]["post"]
    assert {"200", "401", "408", "413", "415", "421", "422", "429", "503"} <= set(
        detect["responses"]
    )


def test_a_description_that_cannot_be_written_takes_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nowhere" / "openapi.json"

    assert main(["serve", "--openapi", str(file)]) == exits.NO_OUTPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("Name another file with --openapi.")


def test_ctrl_c_ends_it_well(start: Start) -> None:
    served = start()
    with served.client() as client:
        assert client.post("/v1/detect", content=SAMPLE.read_bytes()).is_success

    assert served.stop(signal.SIGINT) == exits.STOPPED
    assert served.log.read_text() == "obscura: stopped.\n"


def test_killed_and_started_again_it_answers_on_the_same_port(start: Start) -> None:
    served = start()
    picture = SAMPLE.read_bytes()
    with served.client() as client:
        before = client.post("/v1/detect", content=picture).json()
    served.stop(signal.SIGKILL)

    served.start(str(served.port))

    with served.client() as client:
        assert client.post("/v1/detect", content=picture).json() == before


def test_what_its_end_cuts_off_is_no_fault_with_pages_of_a_log(start: Start) -> None:
    served = start("--body-seconds", "60")
    with served.client(), socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(b"POST /v1/detect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        line.sendall(b"\xff\xd8\xff")
        assert httpx.get(
            f"{served.url}/metrics", timeout=60, trust_env=False
        ).is_success  # so that line is being read, too
        served.stop(signal.SIGINT)

    cut_off, stopped = served.log.read_text().splitlines()
    assert cut_off.startswith("obscura: Cancel 1 running task(s)")
    assert stopped == "obscura: stopped."
