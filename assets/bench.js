// The benchmark's page before Python runs: starts it, and says so if that fails. Python takes over
// through `obscura.boot`; everything after that is in py/bench.py.

const element = (id) => document.getElementById(id);
const absolute = (url) => new URL(url, location.href).href;
const build = JSON.parse(element("obscura-build").textContent);

// As in boot.js: no string becomes a script or a worker, unless it is one of this site.
globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL: (url) => (new URL(url, location.href).origin === location.origin ? url : null),
});

function fail(details) {
  const words = element("notice-python").dataset;
  element("notice-title").textContent = words.title;
  element("notice-why").textContent = words.why;
  element("notice-details").textContent = details;
  element("notice-action").textContent = words.action;
  element("notice-action").addEventListener("click", () => location.reload());
  element("notice-dismiss").hidden = true;
  element("notice").hidden = false;
  element("progress").hidden = true;
  document.body.dataset.state = "error";
  boot.error = { code: "python", message: words.title };
}

const pythonFailed = (event) => fail(String(event.reason?.stack ?? event.reason));
const boot = {
  error: null,
  fail,
  load: (url) => import(absolute(url)),
  // Python listens itself from now on.
  arrive: () => removeEventListener("unhandledrejection", pythonFailed),
};
globalThis.obscura = {
  boot,
  snapshot: () => ({ state: boot.error ? "error" : "loading", error: boot.error, results: null }),
};

addEventListener("unhandledrejection", pythonFailed);
try {
  const { hooks } = await import(absolute(build.pyscript));
  // As in boot.js: PyScript serialises this hook with Function(), which the security policy forbids.
  hooks.worker.onBeforeRunAsync.clear();
} catch (error) {
  fail(String(error.stack ?? error));
}
