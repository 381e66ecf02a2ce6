"""Run schemathesis against the description that `obscura serve` gives of itself: requests of all
kinds, and answers that have to be as described, without one failure of the server.

    .venv/bin/python build.py run bench/serving/contract.py --schemathesis PATH

Schemathesis 4.32 is installed in an environment of its own (pip install schemathesis==4.32.*).
"""

from __future__ import annotations

import argparse
import subprocess
from tempfile import TemporaryDirectory

from serving.load import served

# Bodies are pictures and tensors, which nobody can describe in OpenAPI: most are refused, rightly.
LEFT_OUT = "positive_data_acceptance"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schemathesis", default="schemathesis", help="path of the program")
    parser.add_argument("--seconds", type=int, default=60, help="of fuzzing (default: %(default)s)")
    arguments = parser.parse_args()
    with served(2) as server, TemporaryDirectory() as folder:  # it keeps examples where it runs
        address = f"http://127.0.0.1:{server.port}/openapi.json"
        command = [arguments.schemathesis, "--no-color", "run", address, "--seed", "26"]
        command += ["--max-time", str(arguments.seconds), "--exclude-checks", LEFT_OUT]
        done = subprocess.run(command, cwd=folder, check=False)
        alive = server.ready()
    print("the server is", "up" if alive else "down")
    return done.returncode if alive else 1


if __name__ == "__main__":
    raise SystemExit(main())
