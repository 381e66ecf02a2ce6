"""Measure whether several crops run faster as one batch than one after another.

    python3 build.py build    # fetches onnxruntime-web
    .venv/bin/python build.py run bench/experiments/batching.py

Takes the shipped heads without the nodes that bring a picture to its size, so that crops have one
shape, and makes their first axis free where their graphs allow it. In onnxruntime-web's wasm build,
prints the milliseconds per crop of several runs of one crop and of one run of several crops: the
least of all runs, which other programs disturb least. ``CHROMIUM`` may name the browser.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from browsers.chromium import launched
from browsers.clip import PICTURE
from builder.browser import find_chromium
from builder.serve import serving
from obscura.graph.cut import cut
from obscura.heads.shelf import open_network

ROOT = Path(__file__).resolve().parents[2]

ORT = ROOT / "node_modules" / "onnxruntime-web" / "dist"
NEEDED = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
HEADS = ("faces", "faces-far", "emotion", "age-gender", "pose")
COUNTS = (2, 4, 8)

MEASURE = """
(async (files, threads, runs) => {
  const ort = await import("/ort.wasm.min.mjs");
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  const seen = {};
  for (const [name, { input, shape, counts }] of Object.entries(files)) {
    const bytes = new Uint8Array(await (await fetch(name)).arrayBuffer());
    const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
    const feeds = (count) => {
      const dims = [count, ...shape];
      const size = dims.reduce((a, b) => a * b, 1);
      return { [input]: new ort.Tensor("float32", new Float32Array(size).fill(90), dims) };
    };
    const one = feeds(1);
    const least = {};
    for (let run = -1; run < runs; run++) {
      for (const count of counts) {
        const many = feeds(count);
        let begun = performance.now();
        for (let crop = 0; crop < count; crop++) await session.run(one);
        const turns = performance.now() - begun;
        begun = performance.now();
        await session.run(many);
        const batch = performance.now() - begun;
        if (run < 0) continue;
        const [a, b] = least[count] ?? [Infinity, Infinity];
        least[count] = [Math.min(a, turns / count), Math.min(b, batch / count)];
      }
    }
    seen[name] = least;
    await session.release();
  }
  return seen;
})
"""


def freed(name: str, folder: Path) -> dict[str, object] | None:
    """Write a head whose first axis is free; return how to feed it, None if its graph is against
    it."""
    card, network = open_network(name)
    rest = cut(network, card.input.width, card.input.height)
    if rest is None:
        return None
    graph = onnx.load_from_string(rest.model)
    for value in (*graph.graph.input, *graph.graph.output):
        if value.name not in rest.unbatched:
            value.type.tensor_type.shape.dim[0].dim_param = "crops"
    del graph.graph.value_info[:]
    for tensor in graph.graph.initializer:
        free_shape(graph, tensor)
    path = folder / f"{name}.onnx"
    onnx.save(graph, path)
    shape = (card.input.height, card.input.width, 4)
    source = graph.graph.input[0].name
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        outputs = session.run(None, {source: np.zeros((2, *shape), np.float32)})
    except Exception as error:  # noqa: BLE001  (whatever the runtime says against it)
        print(f"{name}: {str(error).splitlines()[0][:120]}")
        return None
    if any(output.shape[0] != 2 for output in outputs):
        print(f"{name}: its outputs are of one crop")
        return None
    return {"input": source, "shape": shape, "counts": COUNTS}


def free_shape(graph: onnx.ModelProto, tensor: onnx.TensorProto) -> None:
    """Let a Reshape to a batch of one keep the batch that there is."""
    users = [node for node in graph.graph.node if tensor.name in node.input]
    if not users or any(node.op_type != "Reshape" for node in users):
        return
    shape = onnx.numpy_helper.to_array(tensor).copy()
    if shape.size > 1 and shape[0] == 1:
        shape[0] = 0  # as the input's
        tensor.CopyFrom(onnx.numpy_helper.from_array(shape, tensor.name))


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30, help="of each (default: 30)")
    parser.add_argument("--threads", type=int, default=2, help="default: 2")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for needed in NEEDED:
            (folder / needed).symlink_to(ORT / needed)
        (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
        made = {f"{head}.onnx": freed(head, folder) for head in HEADS}
        files = {name: how for name, how in made.items() if how}
        with (
            serving(folder) as server,
            launched(find_chromium(Path(sys.executable)), PICTURE) as browser,
        ):
            tab = browser.tab()
            tab.open(server.url)
            given = f"{json.dumps(files)}, {args.threads}, {args.runs}"
            seen = tab.evaluate(f"{MEASURE}({given})", 600)
        print(f"{'':14}{'crops':>6}{'one by one':>14}{'one batch':>14}{'ratio':>8}")
        for name, least in seen.items():
            for count, (turns, batch) in least.items():
                line = f"{name.removesuffix('.onnx'):14}{count:>6}{turns:11.2f} ms{batch:11.2f} ms"
                print(f"{line}{batch / turns:8.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
