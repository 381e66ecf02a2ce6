// The first seconds, before Python runs: count what is fetched, begin with the engine beside Python,
// remember what the person pressed, and say so when the browser cannot go on. Python takes over
// through `obscura.boot`; everything after that is in py/.

const mark = (name) => performance.mark(`obscura:${name}`); // bench/start.py reads these
mark("boot");

const element = (id) => document.getElementById(id);
const build = JSON.parse(element("obscura-build").textContent);
const query = new URLSearchParams(location.search);

// A minimal module using i8x16.splat and i8x16.popcnt (from the wasm-feature-detect test suite).
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

// No string becomes markup, a script or a worker, says the policy in index.html, unless this lets it:
// workers of this site. Browsers without Trusted Types pass over both.
globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL: (url) => (new URL(url, location.href).origin === location.origin ? url : null),
});

// ---- bytes: every fetch of a known part is counted, whoever makes it ----------------------------

const absolute = (url) => new URL(url, location.href).href;
// Modules are imported, not fetched, so their bytes cannot be seen to arrive.
const countable = build.parts.filter((part) => !part.url.endsWith("js"));
const parts = new Map(countable.map((part) => [absolute(part.url), part]));
// If this file came out of the browser's cache, so will the others: too fast to be worth counting.
const kept = performance.getEntriesByName(import.meta.url)[0]?.transferSize === 0;
const received = new Map();
const expected = new Set();
const originalFetch = globalThis.fetch.bind(globalThis);

globalThis.fetch = async (resource, options) => {
  const url = absolute(resource.url ?? resource);
  // Pyodide waits for ever for a part of its own that does not come.
  const missed = (why) => parts.get(url)?.stage === "python" && notice("python", `${url}: ${why}`);
  try {
    const response = await originalFetch(resource, options);
    if (!response.ok) missed(response.status);
    else if (parts.has(url) && !kept) count(url, response.clone().body.getReader());
    return response;
  } catch (error) {
    missed(error);
    throw error;
  }
};

// Pyodide only murmurs when its wasm cannot be compiled, and waits for ever.
const { instantiateStreaming } = WebAssembly;
WebAssembly.instantiateStreaming = (...what) => {
  const made = instantiateStreaming(...what);
  made.catch((error) => error instanceof WebAssembly.CompileError && notice("python", String(error)));
  return made;
};

async function count(url, reader) {
  expected.add(url);
  received.set(url, 0);
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      received.set(url, received.get(url) + chunk.value.length);
      showProgress();
    }
    const { stage, bytes } = parts.get(url);
    if (stage === "python" && received.get(url) !== bytes) notice("python", `${url}: cut off`);
  } catch (error) {
    // The caller's own copy fails in the same way and reports it, Pyodide's own parts excepted.
    if (parts.get(url).stage === "python") notice("python", `${url}: ${error}`);
  }
}

// Bytes that a worker has received.
function countMore({ url, received: bytes }) {
  if (!parts.has(url)) return;
  received.set(url, bytes);
  showProgress();
}

let stage = null; // set by Python once it has something truer to say
let firstBatch = true;

function showProgress() {
  const bar = element("progress-bar");
  const text = element("progress-text");
  let done = 0;
  let total = 0;
  for (const url of expected) {
    done += Math.min(received.get(url) ?? 0, parts.get(url).bytes);
    total += parts.get(url).bytes;
  }
  const words = element("progress").dataset;
  if (waiting) {
    bar.value = 0;
    text.textContent = words.waiting.replace("{total}", megabytes(total));
  } else if (done < total) {
    bar.value = done / total;
    const what = (!firstBatch && stage) || words.fetching;
    text.textContent = `${what}: ${megabytes(done)} / ${megabytes(total)} MB`;
  } else {
    if (total > 0) firstBatch = false;
    expected.clear(); // a model fetched later is counted by itself
    bar.removeAttribute("value"); // everything is here: what remains has no length to measure
    text.textContent = stage ?? words.starting;
  }
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

// ---- what the browser can do, as plain facts for Python to decide on ----------------------------

const patience = (promise, milliseconds) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, milliseconds, null))]);

