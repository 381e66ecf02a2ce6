// The page's side of the service worker (assets/sw.js), before Python is there: register it, get the
// headers that threads need, tell it how the start went; and see whether earlier visits died. What is
// made available offline, and what the page says of it, is decided in py/obscura/page/features/offline/offline.py.

const { worker, version } = JSON.parse(document.getElementById("obscura-build").textContent);
const container = navigator.serviceWorker; // none in insecure contexts, nor where it is forbidden
const ISOLATION_MS = 4000; // to wait for the worker before going on without threads
const STUCK_MS = 15_000; // without having begun, after which to look whether a file is damaged

const patience = (promise, milliseconds) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, milliseconds, null))]);

// True the first time that it is asked in this tab, until it is `over`; never where that cannot be
// remembered. So no reload is ever repeated that did not help.
function firstTime(what) {
  try {
    const first = sessionStorage.getItem(`obscura.${what}`) === null;
    sessionStorage.setItem(`obscura.${what}`, "1");
    return first && sessionStorage.getItem(`obscura.${what}`) !== null;
  } catch {
    return false;
  }
}

function over(what) {
  try {
    sessionStorage.removeItem(`obscura.${what}`);
  } catch {
    // then nothing was remembered
  }
}

let registering = null;
function register() {
  if (!container) return Promise.reject(new DOMException("no service workers", "NotSupportedError"));
  registering ??= container.register(worker, { updateViaCache: "none" });
  return registering;
}

// Resolves to the registration once its worker is at work. One that cannot be installed never is.
async function ready() {
  const registration = await register();
  const young = registration.installing ?? registration.waiting;
  if (registration.active || !young) return registration;
  await new Promise((resolve, reject) => {
    young.addEventListener("statechange", () => {
      if (young.state === "activated") resolve();
      if (young.state === "redundant") reject(new DOMException("not installed", "InvalidStateError"));
    });
  });
  return registration;
}

// Ask the worker for something (see its `calls`); `tell` gets what it reports meanwhile.
async function ask(call, values = {}, tell = () => {}) {
  const { active } = await ready();
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => {
      if ("answer" in data) resolve(data.answer);
      else if ("error" in data) reject(new DOMException("the service worker cannot", data.error));
      else tell(data.done, data.total);
    };
    // One that is replaced by a newer one meanwhile answers nothing any more.
    active.addEventListener("statechange", () => {
      if (active.state === "redundant") resolve(ask(call, values, tell));
    });
    active.postMessage({ call, ...values }, [port2]);
  });
}

// On hosts that do not isolate the page the worker does, from the next load on. So the first visit is
// loaded again, at its first moment: once, and not if anything was pressed meanwhile.
async function isolate(pressed) {
  if (crossOriginIsolated || !container || container.controller || !firstTime("isolating")) return;
  const registration = await patience(ready().catch(() => null), ISOLATION_MS);
  if (!registration?.active || pressed()) return;
  location.reload();
  await new Promise(() => {}); // nothing else begins
}

// ---- how the start went -------------------------------------------------------------------------

let outcome = null; // "booted", "failed", or "left" before either

function tellWorker(now) {
  if (outcome === "booted" || (outcome && now !== "booted")) return;
  outcome = now;
  if (now !== "left") setTimeout(() => endVisit(true), STOOD_MS);
  container?.controller?.postMessage({ call: "started", page: version, outcome });
}

// The page cannot go on.
function failed() {
  tellWorker("failed");
  return repair();
}

// If that is for a damaged file in the cache, it is fetched again.
async function repair() {
  if (!container?.controller) return;
  const dropped = await ask("mend").catch(() => 0);
  if (!dropped || !firstTime("mending")) return;
  tellWorker("failed");
  location.reload();
}

addEventListener("error", () => outcome || failed());
addEventListener("load", () => globalThis.obscura?.boot || failed());
// Pyodide waits for ever, without a word, for a part of its own that is damaged.
setTimeout(() => outcome || repair(), STUCK_MS);
addEventListener("pagehide", () => tellWorker("left"));

// ---- visits that died ---------------------------------------------------------------------------

// A visit notes that it has begun, and takes the note back when it has been up for a while, is out of
// sight or left. Whoever finds a note whose visit is gone, for its lock is free, knows that it died:
// its tab crashed, for want of memory or by a driver's fault. Each has a note of its own, for tabs may
// be processes that see late what others write.
const NOTE = "obscura.visit "; // and more: a name, which is its lock's, too
const DIED = "obscura.died"; // how many in a row
const STOOD_MS = 6000;

// Resolves to how many visits in a row have died.
async function beginVisit() {
  const { locks } = navigator;
  if (!locks || sessionStorage.getItem("obscura.deleted")) return 0; // see page/browser/storage.py
  let died = Number(localStorage.getItem(DIED)) || 0;
  const begun = Object.keys(localStorage).filter((key) => key.startsWith(NOTE));
  if (begun.length) {
    const alive = new Set((await locks.query()).held.map(({ name }) => name));
    const gone = begun.filter((each) => !alive.has(each));
    died += gone.length;
    gone.forEach((each) => localStorage.removeItem(each));
    if (gone.length) localStorage.setItem(DIED, died);
  }
  const visit = `${NOTE}${performance.timeOrigin} ${Math.random()}`;
  const noted = () =>
    new Promise((release) => {
      localStorage.setItem(visit, "");
      endVisit = (stood) => {
        localStorage.removeItem(visit);
        if (stood) localStorage.removeItem(DIED);
        release();
      };
    });
  locks.request(visit, noted).catch(() => {}); // where nothing more can be kept, it is not noted
  return died;
}

let endVisit = () => {};
// While Python starts, the thread is busy at times, and for "pagehide" a browser waits less long.
for (const leaving of ["beforeunload", "pagehide"]) addEventListener(leaving, () => endVisit(false));
document.addEventListener("visibilitychange", () => document.hidden && endVisit(false));

// ---- installing ---------------------------------------------------------------------------------

let invitation = null; // the browser's, which may come before Python does

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault(); // shown when the button is pressed
  invite(event);
});
addEventListener("appinstalled", () => invite(null));

function invite(event) {
  invitation = event;
  dispatchEvent(new Event("obscura-installable"));
}

async function install() {
  await invitation?.prompt();
  invite(null); // each can be used once
}

globalThis.obscuraOffline = {
  installable: () => invitation !== null,
  install,
  ready,
  ask,
  isolate,
  failed,
  deaths: beginVisit().catch(() => 0),
  forgive() {
    endVisit(true);
    localStorage.removeItem(DIED);
  },
  booted() {
    tellWorker("booted");
    over("mending");
  },
  async keep(groups, tell) {
    await ask("keep", { groups: [...groups] }, tell);
    // A first visit begins before there is a worker to tell.
    if (outcome === "booted") await ask("started", { page: version, outcome });
  },
  // Put the version that waits in charge, and begin anew with it.
  use({ waiting }) {
    container.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting.postMessage({ call: "use" });
  },
  // Ask the server for a newer version; it may be out of reach.
  look: (registration) => registration.update().then(() => {}, () => {}),
};
