"""Compressed copies of files, cached from one build to the next.

Node compresses them, because Python's standard library has no Brotli.
"""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from builder.cache import digest
from builder.npm import find_tool

# The largest window that browsers accept, so that matches are found across a whole file.
COMPRESS = """
const { readFileSync, writeFileSync } = require("node:fs");
const { promisify } = require("node:util");
const { brotliCompress, constants, gzip } = require("node:zlib");
const [method, quality] = [process.argv[1], Number(process.argv[2])];
const compress = (data) =>
  method === "gz"
    ? promisify(gzip)(data, { level: quality })
    : promisify(brotliCompress)(data, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: quality,
          [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
          [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
        },
      });
Promise.all(
  JSON.parse(readFileSync(0, "utf8")).map(async ([from, to]) =>
    writeFileSync(to, await compress(readFileSync(from))),
  ),
);
"""
KEPT_S = 30 * 24 * 3600
"""How long a copy is kept that no build asks for."""


def compressed(
    paths: Sequence[Path], method: str, quality: int, cache: Path, say: str = ""
) -> dict[Path, Path]:
    """Return the path of each file's compressed copy.

    Args:
        paths: the files.
        method: ``"br"`` (Brotli) or ``"gz"``.
        quality: of Brotli 0 to 11, of gzip 1 to 9.
        cache: the folder with the copies, named by contents.
        say: printed if any copy has to be made.
    """
    cache.mkdir(parents=True, exist_ok=True)
    copies = {
        path: cache / f"{digest([path.read_bytes()])[:32]}-{quality}.{method}" for path in paths
    }
    missing = {copy: path for path, copy in copies.items() if not copy.exists()}
    if missing:
        if say:
            print(say, flush=True)
        partial = {copy: copy.with_name(f".{copy.name}.{os.getpid()}") for copy in missing}
        subprocess.run(
            [find_tool("node"), "-e", COMPRESS, method, str(quality)],
            input=json.dumps([[str(path), str(partial[copy])] for copy, path in missing.items()]),
            text=True,
            check=True,
        )
        for copy, written in partial.items():
            written.replace(copy)
    now = time.time()
    for copy in copies.values():
        os.utime(copy, (now, now))
    for old in cache.iterdir():
        with suppress(OSError):  # another build has deleted it
            if now - old.stat().st_mtime > KEPT_S:
                old.unlink()
    return copies