async function lookAround() {
  const asked = navigator.gpu?.requestAdapter().catch(() => null);
  const adapter = asked ? await patience(asked, 3000) : null; // some drivers never answer
  const touchMac = navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1;
  return {
    gpu: Boolean(adapter),
    fallback_gpu: Boolean(adapter?.info?.isFallbackAdapter ?? adapter?.isFallbackAdapter),
    half: Boolean(adapter?.features.has("shader-f16")),
    gpu_name: [adapter?.info?.vendor, adapter?.info?.architecture].filter(Boolean).join(" "),
    suspending: "Suspending" in WebAssembly,
    isolated: globalThis.crossOriginIsolated === true,
    cores: navigator.hardwareConcurrency || 1,
    memory_gb: navigator.deviceMemory ?? 0,
    save_data: navigator.connection?.saveData === true,
    ios: /iPhone|iPad|iPod/.test(navigator.userAgent) || touchMac,
  };
}

// ---- downloads that Python will ask for ---------------------------------------------------------

const downloads = new Map();

// Resolves to the file's bytes. A download begun early is handed out once, then forgotten.
function take(url, fresh = false) {
  const early = downloads.get(url);
  downloads.delete(url);
  return !fresh && early ? early : download(url, fresh);
}

async function download(url, fresh = false, priority = "auto") {
  const response = await fetch(url, { cache: fresh ? "reload" : "default", priority });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
  return response.arrayBuffer();
}

// What is needed before it must not wait behind it.
function fetchEarly(url) {
  const promise = download(url, false, "low");
  promise.catch(() => {}); // reported when Python takes it
  downloads.set(url, promise);
}

// ---- the engine and Python, begun before they are asked for ---------------------------------------

// The way to run that Python will choose (`candidates` of engine/__init__.py, fields of a `Plan`), as
// far as that can be told here; else null. Nothing depends on it: what Python cannot use, it ends.
async function likelyPlan() {
  const { backend, threads, winners, model: chosen } = await wishes;
  const asked = backend ?? "auto";
  const wanted = Number(threads ?? 0);
  // A GPU takes a network that Python has cut; and what makes no sense is Python's to say so.
  const sensible = (count, least) => Number.isInteger(count) && count >= least && count <= 64;
  if (!["auto", "wasm"].includes(asked) || !sensible(wanted, 0)) return null;
  const winner = asked === "auto" && !wanted && winners?.[chosen]?.plan;
  if (winner) return winner[0] === "wasm" && sensible(winner[2], 1) ? winner : null;
  const { gpu, fallback_gpu: fallback, isolated, ios, cores } = await boot.facts;
  if (asked === "auto" && gpu && !fallback) return null;
  const usual = ios ? 1 : Math.min(8, cores - (cores >> 2));
  return ["wasm", "wasm", isolated ? wanted || usual : 1, false, false];
}

let early = null; // a worker that has been told to open a model and to run it on the sample
let late = false; // Python has opened a model by now

// Resolves to false if that is left to Python.
async function startEngine() {
  const model = shipped.get((await wishes).model);
  const plan = await likelyPlan();
  if (!plan || !model || model.open || late) return false;
  const worker = new Worker(absolute(build.engine), { type: "module", name: String(performance.timeOrigin) });
  const run = { plan: plan.join(), worker, answer: lastAnswer(worker), calls: RUN, network: null };
  early = run;
  const [backend, name, threads] = plan;
  const runtime = Object.fromEntries(Object.entries(build.ort[name]).map(([key, url]) => [key, absolute(url)]));
  worker.postMessage({ id: BEGIN, call: "begin", runtime, threads, counted: !kept });
  openEarly(run, model, { runtime, backend, threads }).catch(() => {}); // Python does it over again
  return true;
}

async function openEarly(run, model, how) {
  const { worker } = run;
  const network = await downloads.get(model.url);
  worker.postMessage({ id: OPEN, call: "open", ...how, model: network });
  const { data, width, height } = await boot.sample;
  worker.postMessage({ id: RUN, call: "run", pixels: data.buffer, width, height });
  run.network = network; // from now on it is worth taking over
}

const [BEGIN, OPEN, RUN] = [1, 2, 3];

