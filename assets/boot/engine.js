// The engine, started beside Python: a worker that opens the model and runs it on the sample picture.
// Nothing depends on it. Python takes the worker over if it runs what Python has chosen, else ends it.

import { absolute, build, mark } from "../common/page.js";
import { earlyDownload } from "./downloads.js";
import { hasRelaxedSimd } from "../common/facts.js";
import { facts } from "./facts.js";
import { fromCache, receive } from "./progress.js";
import { sample } from "../common/sample.js";
import { shipped, wishes } from "./wishes.js";

// The first plan that Python will choose (`candidates` in py/obscura/engine/plans.py), by the names of
// a `Plan`, if that can be known here; else null.
export async function likelyPlan() {
  const { backend, threads, winners, model } = await wishes;
  const asked = backend ?? "auto";
  const wanted = Number(threads ?? 0);
  // For a GPU, Python cuts the network first; invalid wishes are left to Python to report.
  const valid = (count, least) => Number.isInteger(count) && count >= least && count <= 64;
  if (!["auto", "wasm", "litert"].includes(asked) || !valid(wanted, 0)) return null;
  const winner = asked === "auto" && !wanted && named(winners?.[model]?.plan);
  // WebGL opens so slowly that it takes over later.
  if (winner && winner.backend !== "webgl") {
    const known = winner.backend === "wasm" || litertFor(winner, model);
    return known && valid(winner.threads, 1) ? winner : null;
  }
  const { gpu, fallback_gpu: fallback, isolated, ios, cores } = await facts;
  if (asked === "auto" && gpu && !fallback) return null;
  const most = build.threads.length - 1;
  const usual = ios ? 1 : build.threads[Math.min(cores, most)];
  const count = isolated ? wanted || usual : 1;
  if (asked === "wasm" || asked === "auto") return plan("wasm", "wasm", count);
  const insisted = plan("litert", count > 1 ? "litert-threads" : "litert-simd", count);
  return litertFor(insisted, model) ? insisted : null;
}

// What assets/litert/ needs for a model; undefined where the plan does not use it, or browser or site
// lack it.
export function litertFor({ backend, runtime, threads }, model) {
  const { module, builds, cores } = build.litert ?? {};
  const core = cores?.[model];
  if (backend !== "litert" || !core || !builds[runtime] || !hasRelaxedSimd()) return undefined;
  const urls = Object.entries({ module, core, ...builds[runtime] });
  return { ...Object.fromEntries(urls.map(([key, url]) => [key, absolute(url)])), threads };
}

const plan = (backend, runtime, threads, resident = false, half = false) => ({
  backend,
  runtime,
  threads,
  resident,
  half,
});

// Earlier versions stored a plan as a list.
const named = (stored) => (Array.isArray(stored) ? plan(...stored) : stored);

const samePlan = (one, other) => Object.keys(one).every((name) => one[name] === other[name]);

let early = null; // the worker that was started here, with its plan and its answer
let taken = false; // Python has opened a model by now

// Resolves to false if opening the model is left to Python.
export async function startEngine() {
  const model = shipped.get((await wishes).model);
  const chosen = await likelyPlan();
  if (!chosen || !model || model.open || taken) return false;
  const name = String(performance.timeOrigin); // of the channel on which it reports its requests
  const litert = litertFor(chosen, model.name);
  const worker = new Worker(absolute(build.engine), { type: litert ? "classic" : "module", name });
  const begun = { plan: chosen, worker, answer: lastAnswer(worker), calls: RUN, network: null };
  early = begun;
  const { backend, runtime, threads } = chosen;
  const files = Object.entries(build.ort[litert ? "wasm" : runtime]).map(([key, url]) => [key, absolute(url)]);
  const how = { runtime: Object.fromEntries(files), backend, threads, litert };
  worker.postMessage({ ...how, id: BEGIN, call: "begin", counted: !fromCache });
  openEarly(begun, model, how).catch(() => {}); // Python tries again, and reports
  return true;
}

async function openEarly(begun, model, how) {
  const { worker } = begun;
  const network = await earlyDownload(model.url);
  worker.postMessage({ id: OPEN, call: "open", ...how, model: network });
  const { data, width, height } = await sample;
  worker.postMessage({ id: RUN, call: "run", pixels: data.buffer, width, height });
  begun.network = network; // from now on it is worth taking over
}

const [BEGIN, OPEN, RUN] = [1, 2, 3];

// Resolves to the worker's answer to the last of the three, or to the error that prevented it.
function lastAnswer(worker) {
  const until = new AbortController();
  return new Promise((resolve) => {
    const onMessage = ({ data }) => {
      if (data.received !== undefined) receive(data.url, data.received);
      if (data.id === OPEN) mark("session");
      if (data.id === RUN || data.error !== undefined) resolve(data);
    };
    const onError = (event) => {
      event.preventDefault();
      resolve({ error: event.message || "the engine's worker could not be started" });
    };
    worker.addEventListener("message", onMessage, until);
    worker.addEventListener("error", onError, until);
  }).then((data) => {
    until.abort();
    mark("answer");
    return data;
  });
}

// Hands out, once, the worker that runs this very network by this plan; ends one that does not.
export function takeEngine(network, wanted) {
  const begun = early;
  [early, taken] = [null, true];
  if (begun?.network && begun.network === network && samePlan(begun.plan, wanted)) return begun;
  begun?.worker.terminate();
  return undefined;
}
