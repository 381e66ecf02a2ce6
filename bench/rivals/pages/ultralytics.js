// Ultralytics' package, as its README has it. It is under the AGPL: it is installed from a lock of its
// own, for this benchmark alone.

import { backend, compete, documented, folder, served } from "./other.js";

compete(async () => {
  const { YOLO } = await import(served("module"));
  // As documented, an ONNX file of one's own; any bytes lead to where it gets the runtime for that.
  const network = documented ? new Uint8Array(16) : new URL("./weights/ultralytics.tflite", location.href).href;
  const model = await YOLO.load(network, {
    device: backend === "wasm" ? "cpu" : "auto",
    ...(documented ? {} : { litertWasmUrl: folder("wasm") }),
  });
  const detect = async (source) =>
    (await model.predict(source, { conf: 0.4 })).boxes.map(({ name: label, conf: score, x1, y1, x2, y2 }) => ({
      label,
      score,
      box: [x1, y1, x2, y2],
    }));
  return { detect, told: { backend: model.device } };
});
