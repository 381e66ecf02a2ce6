// Human with its object detector alone, as its wiki has it; it keeps no answer for a later frame.

import { backend, compete, documented, folder, served } from "./other.js";

compete(async () => {
  const { Human } = await import(served("module"));
  const human = new Human({
    backend: backend === "wasm" ? "wasm" : "humangl",
    ...(documented ? {} : { wasmPath: folder("wasm") }),
    modelBasePath: folder("model"),
    cacheSensitivity: 0,
    filter: { enabled: false },
    gesture: { enabled: false },
    face: { enabled: false },
    body: { enabled: false },
    hand: { enabled: false },
    segmentation: { enabled: false },
    object: { enabled: true, modelPath: "centernet.json", maxDetected: 20, skipFrames: 0, skipTime: 0 },
  });
  await human.load();
  const detect = async (source) => {
    const { object, error } = await human.detect(source);
    if (error) throw new Error(error);
    return object.map(({ label, score, box: [x, y, w, h] }) => ({ label, score, box: [x, y, x + w, y + h] }));
  };
  return { detect, told: { backend: human.tf.getBackend(), version: human.version } };
});
