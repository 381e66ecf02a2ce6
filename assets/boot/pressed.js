// What is pressed, chosen, dropped or pasted before Python listens.

import { element } from "../common/page.js";

export const pressed = {
  wanted: null, // "start", or "files" with `files`
  files: [],
};

let onWish = () => {};

function remember(event) {
  const wants = event.target.closest?.("[data-wants]")?.dataset.wants;
  if (event.type === "click" && wants === "start") {
    pressed.wanted = pressed.wanted === "start" ? null : "start"; // a second press takes it back
    element("start").setAttribute("aria-busy", String(pressed.wanted === "start"));
  } else if (event.type === "change" && wants === "photo") {
    rememberFiles(event.target.files);
  } else if (event.type === "drop") {
    event.preventDefault(); // or the browser leaves the page and opens the file
    element("dropzone").hidden = true;
    rememberFiles(dropped(event.dataTransfer));
  } else if (event.type === "paste") {
    rememberFiles(event.clipboardData.files);
  } else if (event.type === "dragover" && event.dataTransfer.types.includes("Files")) {
    event.preventDefault();
    element("dropzone").hidden = false;
  } else if (event.type === "dragleave" && !event.relatedTarget) {
    element("dropzone").hidden = true;
  }
  if (wants || pressed.files.length) onWish();
}

// Files, or entries of the file system if there are folders among them: these can be asked for only
// now. Python reads them, see py/obscura/page/browser/folders.py.
function dropped({ items, files }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return entries.some((entry) => entry.isDirectory) ? entries : files;
}

function rememberFiles(files) {
  if (files.length) [pressed.wanted, pressed.files] = ["files", [...files]];
}

const REMEMBERED = ["click", "change", "dragover", "dragleave", "drop", "paste"];

// `wish` is called after each press that asks for something.
export function startRemembering(wish) {
  onWish = wish;
  for (const type of REMEMBERED) addEventListener(type, remember);
}

export function stopRemembering() {
  for (const type of REMEMBERED) removeEventListener(type, remember);
}
