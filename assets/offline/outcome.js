// How the start went, as reported to the service worker: it goes back to the previous version if a new one
// does not start.

import { build } from "../common/page.js";
import { endVisit, STABLE_MS } from "./crashes.js";
import { firstTime, reset } from "./once.js";
import { call, container } from "./worker.js";

const STUCK_MS = 15_000; // without having started, after which to check whether a file is damaged

let outcome = null; // "booted", "failed", or "left" before either
const page = build.version;

function report(now) {
  if (outcome === "booted" || (outcome && now !== "booted")) return;
  outcome = now;
  if (now !== "left") setTimeout(() => endVisit(true), STABLE_MS);
  container?.controller?.postMessage({ call: "started", page, outcome });
}

export function booted() {
  report("booted");
  reset("mending");
}

// The page cannot go on.
export function failed() {
  report("failed");
  return repair();
}

// If that is because of a damaged file in the cache, the file is downloaded again.
async function repair() {
  if (!container?.controller) return;
  const dropped = await call("mend").catch(() => 0);
  if (!dropped || !firstTime("mending")) return;
  report("failed");
  location.reload();
}

// Store all files of some groups for offline use.
export async function keep(groups, onProgress) {
  await call("keep", { groups: [...groups] }, onProgress);
  // A first visit starts before there is a worker to report to.
  if (outcome === "booted") await call("started", { page, outcome });
}

addEventListener("error", () => outcome || failed());
addEventListener("load", () => globalThis.obscura?.boot || failed());
// Pyodide hangs, without an error, if a part of its own is damaged.
setTimeout(() => outcome || repair(), STUCK_MS);
addEventListener("pagehide", () => report("left"));
