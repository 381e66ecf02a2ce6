"""Scripts of the pages: each joined from the small files of a folder of assets/.

``assets/boot/index.js`` and everything it imports become ``assets/boot.js``, so that the number of
requests before the first paint does not grow with the number of files.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from builder.errors import BuildError
from builder.npm import check_node

ENTRY = "index.js"
LARGE = {"media"}
"""Folders whose scripts bundle large libraries: these are shipped without comments and spaces."""
SOURCES = (".js", ".html", ".css")  # in folders of assets/


def is_source(path: Path, assets: Path) -> bool:
    """Whether a file of ``assets`` is only part of others, and not shipped itself."""
    return path.parent != assets and path.suffix in SOURCES


def join(root: Path, modules: Path) -> dict[str, bytes]:
    """Return the joined script of every folder in ``assets/`` that has an ``index.js``, by name.

    esbuild drops comments and renames what would collide; it does not lower, and minifies only
    those of `LARGE`. Its output depends only on its version and the sources.

    Raises:
        BuildError: a script is not valid, or imports a missing file.
    """
    entries = sorted((root / "assets").glob(f"*/{ENTRY}"))
    if not entries:
        return {}
    with tempfile.TemporaryDirectory(prefix="obscura-") as name:
        out = Path(name)
        # Links are not resolved, because comments name the files.
        options = ("--bundle", "--preserve-symlinks", "--outbase=assets", f"--outdir={out}")
        for large, further in ((False, ()), (True, ("--minify",))):
            chosen = [path for path in entries if (path.parent.name in LARGE) is large]
            files = [path.relative_to(root).as_posix() for path in chosen]
            if files:
                esbuild(modules, root, *files, *options, *further)
        return {
            f"assets/{path.parent.name}.js": (out / path.parent.name / ENTRY).read_bytes()
            for path in entries
        }


def minified(modules: Path, path: Path) -> bytes:
    """Return a module of ``modules`` without comments and spaces, for those that come with both.

    Raises:
        BuildError: it is missing or not valid.
    """
    return esbuild(modules, modules, path.relative_to(modules).as_posix(), "--minify").encode()


def stripped(modules: Path, path: Path) -> bytes:
    """Return a script of ``modules``, module or not, without comments and spaces, else unchanged.

    Raises:
        BuildError: it is missing or not valid.
    """
    name = path.relative_to(modules).as_posix()
    return esbuild(modules, modules, name, "--minify-whitespace").encode()


def esbuild(modules: Path, folder: Path, *arguments: str) -> str:
    """Return what esbuild prints.

    Args:
        folder: where it runs.

    Raises:
        BuildError: it failed.
    """
    command = [check_node(), str(modules / "esbuild" / "bin" / "esbuild"), *arguments]
    command += ["--format=esm", "--target=esnext", "--charset=utf8"]
    command += ["--log-level=error", "--color=false"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        raise BuildError(f"{complaint(done.stderr)}: fix that and build again.")
    return done.stdout


def complaint(stderr: str) -> str:
    """Return esbuild's first error in one line, as ``file:line:column: what is wrong``."""
    wrong = re.search(r"\[ERROR\] (.+)", stderr)
    where = re.search(r"^\s+(assets/\S+:\d+:\d+):", stderr, re.MULTILINE)
    message = wrong[1] if wrong else "esbuild failed; delete node_modules"
    return f"{where[1]}: {message}" if where else message
