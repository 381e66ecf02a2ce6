// The first seconds, before Python runs: count what is downloaded, start the engine beside Python,
// remember what is pressed, and report it if the browser cannot go on. Python takes over through
// `obscura.boot`; everything after that is in py/. The builder joins these files into one script.

import "../common/policy.js";
import { databaseWorks } from "../common/database.js";
import { absolute, build, mark } from "../common/page.js";
import { sample } from "../common/sample.js";
import { askForCamera, askForScreen, setResolution } from "./camera.js";
import { download, fetchEarly, take } from "./downloads.js";
import { likelyPlan, litertFor, startEngine, takeEngine } from "./engine.js";
import { facts, hasSimd } from "./facts.js";
import { keepFetchingRest } from "../common/halves.js";
import { error, fail, pythonFailed } from "./notice.js";
import { pressed, startRemembering, stopRemembering } from "./pressed.js";
import { dataSaver, expect, fromCache, parts, say, showProgress } from "./progress.js";
import { load, python, startPyScript, startPython } from "./python.js";
import { requests } from "./requests.js";
import { safeMode, shipped, wishes } from "./wishes.js";

mark("boot");

// PyScript reports only to the console what main.py raised.
let arrived = false;
const pythonEnded = () =>
  arrived || fail("python", "main.py ended before the app began; its error is in the console");

const boot = {
  build,
  databaseWorks,
  facts,
  safeMode,
  sample,
  python,
  requests,
  take,
  takeEngine,
  askForCamera,
  askForScreen,
  setResolution,
  load,
  keepFetchingRest,
  say,
  get files() {
    return pressed.files;
  },
  // main.py has begun.
  arrive: () => (arrived = true),
  // main.py could not begin, so it cannot report that itself.
  fail: (details) => fail("python", details),
  // Python listens itself from now on. Returns what was pressed before: "start", "files" or null.
  adopt() {
    stopRemembering();
    removeEventListener("unhandledrejection", pythonFailed);
    removeEventListener("py:all-done", pythonEnded);
    return pressed.wanted;
  },
};

const snapshot = () => ({
  state: error ? "error" : "loading",
  error,
  model: null,
  opening: null,
  models: build.models.map(({ name, title }) => ({ name, title, own: false, ms: {} })),
  backend: null,
  threads: 0,
  precision: null,
  frames: 0,
  fps: 0,
  timings: {},
  frame: null,
  held: {},
  detections: [],
  recording: null,
  photos: null,
  cameras: [],
  counts: null,
  heads: null,
  hidden: null,
  kept: null,
  analysed: null,
});

globalThis.obscura = { boot, snapshot, events: new EventTarget() };

// Python's own snapshot does not answer any more.
function died(why) {
  fail("part-missing", why);
  globalThis.obscura.snapshot = snapshot;
}

// Resolves to the address of the runtime that Python will probably use, once progress counts it.
async function expectParts() {
  const { backend: forced, model } = await wishes;
  for (const [url, part] of parts) {
    if (part.stage === "python" || part.model === model) expect(url);
  }
  const { gpu: found, fallback_gpu: fallback, suspending } = await facts;
  const gpu = forced === "webgpu" || (!["wasm", "webgl", "litert"].includes(forced) && found && !fallback);
  const runtime = gpu ? (suspending ? "jspi" : "asyncify") : "wasm";
  const litert = litertFor((await likelyPlan()) ?? {}, model);
  const wasm = litert?.wasm ?? absolute(build.ort[runtime].wasm);
  expect(wasm);
  showProgress();
  return wasm;
}

async function begin() {
  dataSaver.waiting = false;
  startPython(died);
  const model = shipped.get((await wishes).model);
  if (model) fetchEarly(model.url);
  startEngine()
    // Else put the runtime where the worker's own fetch finds it: in the browser's HTTP cache.
    .then(async (begun) => begun || fromCache || download(await runtimeAddress))
    .catch(() => {}); // Python tries again, and reports
  addEventListener("unhandledrejection", pythonFailed);
  addEventListener("py:all-done", pythonEnded);
  await startPyScript();
}

startRemembering(() => dataSaver.waiting && begin());
const runtimeAddress = expectParts();
if (!hasSimd()) fail("no-simd", navigator.userAgent);
else {
  const isolated = globalThis.obscuraOffline?.isolate(() => pressed.wanted !== null);
  if (!dataSaver.waiting) isolated ? isolated.then(begin) : begin();
}
