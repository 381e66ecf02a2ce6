// The benchmark's page before Python runs: start PyScript, and report it if that fails. Python takes
// over through `obscura.boot`; everything after that is in py/bench.py.

import "../common/policy.js";
import { findFacts } from "../common/facts.js";
import { expectHalves, keepFetchingRest } from "../common/halves.js";
import { messageOf, showNotice } from "../common/notice.js";
import { absolute, build } from "../common/page.js";
import { preparePyScript } from "../common/pyscript.js";
import { sample } from "../common/sample.js";

let error = null; // as `obscura.snapshot()` reports it

function fail(details, code = "python") {
  error = showNotice(code, details);
}

const pythonFailed = ({ reason }) => fail(messageOf(reason));
const load = (url) => import(absolute(url));

const snapshot = () => ({ state: error ? "error" : "loading", error, results: null });

// Python's own snapshot does not answer any more.
function died(why) {
  fail(why, "part-missing");
  globalThis.obscura.snapshot = snapshot;
}

globalThis.obscura = {
  boot: {
    facts: findFacts(),
    sample,
    fail,
    load,
    // Python listens itself from now on.
    arrive() {
      removeEventListener("unhandledrejection", pythonFailed);
      keepFetchingRest();
    },
  },
  snapshot,
};

addEventListener("unhandledrejection", pythonFailed);
expectHalves(absolute(build.python.rest), died);
await preparePyScript(load).catch((reason) => fail(messageOf(reason)));
