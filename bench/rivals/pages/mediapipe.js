// MediaPipe Tasks' object detector, as its guide for the web has it.

import { backend, compete, documented, folder, served } from "./other.js";

const CDN = "https://cdn.jsdelivr.net/npm/@mediapipe/tasks-vision/wasm";
const MODEL = "https://storage.googleapis.com/mediapipe-models/object_detector/efficientdet_lite0/float16/1/efficientdet_lite0.tflite";

compete(async () => {
  const { FilesetResolver, ObjectDetector } = await import(served("module"));
  const files = await FilesetResolver.forVisionTasks(documented ? CDN : folder("module").replace(/\/$/, ""));
  const detector = await ObjectDetector.createFromOptions(files, {
    baseOptions: {
      modelAssetPath: documented ? MODEL : new URL("./weights/mediapipe.tflite", location.href).href,
      delegate: backend === "wasm" ? "CPU" : "GPU",
    },
    runningMode: "IMAGE",
    scoreThreshold: 0.5,
  });
  let mode = "IMAGE";
  const detect = async (source, moving) => {
    const wanted = moving ? "VIDEO" : "IMAGE";
    if (mode !== wanted) await detector.setOptions({ runningMode: (mode = wanted) });
    const { detections } = moving ? detector.detectForVideo(source, performance.now()) : detector.detect(source);
    return detections.map(({ categories: [{ categoryName: label, score }], boundingBox: box }) => ({
      label,
      score,
      box: [box.originX, box.originY, box.originX + box.width, box.originY + box.height],
    }));
  };
  return { detect, told: { backend: backend === "wasm" ? "CPU" : "GPU" } };
});
