// PyScript serialises one hook with Function(), which the security policy forbids. It serves only
// scripts that run in PyScript's own workers, and the pages have none: it is removed before they run.

import { replaceBrokenDatabase } from "./database.js";
import { build } from "./page.js";

export async function preparePyScript(load) {
  await replaceBrokenDatabase();
  const { hooks } = await load(build.pyscript);
  hooks.worker.onBeforeRunAsync.clear();
}
