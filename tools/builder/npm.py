"""Packages from npm, installed exactly as ``package-lock.json`` says, or not at all."""

import json
import re
import shutil
import subprocess
from pathlib import Path

from builder.cache import digest
from builder.errors import BuildError
from builder.sources import read

NODE_MAJOR = 20
STAMP = ".obscura-installed"


def find_tool(name: str) -> str:
    """Return the path of ``node`` or ``npm``; raise BuildError if it is not on the PATH."""
    path = shutil.which(name)
    if path is None:
        raise BuildError(
            f"{name} was not found: install Node.js {NODE_MAJOR} or later (it brings npm)."
        )
    return path


def check_node() -> str:
    """Return the path of a ``node`` that is new enough; raise BuildError otherwise."""
    node = find_tool("node")
    version = subprocess.run(
        [node, "--version"], capture_output=True, text=True, check=False
    ).stdout.strip()
    match = re.match(r"v(\d+)\.", version)
    if match is None or int(match[1]) < NODE_MAJOR:
        raise BuildError(f"node is {version or 'broken'}: install Node.js {NODE_MAJOR} or later.")
    return node


def install(root: Path) -> Path:
    """Install into ``root/node_modules`` what the lock says and return that folder.

    npm checks every package against the lock's integrity hash. A stamp is written last: with it the
    next build skips the install, and after an interrupted install it is missing.
    """
    modules = root / "node_modules"
    stamp = modules / STAMP
    parts = [read(root, name) for name in ("package.json", "package-lock.json")]
    wanted = digest(parts)
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted and complete(root):
        return modules
    print("installing the npm packages ...", flush=True)
    run = subprocess.run(
        [find_tool("npm"), "ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund"],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if run.returncode != 0:
        raise BuildError(f"npm ci failed ({reason(run.stderr)}).")
    stamp.write_text(wanted, encoding="ascii")
    return modules


def version(modules: Path, name: str) -> str:
    """Return the version of an installed package."""
    return str(json.loads(read(modules / name, "package.json"))["version"])


def complete(root: Path) -> bool:
    """Return whether every package that we ask for has a folder, in case some were deleted."""
    asked = json.loads(read(root, "package.json"))
    names = [*asked["dependencies"], *asked.get("devDependencies", ())]
    return all((root / "node_modules" / name).is_dir() for name in names)


# npm's common error codes, each with what to do.
REMEDIES = {
    "EINTEGRITY": "a package is not what package-lock.json says: restore that file",
    "EUSAGE": "package-lock.json is damaged or not for package.json: restore both",
    "EJSONPARSE": "package.json is damaged: restore it from the repository",
    "ENOTCACHED": "npm is in offline mode: let it use the network once",
    "ENOTFOUND": "the npm registry cannot be reached: check the network and run it again",
    "EAI_AGAIN": "the npm registry cannot be reached: check the network and run it again",
    "ECONNREFUSED": "the npm registry cannot be reached: check the network and run it again",
    "ECONNRESET": "the download was interrupted: check the network and run it again",
    "ETIMEDOUT": "the npm registry does not answer: check the network and run it again",
    "EACCES": "node_modules cannot be written: make the folder writable",
    "ENOSPC": "the disk is full: free some space",
}


def reason(stderr: str) -> str:
    """Return npm's error in one line, with what to do about it if that is known."""
    code = re.search(r"^npm (?:error|ERR!) code (\S+)", stderr, re.MULTILINE)
    if code is not None and code[1] in REMEDIES:
        return f"{code[1]}: {REMEDIES[code[1]]}"
    lines = re.findall(r"^npm (?:error|ERR!) (.+)$", stderr, re.MULTILINE)
    return f"{lines[0] if lines else 'no message'}: run npm ci by hand to see all of it"
