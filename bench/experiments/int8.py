"""Why scores of int8 networks differ between the page and the library.

python3 build.py run bench/experiments/int8.py --network yolox.onnx --images DIR

Stores the convolutions of a float network as int8 (with quantised activations, calibrated on some
of the pictures), runs it on others, and prints how far the scores of its cells are apart: between
onnxruntime and onnxruntime-web, each with its own preparation of the picture; on each other's
input; on an input that is a thousandth of a grey level off; and computed layer by layer in floats,
as GPUs do. The same for the float network. Needs Node and the pinned packages of the build.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from obscura import pictures
from obscura.cards.card import InputSpec, OpenForm
from obscura.evaluation.report import table
from obscura.graph.prepare import PICTURE, prepare

ROOT = Path(__file__).resolve().parents[2]
CALIBRATION, PICTURES = 12, 6
SIDE, FITTED = 416, "letterbox-corner"
SEEN = 0.2  # scores above this are compared
LEVELS = ort.GraphOptimizationLevel
WEB = """
const ort = require("onnxruntime-web"), { readFileSync, writeFileSync } = require("fs");
const [folder, prepare, network] = process.argv.slice(1);
const at = (name) => folder + "/" + name;
(async () => {
  ort.env.wasm.numThreads = 1;
  const first = await ort.InferenceSession.create(readFileSync(at(prepare)));
  const second = await ort.InferenceSession.create(readFileSync(at(network)));
  for (const [i, [height, width]] of JSON.parse(readFileSync(at("sizes.json"))).entries()) {
    const pixels = new ort.Tensor("uint8", new Uint8Array(readFileSync(at(i + ".rgba"))),
      [1, height, width, 4]);
    const [x] = Object.values(await first.run({ [first.inputNames[0]]: pixels }));
    const [y] = Object.values(await second.run({ [second.inputNames[0]]: x }));
    writeFileSync(at(i + ".x"), x.data);
    writeFileSync(at(i + ".y"), y.data);
  }
})();
"""

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]  # (height, width, 4) RGBA


class Calibration(CalibrationDataReader):  # type: ignore[misc]  # untyped
    """Feeds the pictures on which ranges of activations are measured."""

    def __init__(self, name: str, inputs: Floats) -> None:
        self._feeds = iter([{name: one[None]} for one in inputs])

    def get_next(self) -> dict[str, Floats] | None:
        return next(self._feeds, None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--network", type=Path, required=True, metavar="ONNX", help="a YOLOX")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    paths = sorted(options.images.glob("*.jpg"))[: CALIBRATION + PICTURES]
    images = [pictures.to_rgba(pictures.open_picture(path)) for path in paths]
    with TemporaryDirectory() as folder:
        rows = _compared(options.network, images, Path(folder))
    print(table(("compared", "mean", "largest"), rows, words=1))
    return 0


def _compared(network: Path, images: Sequence[Pixels], folder: Path) -> list[tuple[str, ...]]:
    """Return a row for each comparison: what, and the mean and largest difference of scores."""
    plain, small = folder / "float.onnx", folder / "int8.onnx"
    model = onnx.version_converter.convert_version(onnx.load(network), 13)
    model.ir_version = 8
    onnx.save(model, plain)
    name = model.graph.input[0].name
    form = OpenForm(name, channels="bgr")
    (folder / "prepare.onnx").write_bytes(prepare(InputSpec(SIDE, SIDE, FITTED), form))
    inputs = _prepared(folder / "prepare.onnx", images)
    quantize_static(
        plain, small, Calibration(name, inputs[:CALIBRATION]),
        quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8, op_types_to_quantize=["Conv"], per_channel=True,
    )  # fmt: skip
    x, shown = inputs[CALIBRATION:], images[CALIBRATION:]
    nudged = x + np.random.default_rng(0).choice([-1e-3, 1e-3], x.shape).astype(np.float32)
    rows: list[tuple[str, ...]] = []
    for kind, path in (("int8", small), ("float", plain)):
        library = _native(path, x)
        web_x, page = _web(path, shown, folder, library.shape)
        pairs = {
            f"onnxruntime, onnxruntime-web (inputs differ by {np.abs(web_x - x).max():.0e})": page,
            "onnxruntime, onnxruntime on the other's input": _native(path, web_x),
            "onnxruntime, input nudged by 0.001 of 255": _native(path, nudged),
            "onnxruntime, layer by layer in floats": _native(path, x, LEVELS.ORT_DISABLE_ALL),
        }
        rows += [(f"{kind}: {what}", *_difference(library, y)) for what, y in pairs.items()]
    return rows


def _prepared(graph: Path, images: Sequence[Pixels]) -> Floats:
    """Return pictures as the library feeds them to the network."""
    session = ort.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {PICTURE: one[None]})[0] for one in images])


def _native(network: Path, inputs: Floats, level: Any = LEVELS.ORT_ENABLE_ALL) -> Floats:
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 3
    session = ort.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: one[None]})[0] for one in inputs])


def _web(
    network: Path, images: Sequence[Pixels], folder: Path, shape: tuple[int, ...]
) -> tuple[Floats, Floats]:
    """Run the page's engine, on one thread, in Node; return the network's inputs and outputs."""
    (folder / "sizes.json").write_text(json.dumps([image.shape[:2] for image in images]))
    for number, image in enumerate(images):
        (folder / f"{number}.rgba").write_bytes(image.tobytes())
    command = ["node", "-e", WEB, str(folder), "prepare.onnx", network.name]
    subprocess.run(command, check=True, cwd=ROOT)
    x, y = (
        np.concatenate([np.fromfile(folder / f"{i}.{end}", np.float32) for i in range(len(images))])
        for end in ("x", "y")
    )
    return x.reshape(len(images), 3, SIDE, SIDE), y.reshape(shape)


def _difference(a: Floats, b: Floats) -> tuple[str, str]:
    """Return mean and largest difference of the scores of cells that are above `SEEN` in either."""
    one, other = (rows[..., 4] * rows[..., 5:].max(-1) for rows in (a, b))
    apart = np.abs(one - other)[(one > SEEN) | (other > SEEN)]
    return f"{apart.mean():.4f}", f"{apart.max():.4f}"


if __name__ == "__main__":
    sys.exit(main())