// Resolves to what the worker says to the last of the three, or to what kept it from that.
function lastAnswer(worker) {
  const until = new AbortController();
  return new Promise((resolve) => {
    const hear = ({ data }) => {
      if (data.received !== undefined) countMore(data);
      if (data.id === OPEN) mark("session");
      if (data.id === RUN || data.error !== undefined) resolve(data);
    };
    const crash = (event) => {
      event.preventDefault();
      resolve({ error: event.message || "the engine's worker could not be started" });
    };
    worker.addEventListener("message", hear, until);
    worker.addEventListener("error", crash, until);
  }).then((data) => {
    until.abort();
    mark("answer");
    return data;
  });
}

// Hands out, once, the worker that runs this very network in this way; ends one that does not.
function takeEngine(network, plan) {
  const found = early;
  [early, late] = [null, true];
  if (found?.plan === plan && found.network === network) return found;
  found?.worker.terminate();
  return undefined;
}

// The bundled picture, on which backends prove themselves. Its pixels are kept, not a canvas: those are
// blank after the browser's graphics process ended.
async function readSample() {
  const bitmap = await createImageBitmap(await (await fetch(build.sample)).blob());
  const { width, height } = bitmap;
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d", {
    alpha: false,
    willReadFrequently: true,
  });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height);
}

// A module that does not come is asked for once more, by another name: browsers remember failures.
const load = (url) => import(absolute(url)).catch(() => import(`${absolute(url)}?again`));

function startPython() {
  const url = absolute(build.python.module);
  python.module = load(url);
  python.ready = python.module.then(({ loadPyodide }) =>
    loadPyodide({ indexURL: new URL(".", url).href, packages: build.python.packages }),
  );
  // PyScript, which waits for it, reports what went wrong.
  python.ready.then(() => mark("python"), () => {});
}

const python = {};

// Have files on their way that Pyodide and PyScript will ask for one after the other.
function hint(urls, attributes) {
  for (const url of urls) document.head.append(Object.assign(document.createElement("link"), { href: url, ...attributes }));
}

// ---- the camera ---------------------------------------------------------------------------------

// Refusals as plain values: an OverconstrainedError is no Error in Chromium, and Pyodide, which cannot
// raise what is none, would leave its caller waiting for ever.
const askForCamera = (constraints) =>
  navigator.mediaDevices.getUserMedia(constraints).then(
    (stream) => ({ stream }),
    ({ name, message }) => ({ stream: null, name, message }),
  );

// ---- the order of events ------------------------------------------------------------------------

function settings() {
  try {
    return JSON.parse(localStorage.getItem("obscura.settings")) ?? {};
  } catch {
    return {};
  }
}

function notice(code, details) {
  const words = element(`notice-${code}`).dataset;
  element("notice-title").textContent = words.title;
  element("notice-why").textContent = words.why;
  element("notice-details").textContent = details;
  element("notice-action").textContent = words.action;
  element("notice-action").addEventListener("click", () => location.reload());
  element("notice-dismiss").hidden = true;
  element("notice").hidden = false;
  element("progress").hidden = true;
  document.body.dataset.state = "error";
  boot.error = { code, message: words.title };
  if (code === "python") globalThis.obscuraOffline?.failed(); // a file may be damaged on this device
}

// Models that the person brought are no download: the browser's own database has them.
const shipped = new Map(build.models.map((model) => [model.name, model]));

const MOST_DEATHS = 2;

// After visits that died (assets/offline.js), what asks least of the device; else undefined.
const safe = Promise.resolve(globalThis.obscuraOffline?.deaths).then((deaths) => {
  if (!(deaths >= MOST_DEATHS)) return undefined;
  const bytes = ({ url }) => parts.get(absolute(url)).bytes;
  const [smallest] = [...shipped.values()].sort((one, other) => bytes(one) - bytes(other));
  // Without a connection only the model that was used last may be here.
  return { backend: "wasm", threads: 1, ...(navigator.onLine && { model: smallest.name }) };
});

// What this visit is to run: for safety, by the address, or by what was kept.
const wishes = safe.then((careful) => {
  const kept = settings();
  const asked = { ...kept, ...Object.fromEntries(query), ...careful };
  const models = [...shipped.keys()].concat(kept.own ?? []);
  const model = [asked.model, kept.model, build.default_model].find((name) => models.includes(name));
  return { ...asked, model };
});

const sample = readSample();
sample.catch(() => {}); // reported when Python wants it

