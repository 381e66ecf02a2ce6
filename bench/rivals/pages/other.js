// What the pages of other packages share. Each loads its package as its documentation has it, but with
// all files from this server; with ?documented, from wherever that has them.

import { draw, frames, openCamera, query, video } from "./common.js";

export const documented = query.has("documented");
export const backend = query.get("backend") ?? "wasm";

// load() returns {detect, told}: detect(source, moving) finds rows as `draw` takes them in an <img> or
// <video>; told is what it runs on.
export function compete(load) {
  async function analyse(detect, source, width, height, moving) {
    const begun = performance.now();
    const rows = await detect(source, moving);
    const detected = performance.now();
    draw(rows, width, height);
    return { detect: detected - begun, draw: performance.now() - detected, boxes: rows.length };
  }

  async function begin() {
    const sample = document.getElementById("sample");
    if (query.has("sample")) {
      [sample.hidden, video.hidden] = [false, true];
      const { detect, told } = await load();
      await sample.decode();
      await analyse(detect, sample, sample.naturalWidth, sample.naturalHeight, false);
      performance.mark("first-boxes");
      return told;
    }
    const [{ detect, told }] = await Promise.all([load(), openCamera()]);
    const { videoWidth: width, videoHeight: height } = video;
    globalThis.bench.frames = (count) => frames(count, () => analyse(detect, video, width, height, true));
    return told;
  }

  globalThis.bench = { ready: begin() };
}

// Where this server has the file that a data attribute of the page names, and the folder it is in.
export const served = (name) => new URL(document.body.dataset[name], location.href).href;
export const folder = (name) => served(name).replace(/[^/]*$/, "");
