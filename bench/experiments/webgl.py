"""Compare onnxruntime-web's WebGL backend with its wasm build, on COCO-SSD.

    python3 build.py build    # fetches onnxruntime-web
    .venv/bin/python build.py run bench/experiments/webgl.py

WebGL has kernels for floats only, and none for the nodes that choose the best rows. So the network
runs without both ends: weights as floats, from the prepared picture to every anchor's offsets and
class scores. Prints the adapter and the median milliseconds of a run, including reading the answer
back. The backends take turns. ``CHROMIUM`` may name the browser; ``--flag`` passes it what it needs
to reach a GPU, as for ``build.py bench``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import onnx
import onnx.utils
import onnxruntime

from browsers.chromium import launched
from browsers.clip import PICTURE
from builder.browser import find_chromium
from builder.serve import serving

ROOT = Path(__file__).resolve().parents[2]

ORT = ROOT / "node_modules" / "onnxruntime-web" / "dist"
NEEDED = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
    "ort.webgl.min.mjs",
)
SIDE = 300  # of COCO-SSD's input

MEASURE = """
(async (side, rounds, runs) => {
  const gl = document.createElement("canvas").getContext("webgl2");
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  const adapter = names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : null;
  const network = new Uint8Array(await (await fetch("/body.onnx")).arrayBuffer());
  const values = Float32Array.from({ length: 3 * side * side }, (_, index) => Math.sin(index));
  const most = Math.min(8, Math.ceil(0.75 * navigator.hardwareConcurrency));
  const stacks = {};
  for (const [name, module, threads] of [
    ["wasm, one thread", "/ort.wasm.min.mjs?1", 1],
    ["wasm, all cores but a quarter", "/ort.wasm.min.mjs?all", most],
    ["webgl", "/ort.webgl.min.mjs", 0],
  ]) {
    const ort = await import(module);
    ort.env.logLevel = "error";
    ort.env.wasm.numThreads = threads;
    const executionProviders = [threads ? "wasm" : "webgl"];
    const session = await ort.InferenceSession.create(network.slice(), { executionProviders });
    const image = new ort.Tensor("float32", values, [1, 3, side, side]);
    const answer = await session.run({ [session.inputNames[0]]: image }); // compiles
    stacks[name] = { session, image, ms: [], first: Object.values(answer).map(({ data }) => data) };
  }
  for (let round = 0; round < rounds; round++) {
    for (const { session, image, ms } of Object.values(stacks)) {
      for (let run = 0; run < runs; run++) {
        const since = performance.now();
        const answer = await session.run({ [session.inputNames[0]]: image });
        for (const { data } of Object.values(answer)) data[0];
        ms.push(performance.now() - since);
      }
    }
  }
  const [right] = Object.values(stacks);
  return {
    adapter,
    stacks: Object.entries(stacks).map(([name, { ms, first }]) => {
      let off = 0;
      first.forEach((data, output) => {
        data.forEach((value, index) => {
          off = Math.max(off, Math.abs(value - right.first[output][index]));
        });
      });
      return { name, ms, off };
    }),
  };
})
"""


def body(out: Path) -> None:
    """Write COCO-SSD in floats, without preparing the picture and choosing the best rows."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(out)
    options.log_severity_level = 3
    for side in ("height", "width"):
        options.add_free_dimension_override_by_name(side, SIDE)
    shipped = ROOT / "models" / "cocossd" / "model.onnx"
    onnxruntime.InferenceSession(shipped, options, providers=["CPUExecutionProvider"])
    nodes = onnx.load(out).graph.node
    first = next(node for node in nodes if node.op_type == "Conv").input[0]
    # Each of the two outputs concatenates those of the feature maps.
    last = [node.output[0] for node in nodes if node.op_type == "Concat"]
    last = [name for name in last if name != nodes[-1].input[0]]
    onnx.utils.extract_model(out, out, [first], last)


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="in turn (default: 5)")
    parser.add_argument("--runs", type=int, default=10, help="each time (default: 10)")
    parser.add_argument("--flag", action="append", default=[], help="for Chromium, may be repeated")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for needed in NEEDED:
            (folder / needed).symlink_to(ORT / needed)
        (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
        body(folder / "body.onnx")
        with (
            serving(folder) as server,
            launched(find_chromium(Path(sys.executable)), PICTURE, args.flag) as browser,
        ):
            tab = browser.tab()
            tab.open(server.url)
            seen = tab.evaluate(f"{MEASURE}({SIDE}, {args.rounds}, {args.runs})", 600)
    print(f"WebGL: {seen['adapter']}")
    for stack in seen["stacks"]:
        ms = statistics.median(stack["ms"])
        print(f"{stack['name']:32}{ms:8.1f} ms   off by {stack['off']:.2g} at most", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
