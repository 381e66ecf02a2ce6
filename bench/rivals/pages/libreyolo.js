// libreyolo-web, as its README has it.

import { backend, compete, documented, folder, served } from "./other.js";

compete(async () => {
  const { loadModel } = await import(served("module"));
  const device = backend === "wasm" ? "wasm" : "auto";
  const model = documented
    ? await loadModel("LibreYOLOXn", { device })
    : await loadModel(new URL("./weights/libreyolo.onnx", location.href).href, {
        modelFamily: "yolox",
        inputSize: 416,
        device,
        runtime: { wasmPaths: folder("wasm") },
      });
  const detect = async (source) =>
    (await model.predict(source, { confThres: 0.4 })).detections.map(({ label, confidence, bbox }) => ({
      label,
      score: confidence,
      box: bbox,
    }));
  return { detect, told: { backend: model.provider } };
});
