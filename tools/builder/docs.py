"""The documentation as a site: ``docs/*.md`` and what docstrings say, by MkDocs.

MkDocs and its theme are in an environment of their own, ``.venv-docs``. The site asks nothing of
other hosts: fonts are the system's, and scripts and icons come with the theme.
"""

import os
import subprocess
from pathlib import Path

from builder.errors import BuildError
from builder.suite import environment

CONFIG = "mkdocs.yml"


def build(root: Path, out: Path) -> None:
    """Write the site into the folder ``out``, which is replaced.

    Raises:
        BuildError: MkDocs cannot be installed, or finds a broken link or an unknown name.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / "objects.inv").is_file():
        raise BuildError(f"--out {out} has files that are not documentation: choose another.")
    python = environment(root, "docs")
    command = [str(python), "-m", "mkdocs", "build", "--strict"]
    command += ["--config-file", str(root / CONFIG), "--site-dir", str(out.resolve())]
    # Its advertisement of another program.
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=root, env=quiet, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise BuildError(f"the documentation has mistakes:\n{done.stdout}{done.stderr}".strip())
