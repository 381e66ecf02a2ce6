// Obscura's frame without Python: the same worker, the same sealed model, the same work before and
// after it (capture at the model's size; threshold, suppression per class, scaling, drawing).
// ?setting=NAME, of which the page's messages to its worker were recorded.

import { draw, openCamera, query, video } from "./common.js";
import { open } from "./engine_client.js";

function overlap(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]);
  return (width * height) / (areas - width * height);
}

// What obscura.families.decode does for a model that stretches its input.
function decode({ boxes, scores, classes }, { labels, output }, width, height) {
  const kept = [];
  for (let row = 0; row < scores.length && scores[row] >= output.threshold; row++) {
    const box = [0, 1, 2, 3].map((edge) => boxes[4 * row + edge]);
    const rival = ({ id, raw }) => id === classes[row] && overlap(raw, box) > output.iou;
    if (kept.some(rival)) continue;
    const limit = [width, height, width, height];
    const pixels = box.map((edge, axis) => Math.min(Math.max(edge * limit[axis], 0), limit[axis]));
    if (pixels[2] > pixels[0] && pixels[3] > pixels[1]) {
      kept.push({ id: classes[row], raw: box, label: labels[classes[row]], score: scores[row], box: pixels });
    }
  }
  return kept;
}

const SLOW_MS = 50;

// Obscura's loop, see py/obscura/page/live/loop.py: the next frame is on its way before an answer is drawn, and
// an engine that is slow is offered none while it works. `analyse(onlyNew)` gives what shows its answer
// and tells its stages, or nothing where there is no new frame. Returns the same as `frames` of common.js.
async function newestFrames(count, analyse) {
  const [ms, stages] = [[], []];
  let [busy, slow, ticket, shown, taken] = [false, false, 0, 0, 0];
  await video.play();
  const begun = performance.now();
  await new Promise((done, failed) => {
    const ask = () => {
      if (!ticket && ms.length < count) ticket = video.requestVideoFrameCallback(offer);
    };
    const goOn = (offered) => {
      if (busy || ms.length >= count || (offered && shown === taken)) return;
      [busy, taken] = [true, shown];
      step(offered).catch(failed);
    };
    const offer = (_now, { presentedFrames }) => {
      [ticket, shown] = [0, presentedFrames];
      goOn(true);
      if (!(busy && slow)) ask();
    };
    const step = async (offered) => {
      const start = performance.now();
      const show = await analyse(!offered);
      busy = false;
      if (!show) {
        taken = 0;
        return ask();
      }
      slow = performance.now() - start > SLOW_MS;
      goOn(Boolean(ticket));
      if (!busy) ask();
      if (ms.length === count) return; // the one that was on its way when the last was shown
      stages.push(show());
      ms.push(performance.now() - start);
      if (ms.length === count) done();
    };
    ask();
  });
  const seconds = (performance.now() - begun) / 1000;
  while (busy) await new Promise((later) => setTimeout(later)); // others have their turn
  video.pause();
  return { ms, stages, seconds };
}

async function begin() {
  const [engine] = await Promise.all([open(query.get("setting")), openCamera()]);
  const { card, run, byFrame } = engine;
  const { videoWidth: width, videoHeight: height } = video;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [card.input.width, card.input.height];
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  const capture = () => {
    if (byFrame) return { frame: new VideoFrame(video) };
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    return { pixels: context.getImageData(0, 0, canvas.width, canvas.height).data.buffer };
  };
  let last; // the time of the frame captured last
  const analyse = async (onlyNew) => {
    const begun = performance.now();
    const picture = capture();
    if (picture.frame) {
      if (onlyNew && picture.frame.timestamp === last) return picture.frame.close();
      last = picture.frame.timestamp;
    }
    const captured = performance.now();
    const rows = await run(picture);
    picture.frame?.close(); // the worker has another
    const stages = { capture: captured - begun + rows.drawn, inference: performance.now() - captured - rows.drawn };
    return () => {
      const answered = performance.now();
      const found = decode(rows, card, width, height);
      const decoded = performance.now();
      draw(found, width, height);
      return { ...stages, decode: decoded - answered, draw: performance.now() - decoded, boxes: found.length };
    };
  };
  globalThis.bench.frames = (count) => newestFrames(count, analyse);
  return {};
}

globalThis.bench = { ready: begin() };
