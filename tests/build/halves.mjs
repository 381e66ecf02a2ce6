// Runs a module whole and in halves, under Node, and prints what happened as JSON.
//
//   node halves.mjs CASES
//
// CASES is a JSON file: {"whole", "pairs": [[first, second], ...], "calls": [[export, argument], ...]},
// with modules in base64. Printed: {"whole": answers, "pairs": [{answers, loads}, ...]}, where `loads`
// says after which of the calls how often the second half had been asked for.

import { readFileSync } from "node:fs";

const joining = readFileSync(new URL("../../assets/common/halves.js", import.meta.url), "utf8");
const { prepare } = await import(`data:text/javascript,${encodeURIComponent(joining)}`);

const { whole, pairs, calls } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const compile = (text) => new WebAssembly.Module(Buffer.from(text, "base64"));
const imports = { env: { twice: (value) => 2 * value } };

function answersOf({ exports }, after = () => {}) {
  return calls.map(([name, argument]) => {
    const answer = exports[name](argument);
    after();
    return answer;
  });
}

function inHalves([first, second]) {
  const instance = new WebAssembly.Instance(compile(first), imports);
  let asked = 0;
  prepare(instance.exports, imports, () => {
    asked++;
    return compile(second);
  });
  const loads = [];
  return { answers: answersOf(instance, () => loads.push(asked)), loads };
}

const answers = answersOf(new WebAssembly.Instance(compile(whole), imports));
console.log(JSON.stringify({ whole: answers, pairs: pairs.map(inHalves) }));
