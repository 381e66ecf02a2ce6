// The service worker (assets/sw/): registered, awaited, and called.

import { build } from "../common/page.js";
import { withTimeout } from "../common/timeout.js";
import { firstTime } from "./once.js";

export const container = findContainer();
const ISOLATION_MS = 4000; // to wait for the worker before going on without threads

// There is none in insecure contexts, and asking for it is forbidden in some frames.
function findContainer() {
  try {
    return navigator.serviceWorker;
  } catch {
    return undefined;
  }
}

let registration = null;
function register() {
  if (!container) return Promise.reject(new DOMException("no service workers", "NotSupportedError"));
  registration ??= container.register(build.worker, { updateViaCache: "none" });
  return registration;
}

// Resolves to the registration once its worker is active. One that cannot be installed never is.
export async function ready() {
  const registered = await register();
  const next = registered.installing ?? registered.waiting;
  if (registered.active || !next) return registered;
  await new Promise((resolve, reject) => {
    next.addEventListener("statechange", () => {
      if (next.state === "activated") resolve();
      if (next.state === "redundant") reject(new DOMException("not installed", "InvalidStateError"));
    });
  });
  return registered;
}

// Make one of the worker's `calls`; `onProgress` gets the bytes done and in total meanwhile.
export async function call(name, values = {}, onProgress = () => {}) {
  const { active } = await ready();
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => {
      if ("answer" in data) resolve(data.answer);
      else if ("error" in data) reject(new DOMException("the service worker cannot", data.error));
      else onProgress(data.done, data.total);
    };
    // A worker that is replaced by a newer one meanwhile no longer answers.
    active.addEventListener("statechange", () => {
      if (active.state === "redundant") resolve(call(name, values, onProgress));
    });
    active.postMessage({ call: name, ...values }, [port2]);
  });
}

// On hosts that do not isolate the page the worker does, from the next load on. So the first visit is
// reloaded at its first moment: once, and not if anything was pressed meanwhile.
export async function isolate(pressed) {
  if (crossOriginIsolated || !container || container.controller || !firstTime("isolating")) return;
  const registered = await withTimeout(ready().catch(() => null), ISOLATION_MS);
  if (!registered?.active || pressed()) return;
  location.reload();
  await new Promise(() => {}); // nothing else begins
}
