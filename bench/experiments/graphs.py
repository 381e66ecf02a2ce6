"""Measure whether a network opens or runs faster if its graph is optimised beforehand.

    python3 build.py build    # fetches onnxruntime-web
    .venv/bin/python build.py run bench/experiments/graphs.py

Compares, in onnxruntime-web's wasm build on one thread, the network as it ships (weights stored as
bytes, which the runtime converts to floats when it opens the network), the same network after
onnxruntime's own optimisation, as ONNX and in its ``.ort`` format, and both with the weights still
as bytes. Prints the size of each, raw and compressed with gzip, and the median milliseconds to open
and to run it. The forms take turns. ``CHROMIUM`` may name the browser.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import tempfile
from pathlib import Path

import onnxruntime

from browsers.chromium import launched
from browsers.clip import PICTURE
from builder.browser import find_chromium
from builder.serve import serving

ROOT = Path(__file__).resolve().parents[2]

ORT = ROOT / "node_modules" / "onnxruntime-web" / "dist"
NEEDED = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
FORMS = {
    "as it ships": None,
    "optimised, ONNX": ("ONNX", ()),
    "optimised, ONNX, weights as bytes": ("ONNX", ("ConstantFolding",)),
    "optimised, .ort": ("ORT", ()),
    "optimised, .ort, weights as bytes": ("ORT", ("ConstantFolding",)),
}

MEASURE = """
(async (names, rounds, runs) => {
  const ort = await import("/ort.wasm.min.mjs");
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const files = await Promise.all(
    names.map(async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer())),
  );
  const image = new ort.Tensor("uint8", new Uint8Array(300 * 300 * 4).fill(90), [1, 300, 300, 4]);
  const seen = names.map(() => ({ open: [], run: [] }));
  for (let round = -1; round < rounds; round++) {
    // Each follows each: what was released last may have left the heap in its own order.
    const step = 1 + (round & 1);
    const turns = files.map((_, turn) => (turn * step + round + files.length) % files.length);
    for (const index of turns) {
      const file = files[index];
      const begun = performance.now();
      const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
      const opened = performance.now();
      await session.run({ image });
      for (let run = 0; run < runs; run++) {
        const since = performance.now();
        await session.run({ image });
        if (round >= 0) seen[index].run.push(performance.now() - since);
      }
      if (round >= 0) seen[index].open.push(opened - begun);
      await session.release();
    }
  }
  return seen;
})
"""


def optimised(model: Path, out: Path, kind: str, without: tuple[str, ...]) -> None:
    """Write a network in the form to which onnxruntime optimises it for any processor.

    Args:
        kind: "ONNX" or "ORT".
        without: optimisers to leave out.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(out)
    options.add_session_config_entry("session.save_model_format", kind)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=list(without)
    )


def main() -> int:
    """Make the forms, measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="times to open each (default: 7)")
    parser.add_argument("--runs", type=int, default=10, help="each time (default: 10)")
    args = parser.parse_args()
    shipped = ROOT / "models" / "cocossd" / "model.onnx"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for needed in NEEDED:
            (folder / needed).symlink_to(ORT / needed)
        (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
        files = []
        for number, (form, how) in enumerate(FORMS.items()):
            path = folder / f"{number}.{'ort' if '.ort' in form else 'onnx'}"
            if how is None:
                path.symlink_to(shipped)
            else:
                optimised(shipped, path, *how)
            files.append(path)
        with (
            serving(folder) as server,
            launched(find_chromium(Path(sys.executable)), PICTURE) as browser,
        ):
            tab = browser.tab()
            tab.open(server.url)
            names = json.dumps([path.name for path in files])
            seen = tab.evaluate(f"{MEASURE}({names}, {args.rounds}, {args.runs})", 600)
        print(f"{'':36}{'MB':>8}{'gzip':>8}{'open':>10}{'run':>10}")
        for form, path, times in zip(FORMS, files, seen, strict=True):
            data = path.read_bytes()
            sizes = f"{len(data) / 1e6:8.2f}{len(gzip.compress(data)) / 1e6:8.2f}"
            opened, run = (statistics.median(times[what]) for what in ("open", "run"))
            print(f"{form:36}{sizes}{opened:7.0f} ms{run:7.1f} ms", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