const boot = {
  build,
  facts: lookAround(),
  safe,
  sample,
  python,
  take,
  takeEngine,
  askForCamera,
  load,
  wanted: null, // "start", or "files" with `files`
  files: [],
  arrive: () => (arrived = true),
  error: null,
  say(text) {
    stage = text;
    showProgress();
  },
  // main.py could not begin: show why, for nobody else can.
  fail: (details) => notice("python", details),
  // Python is here and listens itself from now on; the answer is what was pressed meanwhile.
  adopt() {
    for (const type of REMEMBERED) removeEventListener(type, remember);
    removeEventListener("unhandledrejection", pythonFailed);
    removeEventListener("py:all-done", pythonEnded);
    return boot.wanted;
  },
};

globalThis.obscura = {
  boot,
  snapshot: () => ({
    state: boot.error ? "error" : "loading",
    error: boot.error,
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
  }),
};

// What is pressed, chosen, dropped or pasted before Python listens. A second press takes the first back.
function remember(event) {
  const wants = event.target.closest?.("[data-wants]")?.dataset.wants;
  if (event.type === "click" && wants === "start") {
    boot.wanted = boot.wanted === "start" ? null : "start";
    element("start").setAttribute("aria-busy", String(boot.wanted === "start"));
  } else if (event.type === "change" && wants === "photo") {
    rememberFile(event.target.files);
  } else if (event.type === "drop") {
    event.preventDefault(); // or the browser leaves the page for the file
    element("dropzone").hidden = true;
    rememberFile(event.dataTransfer.files);
  } else if (event.type === "paste") {
    rememberFile(event.clipboardData.files);
  } else if (event.type === "dragover" && event.dataTransfer.types.includes("Files")) {
    event.preventDefault();
    element("dropzone").hidden = false;
  } else if (event.type === "dragleave" && !event.relatedTarget) {
    element("dropzone").hidden = true;
  }
  if (waiting && (wants || boot.files.length)) begin();
}

function rememberFile(files) {
  if (files.length) [boot.wanted, boot.files] = ["files", [...files]];
}

const REMEMBERED = ["click", "change", "dragover", "dragleave", "drop", "paste"];

const pythonFailed = (event) => notice("python", String(event.reason?.stack ?? event.reason));

// PyScript reports what main.py raised to the console only.
let arrived = false;
const pythonEnded = () => arrived || notice("python", "main.py ended before the app began; the console has its words");

async function plan() {
  const { backend: forced, model: chosen } = await wishes;
  for (const [url, part] of parts) {
    if (!kept && (part.stage === "python" || part.model === chosen)) expected.add(url);
  }
  const facts = await boot.facts;
  const gpu = forced === "webgpu" || (forced !== "wasm" && facts.gpu && !facts.fallback_gpu);
  const runtime = gpu ? (facts.suspending ? "jspi" : "asyncify") : "wasm";
  const engine = absolute(build.ort[runtime].wasm);
  if (!kept) expected.add(engine);
  showProgress();
  return engine;
}

// Put the engine where the worker's own fetch finds it: in the browser's HTTP cache.
const fetchEngine = async () => download(await planned);

async function begin() {
  waiting = false;
  hint(build.python.modules, { rel: "modulepreload" });
  startPython();
  hint(build.python.files, { rel: "preload", as: "fetch", crossOrigin: "" });
  const model = shipped.get((await wishes).model);
  if (model) fetchEarly(model.url);
  startEngine()
    .then((begun) => begun || kept || fetchEngine())
    .catch(() => {}); // Python does it over again, and reports
  addEventListener("unhandledrejection", pythonFailed);
  addEventListener("py:all-done", pythonEnded);
  try {
    const { hooks } = await load(build.pyscript);
    // PyScript serialises this hook with Function(), which the security policy forbids;
    // it serves only scripts that run in PyScript's own workers, and we have none.
    hooks.worker.onBeforeRunAsync.clear();
  } catch (error) {
    notice("python", String(error.stack ?? error));
    return;
  }
}

let waiting = navigator.connection?.saveData === true;
for (const type of REMEMBERED) addEventListener(type, remember);
const planned = plan();
if (!WebAssembly.validate(SIMD)) notice("no-simd", navigator.userAgent);
else {
  const isolated = globalThis.obscuraOffline?.isolate(() => boot.wanted !== null);
  if (!waiting) isolated ? isolated.then(begin) : begin();
}
